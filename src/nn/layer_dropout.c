/*
 * Dropout (Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov; JMLR 2014), scaled in training so that
 * prediction is the identity. Whether a value is dropped depends on the seed, the step, and the position of
 * its sample in the global batch, never on the microbatch.
 */
#include <string.h>

#include "nn/saved.h"
#include "nn/tangent.h"
#include "tensor/kernels_dropout.h"

typedef struct dropout_options {
    double rate;
} dropout_options;

static const nn_option dropout_table[] = {{"rate", NN_OPTION_REAL, offsetof(dropout_options, rate), "0.5", 0,
                                           1, NULL, NN_EFFECT_RESULT,
                                           "fraction of the values set to 0 in training, below 1"},
                                          {0}};

static nn_status dropout_build(nn_layer *layer)
{
    const dropout_options *options = layer->options;
    NN_TRY(nn_layer_check_inputs(layer, 1));
    if (!(options->rate >= 0.0 && options->rate < 1.0))
        NN_FAIL(NN_ERROR_USAGE, "rate %g would drop everything; choose one below 1, such as 0.5",
                options->rate);
    layer->output_shape = layer->input_shapes[0];
    layer->time.kept = true;
    layer->saved_per_sample = nn_shape_count(layer->output_shape);
    layer->in_place = true;
    nn_layer_divide_by_sample(layer);
    return NN_OK;
}

static void dropout_copy(int64_t count, const nn_real *from, nn_real *to)
{
    if (to != from) memcpy(to, from, (size_t)count * sizeof *to);
}

static void dropout_multiply(int64_t count, const nn_real *factors, const nn_real *from, nn_real *to)
{
    for (int64_t i = 0; i < count; i++) to[i] = factors[i] * from[i];
}

static void dropout_forward(const nn_layer *layer, const nn_layer_call *call)
{
    const dropout_options *options = layer->options;
    int64_t per_sample = layer->saved_per_sample, count = call->samples * per_sample;
    if (!call->training) {
        dropout_copy(count, call->inputs[0], call->output);
        return;
    }
    nn_real *factors = nn_layer_saved(call, 0, per_sample);
    uint64_t begin = (uint64_t)call->first_sample * (uint64_t)per_sample;
    nn_dropout_factors(call->random, options->rate, begin, count, factors);
    dropout_multiply(count, factors, call->inputs[0], call->output);
}

static void dropout_backward(const nn_layer *layer, const nn_layer_call *call)
{
    if (!call->input_gradients[0]) return;
    int64_t count = call->samples * layer->saved_per_sample;
    if (call->training)
        dropout_multiply(count, nn_layer_saved(call, 0, layer->saved_per_sample), call->output_gradient,
                         call->input_gradients[0]);
    else
        dropout_copy(count, call->output_gradient, call->input_gradients[0]);
}

const nn_layer_type nn_layer_dropout = {
    .name = "dropout",
    .summary = "sets a random fraction of the values to 0 in training; the identity in prediction",
    .example = "dropout: 0.25",
    .options = dropout_table,
    .options_size = sizeof(dropout_options),
    .build = dropout_build,
    .forward = dropout_forward,
    .backward = dropout_backward,
    .tangent = nn_tangent_linear,
};
