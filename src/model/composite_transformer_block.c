/*
 * A transformer block (Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser, Polosukhin: Attention is
 * all you need; NIPS 2017): attention between the steps and a feed-forward layer on each step, both with a
 * shortcut. By default normalisation precedes each, which trains without a long warm-up (Xiong et al.: On
 * layer normalization in the transformer architecture; ICML 2020):
 *
 *     a = x + attention(norm(x))        y = a + feed_forward(norm(a))
 *
 * or follows each, as in the original paper: a = norm(x + attention(x)), y = norm(a + feed_forward(a)).
 */
#include "model/composite.h"
#include "nn/activation.h"

enum { NORM_BEFORE, NORM_AFTER };

static const char *const norm_places[] = {"before", "after", NULL};

typedef struct transformer_block_options {
    int64_t heads, key_size, hidden;
    bool causal;
    double dropout;
    int activation, norm;
} transformer_block_options;

#define FIELD(name) offsetof(transformer_block_options, name)

static const nn_option transformer_block_table[] = {
    {"heads", NN_OPTION_INTEGER, FIELD(heads), NULL, 1, 1e6, NULL, NN_EFFECT_RESULT,
     "number of attention heads"},
    {"key_size", NN_OPTION_INTEGER, FIELD(key_size), "0", 0, 1e6, NULL, NN_EFFECT_RESULT,
     "length of the queries, keys and values of one head; 0: features / heads"},
    {"hidden", NN_OPTION_INTEGER, FIELD(hidden), "0", 0, 1e9, NULL, NN_EFFECT_RESULT,
     "size of the hidden layer in the feed-forward layer; 0: 4 x the features of the input"},
    {"causal", NN_OPTION_BOOLEAN, FIELD(causal), "false", 0, 0, NULL, NN_EFFECT_RESULT,
     "each step attends only to itself and earlier steps: for predicting the next symbol"},
    {"dropout", NN_OPTION_REAL, FIELD(dropout), "0", 0, 1, NULL, NN_EFFECT_RESULT,
     "fraction set to 0 in training, of the attention weights and of the outputs of both parts"},
    {"activation", NN_OPTION_CHOICE, FIELD(activation), "gelu", 0, 0, nn_activation_names, NN_EFFECT_RESULT,
     "activation function in the feed-forward layer"},
    {"norm", NN_OPTION_CHOICE, FIELD(norm), "before", 0, 0, norm_places, NN_EFFECT_RESULT,
     "place of layer_norm; before: add one more after the last block; after: as in the original paper"},
    {0}};

#define ATTENTION                                                                                            \
    "- multi_head_attention: {name: attention, heads: $heads, key_size: $key_size, causal: $causal, "        \
    "dropout: $dropout}\n"
#define FEED_FORWARD "- feed_forward: {name: feed_forward, hidden: $hidden, activation: $activation}\n"
#define DROPOUT(name) "- dropout: {name: " name ", rate: $dropout}\n"
#define ATTENTION_DROPOUT DROPOUT("attention_dropout")
#define FEED_FORWARD_DROPOUT DROPOUT("feed_forward_dropout")

#define BEFORE(attention_dropout, feed_forward_dropout)                                                      \
    "- layer_norm: {name: attention_norm}\n" ATTENTION attention_dropout                                     \
    "- add: {name: attended, inputs: [previous, block_input]}\n"                                             \
    "- layer_norm: {name: feed_forward_norm}\n" FEED_FORWARD feed_forward_dropout                            \
    "- add: {inputs: [previous, attended]}\n"

#define AFTER(attention_dropout, feed_forward_dropout)                                                       \
    ATTENTION attention_dropout "- add: {name: attention_sum, inputs: [previous, block_input]}\n"            \
                                "- layer_norm: {name: attended}\n" FEED_FORWARD feed_forward_dropout         \
                                "- add: {name: feed_forward_sum, inputs: [previous, attended]}\n"            \
                                "- layer_norm\n"

static const char *transformer_block_layers(const void *given)
{
    static const char *const texts[][2] = {
        [NORM_BEFORE] = {BEFORE("", ""), BEFORE(ATTENTION_DROPOUT, FEED_FORWARD_DROPOUT)},
        [NORM_AFTER] = {AFTER("", ""), AFTER(ATTENTION_DROPOUT, FEED_FORWARD_DROPOUT)},
    };
    const transformer_block_options *options = given;
    return texts[options->norm][options->dropout > 0];
}

const nn_composite_type nn_composite_transformer_block = {
    .name = "transformer_block",
    .summary = "attention and a feed-forward layer, each with normalisation and a shortcut",
    .example = "transformer_block: {heads: 2}",
    .options = transformer_block_table,
    .options_size = sizeof(transformer_block_options),
    .layers = transformer_block_layers,
};
