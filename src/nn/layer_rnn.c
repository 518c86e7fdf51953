/* The plain recurrent network (Elman: Finding structure in time; 1990): h' = f(x W + h U + b). */
#include <string.h>

#include "nn/recurrent.h"
#include "tensor/kernels.h"
#include "tensor/kernels_recurrent.h"

typedef struct rnn_options {
    nn_recurrent_options common;
    int activation;
} rnn_options;

enum { RNN_TANH, RNN_RELU };
static const char *const rnn_activations[] = {"tanh", "relu", NULL};

static const nn_option rnn_table[] = {NN_RECURRENT_OPTIONS,
                                      {.name = "activation",
                                       .kind = NN_OPTION_CHOICE,
                                       .offset = offsetof(rnn_options, activation),
                                       .default_value = "tanh",
                                       .choices = rnn_activations,
                                       .effect = NN_EFFECT_RESULT,
                                       .help = "function applied to the new state"},
                                      {.name = NULL}};

static void rnn_tanh_forward(const nn_recurrent_step *step)
{
    nn_rnn_tanh_step(step->units, step->recurrent, step->gates, step->hidden);
}

static void rnn_relu_forward(const nn_recurrent_step *step)
{
    nn_rnn_relu_step(step->units, step->recurrent, step->gates, step->hidden);
}

static void rnn_tanh_backward(const nn_recurrent_step *step)
{
    nn_tanh_gradient(step->units, step->gates, step->hidden, step->gates);
    memcpy(step->recurrent_gradient, step->gates, (size_t)step->units * sizeof(nn_real));
}

static void rnn_relu_backward(const nn_recurrent_step *step)
{
    nn_relu_gradient(step->units, step->gates, step->hidden, step->gates);
    memcpy(step->recurrent_gradient, step->gates, (size_t)step->units * sizeof(nn_real));
}

static void rnn_add(const nn_recurrent_step *step)
{
    memcpy(step->hidden, step->tangent, (size_t)step->units * sizeof *step->hidden);
    nn_add(step->units, step->recurrent, step->hidden);
}

static void rnn_tanh_tangent(const nn_recurrent_step *step)
{
    rnn_add(step);
    nn_tanh_gradient(step->units, step->gates, step->hidden, step->hidden);
}

static void rnn_relu_tangent(const nn_recurrent_step *step)
{
    rnn_add(step);
    nn_relu_gradient(step->units, step->gates, step->hidden, step->hidden);
}

static nn_status rnn_build(nn_layer *layer)
{
    const rnn_options *options = layer->options;
    bool relu = options->activation == RNN_RELU;
    return nn_recurrent_build(layer,
                              &(nn_recurrent_cell){.gates = 1,
                                                   .forward = relu ? rnn_relu_forward : rnn_tanh_forward,
                                                   .backward = relu ? rnn_relu_backward : rnn_tanh_backward,
                                                   .tangent = relu ? rnn_relu_tangent : rnn_tanh_tangent});
}

const nn_layer_type nn_layer_rnn = {
    .name = "rnn",
    .summary = "plain recurrent layer over the steps of a sequence (steps x features)",
    .example = "rnn: {units: 4}",
    .example_shape = {2, {5, 3}},
    .options = rnn_table,
    .options_size = sizeof(rnn_options),
    .clips = true,
    .build = rnn_build,
    .pack = nn_recurrent_pack,
    .forward = nn_recurrent_forward,
    .backward = nn_recurrent_backward,
    .tangent = nn_recurrent_tangent,
    .gradient = nn_recurrent_gradient,
    .axes = nn_recurrent_axes,
};
