/*
 * The long short-term memory (Hochreiter, Schmidhuber: Long short-term memory; Neural Computation 1997), with
 * forget gates (Gers, Schmidhuber, Cummins: Learning to forget; 2000). The order of the gates is input,
 * forget, candidate, output. There is one bias, the sum of the two that some implementations have.
 */
#include <string.h>

#include "nn/recurrent.h"
#include "tensor/kernels_recurrent.h"

enum { LSTM_GATES = 4 };

typedef struct lstm_options {
    nn_recurrent_options common;
    double forget_bias;
} lstm_options;

static const nn_option lstm_table[] = {
    NN_RECURRENT_OPTIONS,
    {.name = "forget_bias",
     .kind = NN_OPTION_REAL,
     .offset = offsetof(lstm_options, forget_bias),
     .default_value = "1",
     .minimum = -100,
     .maximum = 100,
     .effect = NN_EFFECT_RESULT,
     .help = "initial value of the forget gate's bias; 1 lets the cell remember from the start"},
    {.name = NULL}};

/* ---- initial values of the bias ---- */

/* The deviation when a quarter of the values are 1 and the others 0. */
static double lstm_bias_deviation(const nn_parameter *parameter)
{
    return parameter->gain * 0.4330127018922193;
}

static void lstm_fill_bias(const nn_parameter *parameter, nn_random stream, int64_t begin, int64_t end,
                           nn_real *values)
{
    int64_t units = parameter->count / LSTM_GATES;
    (void)stream;
    for (int64_t i = begin; i < end; i++) values[i - begin] = i / units == 1 ? (nn_real)parameter->gain : 0;
}

/* The gain is the bias of the forget gate; the other biases start at 0. */
static const nn_initializer_type lstm_bias = {
    .name = "forget_bias",
    .summary = "the forget gate's bias is the gain, the others are 0",
    .deviation = lstm_bias_deviation,
    .fill = lstm_fill_bias,
};

/* ---- the cell ---- */

static void lstm_step_forward(const nn_recurrent_step *step)
{
    nn_lstm_step(step->units, step->recurrent, step->gates, step->cell, step->kept, step->hidden);
}

static void lstm_step_backward(const nn_recurrent_step *step)
{
    nn_lstm_step_gradient(step->units, step->kept, step->hidden, step->gates, step->cell);
    memcpy(step->recurrent_gradient, step->gates, (size_t)(LSTM_GATES * step->units) * sizeof(nn_real));
}

static void lstm_step_tangent(const nn_recurrent_step *step)
{
    nn_lstm_step_tangent(step->units, step->tangent, step->recurrent, step->gates, step->kept, step->cell,
                         step->hidden);
}

static nn_status lstm_build(nn_layer *layer)
{
    const lstm_options *options = layer->options;
    return nn_recurrent_build(layer, &(nn_recurrent_cell){.gates = LSTM_GATES,
                                                          .kept = 2,
                                                          .has_memory = true,
                                                          .forward = lstm_step_forward,
                                                          .backward = lstm_step_backward,
                                                          .tangent = lstm_step_tangent,
                                                          .bias = &lstm_bias,
                                                          .bias_gain = options->forget_bias});
}

const nn_layer_type nn_layer_lstm = {
    .name = "lstm",
    .summary = "long short-term memory over the steps of a sequence (steps x features)",
    .example = "lstm: {units: 4}",
    .example_shape = {2, {5, 3}},
    .options = lstm_table,
    .options_size = sizeof(lstm_options),
    .clips = true,
    .build = lstm_build,
    .pack = nn_recurrent_pack,
    .forward = nn_recurrent_forward,
    .backward = nn_recurrent_backward,
    .tangent = nn_recurrent_tangent,
    .gradient = nn_recurrent_gradient,
    .axes = nn_recurrent_axes,
    .gates = "i f g o",
};
