/* A residual block (He, Zhang, Ren, Sun: Deep residual learning for image recognition; CVPR 2016): two 3 x 3
 * convolutions with batch normalisation and a shortcut around them. */
#include "model/composite.h"
#include "nn/activation.h"
#include "nn/moments.h"

typedef struct residual_block_options {
    int64_t filters, stride;
    int activation, shortcut, over;
} residual_block_options;

enum { SHORTCUT_AUTO, SHORTCUT_IDENTITY, SHORTCUT_CONV };

static const char *const shortcut_names[] = {"auto", "identity", "conv", NULL};

static const nn_option residual_block_table[] = {
    {"filters", NN_OPTION_INTEGER, offsetof(residual_block_options, filters), NULL, 1, 1e6, NULL,
     NN_EFFECT_RESULT, "channels of both convolutions and of the output"},
    {"stride", NN_OPTION_INTEGER, offsetof(residual_block_options, stride), "1", 1, 1e6, NULL,
     NN_EFFECT_RESULT, "stride of the first convolution: 2 halves height and width"},
    {"activation", NN_OPTION_CHOICE, offsetof(residual_block_options, activation), "relu", 0, 0,
     nn_activation_names + 1, NN_EFFECT_RESULT,
     "activation function after the first convolution and after the sum"},
    {"shortcut", NN_OPTION_CHOICE, offsetof(residual_block_options, shortcut), "auto", 0, 0, shortcut_names,
     NN_EFFECT_RESULT,
     "identity: the block's input; conv: a 1 x 1 convolution of it, needed if the number of channels "
     "changes; auto: conv if stride is not 1"},
    {"over", NN_OPTION_CHOICE, offsetof(residual_block_options, over), "auto", 0, 0, nn_over_names,
     NN_EFFECT_RESULT, NN_OVER_HELP},
    {0}};

#define RESIDUAL_BLOCK_BRANCH                                                                                \
    "- conv2d: {name: conv1, filters: $filters, kernel: 3, stride: $stride, padding: same, bias: false, "    \
    "initializer: he}\n"                                                                                     \
    "- batch_norm: {name: norm1, activation: $activation, over: $over}\n"                                    \
    "- conv2d: {name: conv2, filters: $filters, kernel: 3, padding: same, bias: false, initializer: he}\n"   \
    "- batch_norm: {name: norm2, over: $over}\n"

static const char identity_layers[] =
    RESIDUAL_BLOCK_BRANCH "- add: {name: sum, inputs: [norm2, block_input]}\n"
                          "- activation: {function: $activation}\n";

static const char conv_layers[] = RESIDUAL_BLOCK_BRANCH
    "- conv2d: {name: shortcut, filters: $filters, kernel: 1, stride: $stride, padding: same, bias: false, "
    "initializer: he, inputs: block_input}\n"
    "- batch_norm: {name: shortcut_norm, over: $over}\n"
    "- add: {name: sum, inputs: [norm2, shortcut_norm]}\n"
    "- activation: {function: $activation}\n";

static const char *residual_block_layers(const void *options)
{
    const residual_block_options *given = options;
    bool conv = given->shortcut == SHORTCUT_CONV || (given->shortcut == SHORTCUT_AUTO && given->stride != 1);
    return conv ? conv_layers : identity_layers;
}

const nn_composite_type nn_composite_residual_block = {
    .name = "residual_block",
    .summary = "two 3 x 3 convolutions with batch_norm and a shortcut around them",
    .example = "residual_block: {filters: 16}",
    .options = residual_block_table,
    .options_size = sizeof(residual_block_options),
    .layers = residual_block_layers,
};
