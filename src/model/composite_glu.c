/* A gated linear unit: f(X W + b) (X V + c), element-wise. With sigmoid it is that of Dauphin, Fan, Auli,
 * Grangier: Language modeling with gated convolutional networks (ICML 2017); other functions are compared in
 * Shazeer: GLU variants improve transformer (2020). */
#include "model/composite.h"
#include "nn/activation.h"

typedef struct glu_options {
    int64_t units;
    int activation;
    bool per_step;
} glu_options;

static const nn_option glu_table[] = {
    {"units", NN_OPTION_INTEGER, offsetof(glu_options, units), NULL, 1, 1e9, NULL, NN_EFFECT_RESULT,
     "number of outputs, as for dense"},
    {"activation", NN_OPTION_CHOICE, offsetof(glu_options, activation), "sigmoid", 0, 0, nn_activation_names,
     NN_EFFECT_RESULT, "activation function of the gate"},
    {"per_step", NN_OPTION_BOOLEAN, offsetof(glu_options, per_step), "false", 0, 0, NULL, NN_EFFECT_RESULT,
     "apply the layer to each step of a sequence (the last dimension) instead of to the flattened sample"},
    {0}};

static const char *glu_layers(const void *options)
{
    (void)options;
    return "- dense: {name: gate, units: $units, activation: $activation, per_step: $per_step}\n"
           "- dense: {name: value, units: $units, per_step: $per_step, inputs: block_input}\n"
           "- multiply: {inputs: [gate, value]}\n";
}

const nn_composite_type nn_composite_glu = {
    .name = "glu",
    .summary = "gated linear unit: a dense layer times a gate computed from the same input",
    .example = "glu: {units: 16}",
    .options = glu_table,
    .options_size = sizeof(glu_options),
    .layers = glu_layers,
};
