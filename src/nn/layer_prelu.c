/* A rectifier with a trainable slope below 0 (He, Zhang, Ren, Sun: Delving deep into rectifiers; ICCV 2015).
 */
#include "base/memory.h"
#include "nn/initializer.h"
#include "nn/saved.h"
#include "nn/tangent.h"
#include "tensor/kernels.h"

typedef struct prelu_options {
    double slope;
    bool shared;
} prelu_options;

static const nn_option prelu_table[] = {
    {"slope", NN_OPTION_REAL, offsetof(prelu_options, slope), "0.25", -1e6, 1e6, NULL, NN_EFFECT_RESULT,
     "initial slope below 0"},
    {"shared", NN_OPTION_BOOLEAN, offsetof(prelu_options, shared), "false", 0, 0, NULL, NN_EFFECT_RESULT,
     "one slope for all channels (the last dimension) instead of one per channel"},
    {0}};

static int64_t prelu_channels(const nn_layer *layer)
{
    const nn_shape *shape = &layer->output_shape;
    return shape->dimensions > 0 ? shape->extents[shape->dimensions - 1] : 1;
}

static nn_status prelu_build(nn_layer *layer)
{
    const prelu_options *options = layer->options;
    NN_TRY(nn_layer_check_inputs(layer, 1));
    layer->output_shape = layer->input_shapes[0];
    layer->time.kept = true;
    nn_layer_divide_by_sample(layer);
    int64_t slopes = options->shared ? 1 : prelu_channels(layer);
    NN_TRY(nn_layer_add_parameter(layer, "slope", (nn_shape){1, {slopes}}, 1, 1,
                                  nn_initializer_find(NN_SCALAR_REAL, "ones"), options->slope, NULL));
    /* The term that every value adds to the slope's gradient: computed in backward, used by gradient. */
    layer->saved_per_sample = nn_shape_count(layer->output_shape);
    return layer->shares ? nn_layer_share_parts(layer) : nn_layer_add_part(layer, layer->value_count);
}

static int64_t prelu_rows(const nn_layer *layer, const nn_layer_call *call)
{
    return call->samples * nn_shape_count(layer->output_shape) / prelu_channels(layer);
}

static void prelu_forward(const nn_layer *layer, const nn_layer_call *call)
{
    const prelu_options *options = layer->options;
    int64_t channels = prelu_channels(layer), rows = prelu_rows(layer, call);
    for (int64_t row = 0; row < rows; row++)
        for (int64_t c = 0; c < channels; c++) {
            nn_real x = call->inputs[0][row * channels + c];
            call->output[row * channels + c] = x < 0 ? call->parameters[options->shared ? 0 : c] * x : x;
        }
}

static void prelu_backward(const nn_layer *layer, const nn_layer_call *call)
{
    const prelu_options *options = layer->options;
    nn_real *terms = nn_layer_saved(call, 0, layer->saved_per_sample);
    int64_t channels = prelu_channels(layer), rows = prelu_rows(layer, call);
    for (int64_t row = 0; row < rows; row++)
        for (int64_t c = 0; c < channels; c++) {
            int64_t i = row * channels + c;
            nn_real x = call->inputs[0][i], dy = call->output_gradient[i];
            terms[i] = x < 0 ? dy * x : 0;
            if (call->input_gradients[0])
                call->input_gradients[0][i] = x < 0 ? call->parameters[options->shared ? 0 : c] * dy : dy;
        }
}

static void prelu_gradient(const nn_layer *layer, const nn_layer_call *call, int part, bool accumulate,
                           nn_real *values)
{
    (void)part;
    const prelu_options *options = layer->options;
    int64_t channels = options->shared ? 1 : prelu_channels(layer);
    int64_t rows = call->samples * layer->saved_per_sample / channels;
    nn_sum_rows(rows, channels, call->saved, channels, accumulate, values);
}

static const nn_tensor_axes prelu_axes[] = {{"slope", "channels", "weight", "vars/0"}, {0}};

const nn_layer_type nn_layer_prelu = {
    .name = "prelu",
    .summary = "a rectifier with a trainable slope below 0, one per channel",
    .example = "prelu",
    .options = prelu_table,
    .options_size = sizeof(prelu_options),
    .build = prelu_build,
    .forward = prelu_forward,
    .backward = prelu_backward,
    .tangent = nn_tangent_symmetric,
    .gradient = prelu_gradient,
    .axes = prelu_axes,
};
