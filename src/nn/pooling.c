/* Pooling in 1, 2 or 3 spatial dimensions. */
#include "nn/pooling.h"

#include <string.h>

#include "base/memory.h"
#include "nn/saved.h"

#define WINDOW offsetof(nn_pooling_options, window)

const nn_option nn_pooling_table[] = {
    NN_WINDOW_KERNEL(WINDOW, "2"),
    NN_WINDOW_STRIDE(WINDOW, "", "distance between windows: one number, or a list; default: the kernel"),
    NN_WINDOW_PADDING(WINDOW, "valid"),
    {0}};

/* ---- building ---- */

static nn_status pooling_keep(nn_layer *layer, const nn_window *window)
{
    nn_window *plan;
    NN_TRY(NN_ALLOCATE(&plan, 1, "the plan of a pool"));
    *plan = *window;
    layer->plan = plan;
    layer->windows = nn_window_list_axes(window);
    nn_layer_divide_by_sample(layer);
    return NN_OK;
}

nn_status nn_pooling_build(nn_layer *layer)
{
    const nn_pooling_options *options = layer->options;
    nn_window window;
    NN_TRY(nn_layer_check_inputs(layer, 1));
    NN_TRY(nn_window_create(&options->window, layer->input_shapes[0], 0, &window));
    for (int i = 0; i < NN_WINDOW_AXES; i++)
        if (window.axes[i].before >= window.axes[i].kernel)
            NN_FAIL(NN_ERROR_USAGE,
                    "with padding %lld and kernel %lld, some windows lie entirely in the padding; choose a "
                    "padding below the kernel",
                    (long long)window.axes[i].before, (long long)window.axes[i].kernel);
    layer->output_shape = nn_window_shape(&window, window.channels);
    layer->time = nn_window_time(&window);
    return pooling_keep(layer, &window);
}

nn_status nn_pooling_build_global(nn_layer *layer)
{
    nn_window window;
    NN_TRY(nn_layer_check_inputs(layer, 1));
    NN_TRY(nn_window_check_input(layer->input_shapes[0], 0, &window));
    for (int i = 0; i < NN_WINDOW_AXES; i++) window.axes[i].kernel = window.axes[i].input;
    layer->output_shape = (nn_shape){1, {window.channels}};
    return pooling_keep(layer, &window);
}

/* ---- iterating over the windows ---- */

/* Called for each window: `input` and `output` are the indices of its first position and of its result.
 * chosen: what the layer keeps for backward. */
typedef void pooling_visit(const nn_layer_call *call, const nn_pool_box *box, int64_t input, int64_t output,
                           nn_real *chosen);

/* Clips window `at` to `extent` positions: returns the first position; *count: their number. */
static int64_t pooling_clip(const nn_window_axis *axis, int64_t extent, int64_t at, int64_t *count)
{
    int64_t begin = at * axis->stride - axis->before, end = begin + axis->kernel;
    if (begin < 0) begin = 0;
    if (end > extent) end = extent;
    *count = end > begin ? end - begin : 0;
    return *count > 0 ? begin : 0;
}

/* The window at output position `at` along each axis, in a sample of `extents` positions. */
static int64_t pooling_box(const nn_window *window, const int64_t *extents, const int64_t *at,
                           nn_pool_box *box)
{
    int64_t stride = window->channels, first = 0;
    box->channels = window->channels;
    for (int i = NN_WINDOW_AXES - 1; i >= 0; i--) {
        first += stride * pooling_clip(&window->axes[i], extents[i], at[i], &box->extents[i]);
        box->strides[i] = stride;
        stride *= window->axes[i].input;
    }
    return first;
}

static void pooling_each(const nn_layer *layer, const nn_layer_call *call, pooling_visit *visit)
{
    const nn_window *window = layer->plan;
    const nn_window_axis *axes = window->axes;
    int64_t inputs = nn_shape_count(layer->input_shapes[0]), output = 0, at[NN_WINDOW_AXES];
    nn_real *chosen = nn_layer_saved(call, 0, layer->saved_per_sample);
    for (int64_t sample = 0; sample < call->samples; sample++) {
        int64_t extents[NN_WINDOW_AXES] = {axes[0].input, axes[1].input, axes[2].input};
        if (call->lengths) extents[NN_WINDOW_AXES - window->dimensions] = call->lengths[sample];
        for (at[0] = 0; at[0] < axes[0].output; at[0]++)
            for (at[1] = 0; at[1] < axes[1].output; at[1]++)
                for (at[2] = 0; at[2] < axes[2].output; at[2]++, output += window->channels) {
                    nn_pool_box box;
                    int64_t first = pooling_box(window, extents, at, &box);
                    visit(call, &box, sample * inputs + first, output, chosen);
                }
    }
}

static void pooling_clear(const nn_layer *layer, const nn_layer_call *call)
{
    memset(call->input_gradients[0], 0,
           (size_t)(call->samples * nn_shape_count(layer->input_shapes[0])) * sizeof(nn_real));
}

/* ---- running ---- */

static void pooling_max(const nn_layer_call *call, const nn_pool_box *box, int64_t input, int64_t output,
                        nn_real *chosen)
{
    nn_pool_max(box, call->inputs[0] + input, call->output + output, call->keeps ? chosen + output : NULL);
}

static void pooling_max_gradient(const nn_layer_call *call, const nn_pool_box *box, int64_t input,
                                 int64_t output, nn_real *chosen)
{
    nn_pool_max_gradient(box, chosen + output, call->output_gradient + output,
                         call->input_gradients[0] + input);
}

static void pooling_max_tangent(const nn_layer_call *call, const nn_pool_box *box, int64_t input,
                                int64_t output, nn_real *chosen)
{
    nn_pool_max_tangent(box, chosen + output, call->input_tangents[0] + input, call->output_tangent + output);
}

static void pooling_average(const nn_layer_call *call, const nn_pool_box *box, int64_t input, int64_t output,
                            nn_real *chosen)
{
    (void)chosen;
    nn_pool_average(box, call->inputs[0] + input, call->output + output);
}

static void pooling_average_gradient(const nn_layer_call *call, const nn_pool_box *box, int64_t input,
                                     int64_t output, nn_real *chosen)
{
    (void)chosen;
    nn_pool_average_gradient(box, call->output_gradient + output, call->input_gradients[0] + input);
}

void nn_pooling_forward_max(const nn_layer *layer, const nn_layer_call *call)
{
    pooling_each(layer, call, pooling_max);
}

void nn_pooling_backward_max(const nn_layer *layer, const nn_layer_call *call)
{
    if (!call->input_gradients[0]) return;
    pooling_clear(layer, call);
    pooling_each(layer, call, pooling_max_gradient);
}

void nn_pooling_tangent_max(const nn_layer *layer, const nn_layer_call *call)
{
    pooling_each(layer, call, pooling_max_tangent);
}

void nn_pooling_forward_average(const nn_layer *layer, const nn_layer_call *call)
{
    pooling_each(layer, call, pooling_average);
}

void nn_pooling_backward_average(const nn_layer *layer, const nn_layer_call *call)
{
    if (!call->input_gradients[0]) return;
    pooling_clear(layer, call);
    pooling_each(layer, call, pooling_average_gradient);
}
