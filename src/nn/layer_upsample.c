/* Repeats each position of the input as a block (nearest neighbour), in 1 to 3 spatial dimensions. */
#include <string.h>

#include "base/memory.h"
#include "nn/tangent.h"
#include "nn/window.h"
#include "tensor/kernels.h"

typedef struct upsample_options {
    nn_integer_list factor;
} upsample_options;

static const nn_option upsample_table[] = {
    {"factor", NN_OPTION_INTEGER_LIST, offsetof(upsample_options, factor), "2", 1, 1e6, NULL,
     NN_EFFECT_RESULT, "number of outputs per input along each dimension: one number, or a list"},
    {0}};

/* The output is treated as the input of windows that do not overlap. */
static nn_status upsample_build(nn_layer *layer)
{
    const upsample_options *options = layer->options;
    nn_window *window;
    NN_TRY(nn_layer_check_inputs(layer, 1));
    NN_TRY(NN_ALLOCATE(&window, 1, "the plan of an upsampling"));
    layer->plan = window;
    nn_layer_divide_by_sample(layer);
    NN_TRY(nn_window_check_input(layer->input_shapes[0], 0, window));
    NN_TRY(nn_window_list("factor", &options->factor, window->dimensions));
    layer->output_shape = layer->input_shapes[0];
    for (int i = 0; i < window->dimensions; i++) {
        nn_window_axis *axis = &window->axes[NN_WINDOW_AXES - window->dimensions + i];
        axis->output = axis->input;
        axis->kernel = options->factor.items[options->factor.count == 1 ? 0 : i];
        axis->input = axis->output * axis->kernel;
        layer->output_shape.extents[i] = axis->input;
    }
    return NN_OK;
}

/* The input line from which output line `line` is copied; lines count depth and height together. */
static int64_t upsample_source(const nn_window_axis *axes, int64_t line)
{
    int64_t sample_depth = line / axes[NN_HEIGHT].input, row = line % axes[NN_HEIGHT].input;
    int64_t sample = sample_depth / axes[NN_DEPTH].input, depth = sample_depth % axes[NN_DEPTH].input;
    return (sample * axes[NN_DEPTH].output + depth / axes[NN_DEPTH].kernel) * axes[NN_HEIGHT].output +
           row / axes[NN_HEIGHT].kernel;
}

static int64_t upsample_lines(const nn_window *window, const nn_layer_call *call)
{
    return call->samples * window->axes[NN_DEPTH].input * window->axes[NN_HEIGHT].input;
}

static void upsample_forward(const nn_layer *layer, const nn_layer_call *call)
{
    const nn_window *window = layer->plan;
    int64_t channels = window->channels, columns = window->axes[NN_WIDTH].output;
    nn_real *to = call->output;
    for (int64_t line = 0; line < upsample_lines(window, call); line++) {
        const nn_real *from = call->inputs[0] + upsample_source(window->axes, line) * columns * channels;
        for (int64_t column = 0; column < columns; column++, from += channels)
            for (int64_t k = 0; k < window->axes[NN_WIDTH].kernel; k++, to += channels)
                memcpy(to, from, (size_t)channels * sizeof *to);
    }
}

/* Sums the gradients of each block. */
static void upsample_backward(const nn_layer *layer, const nn_layer_call *call)
{
    if (!call->input_gradients[0]) return;
    const nn_window *window = layer->plan;
    int64_t channels = window->channels, columns = window->axes[NN_WIDTH].output;
    const nn_real *from = call->output_gradient;
    memset(call->input_gradients[0], 0,
           (size_t)(call->samples * nn_shape_count(layer->input_shapes[0])) * sizeof(nn_real));
    for (int64_t line = 0; line < upsample_lines(window, call); line++) {
        nn_real *to = call->input_gradients[0] + upsample_source(window->axes, line) * columns * channels;
        for (int64_t column = 0; column < columns; column++, to += channels)
            for (int64_t k = 0; k < window->axes[NN_WIDTH].kernel; k++, from += channels)
                nn_add(channels, from, to);
    }
}

const nn_layer_type nn_layer_upsample = {
    .name = "upsample",
    .summary = "repeats each position or step along all spatial dimensions (nearest neighbour)",
    .example = "upsample: 2",
    .example_shape = {3, {3, 2, 2}},
    .options = upsample_table,
    .options_size = sizeof(upsample_options),
    .build = upsample_build,
    .forward = upsample_forward,
    .backward = upsample_backward,
    .tangent = nn_tangent_linear,
};
