/*
 * A plug-in: the layer swish, x sigmoid(b x) with a trainable b per channel (Ramachandran, Zoph, Le:
 * Searching for activation functions; 2017), and the metric bias, the mean of predicted - target.
 */
#include "plugin/plugin.h"

#include "nn/saved.h"
#include "nn/tangent.h"
#include "tensor/kernels.h"

/* ---- the layer ---- */

typedef struct swish_options {
    double slope;
} swish_options;

static const nn_option swish_table[] = {{"slope", NN_OPTION_REAL, offsetof(swish_options, slope), "1", -1e6,
                                         1e6, NULL, NN_EFFECT_RESULT, "initial value of b"},
                                        {.name = NULL}};

static int64_t swish_channels(const nn_layer *layer)
{
    const nn_shape *shape = &layer->output_shape;
    return shape->dimensions > 0 ? shape->extents[shape->dimensions - 1] : 1;
}

static nn_status swish_build(nn_layer *layer)
{
    const swish_options *options = layer->options;
    NN_TRY(nn_layer_check_inputs(layer, 1));
    layer->output_shape = layer->input_shapes[0];
    layer->time.kept = true;
    nn_layer_divide_by_sample(layer);
    NN_TRY(nn_layer_add_parameter(layer, "slope", (nn_shape){1, {swish_channels(layer)}}, 1, 1,
                                  nn_initializer_find(NN_SCALAR_REAL, "ones"), options->slope, NULL));
    /* What every value adds to the gradient of its b: computed in backward, summed in gradient. */
    layer->saved_per_sample = nn_shape_count(layer->output_shape);
    layer->flops_forward = layer->flops_input_gradient = layer->flops_gradient = 0;
    return layer->shares ? nn_layer_share_parts(layer) : nn_layer_add_part(layer, layer->value_count);
}

/* sigmoid(b x), for all values of the call. */
static void swish_sigmoid(const nn_layer *layer, const nn_layer_call *call, nn_real *values)
{
    int64_t count = call->samples * layer->saved_per_sample, channels = swish_channels(layer);
    for (int64_t first = 0; first < count; first += channels)
        for (int64_t c = 0; c < channels; c++)
            values[first + c] = call->parameters[c] * call->inputs[0][first + c];
    nn_sigmoid(count, values, values);
}

static void swish_forward(const nn_layer *layer, const nn_layer_call *call)
{
    swish_sigmoid(layer, call, call->output);
    nn_multiply(call->samples * layer->saved_per_sample, call->inputs[0], call->output);
}

/* With s = sigmoid(b x): dy/dx = s + b x s (1 - s), dy/db = x^2 s (1 - s). */
static void swish_backward(const nn_layer *layer, const nn_layer_call *call)
{
    int64_t count = call->samples * layer->saved_per_sample, channels = swish_channels(layer);
    nn_real *terms = nn_layer_saved(call, 0, layer->saved_per_sample);
    const nn_real *x = call->inputs[0], *dy = call->output_gradient;
    swish_sigmoid(layer, call, terms);
    for (int64_t first = 0; first < count; first += channels)
        for (int64_t c = 0; c < channels; c++) {
            int64_t i = first + c;
            nn_real s = terms[i], steep = x[i] * s * (1 - s);
            if (call->input_gradients[0])
                call->input_gradients[0][i] = dy[i] * (s + call->parameters[c] * steep);
            terms[i] = dy[i] * x[i] * steep;
        }
}

static void swish_gradient(const nn_layer *layer, const nn_layer_call *call, int part, bool accumulate,
                           nn_real *values)
{
    (void)part;
    int64_t channels = swish_channels(layer);
    int64_t rows = call->samples * layer->saved_per_sample / channels;
    nn_sum_rows(rows, channels, call->saved, channels, accumulate, values);
}

static const nn_tensor_axes swish_axes[] = {{.name = "slope", .axes = "channels"}, {.name = NULL}};

static const nn_layer_type swish = {
    .name = "swish",
    .summary = "x sigmoid(b x) with a trainable b per channel",
    .example = "swish",
    .options = swish_table,
    .options_size = sizeof(swish_options),
    .build = swish_build,
    .forward = swish_forward,
    .backward = swish_backward,
    .tangent = nn_tangent_symmetric,
    .gradient = swish_gradient,
    .axes = swish_axes,
};

/* ---- the metric ---- */

enum { BIAS_COUNT, BIAS_SUM, BIAS_VALUES };

static nn_status bias_check(const void *options, const nn_judged *judged)
{
    (void)options;
    if (judged->target->is_class || judged->yes_no)
        NN_FAIL(NN_ERROR_USAGE, "bias is for values, but the target '%s' is a class; use accuracy",
                judged->target->name);
    return NN_OK;
}

static int64_t bias_width(const void *options, int64_t columns)
{
    (void)options;
    return columns * BIAS_VALUES;
}

/* A target that is NaN is missing. */
static void bias_accumulate(const void *options, const nn_loss_call *call, double *state)
{
    (void)options;
    for (int64_t i = 0; i < call->rows * call->columns; i++) {
        double *output = state + i % call->outputs * BIAS_VALUES;
        if (call->observed[i] != call->observed[i]) continue;
        output[BIAS_COUNT]++;
        output[BIAS_SUM] += call->predicted[i] - call->observed[i];
    }
}

static double bias_finish(const void *options, int64_t width, const double *output)
{
    (void)options;
    (void)width;
    return output[BIAS_SUM] / output[BIAS_COUNT];
}

static const nn_metric_type bias = {
    .name = "bias",
    .summary = "for values: mean of predicted - target, in the target's own units; mean over the outputs",
    .example = "bias",
    .definition = "per output: mean of predicted - target; then the mean over the outputs",
    .reference = "Willmott: Some comments on the evaluation of model performance (1982)",
    .undefined = "if all targets are missing",
    .options = nn_no_options,
    .by_output = true,
    .state = NN_METRIC_SUMS,
    .check = bias_check,
    .width = bias_width,
    .accumulate = bias_accumulate,
    .finish = bias_finish,
};

/* ---- the plug-in ---- */

static const nn_layer_type *const layers[] = {&swish, NULL};
static const nn_metric_type *const metrics[] = {&bias, NULL};

NN_PLUGIN(.layers = layers, .metrics = metrics);
