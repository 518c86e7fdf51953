/* Pools. Padding and steps past a sample's end do not count. */
#include <math.h>

#include "export/onnx_layer.h"

static const char *pool_node(const nn_onnx_call *call, const char *operator, const char * x)
{
    const nn_layer_windows *windows = &call->layer->windows;
    int64_t pads[6];
    for (int d = 0; d < windows->dimensions; d++) {
        pads[d] = windows->before[d];
        pads[windows->dimensions + d] = windows->after[d];
    }
    const char *y =
        NN_ONNX_NODE(call->onnx, operator, nn_onnx_channels_second(call->onnx, x, windows->dimensions + 2));
    nn_onnx_set_integers(call->onnx, "kernel_shape", windows->dimensions, windows->kernel);
    nn_onnx_set_integers(call->onnx, "strides", windows->dimensions, windows->stride);
    nn_onnx_set_integers(call->onnx, "pads", 2 * windows->dimensions, pads);
    return y;
}

static const char *pool_convert_max(const nn_onnx_call *call)
{
    int dimensions = call->layer->windows.dimensions + 2;
    const char *x =
        nn_onnx_where_counted(call->onnx, &call->inputs[0], call->inputs[0].value, dimensions, -INFINITY);
    return nn_onnx_channels_last(call->onnx, pool_node(call, "MaxPool", x), dimensions);
}

/* With lengths: the mean over the window, zeros included, divided by the share of its positions that count.
 */
static const char *pool_convert_average(const nn_onnx_call *call)
{
    nn_onnx *onnx = call->onnx;
    const nn_onnx_source *input = &call->inputs[0];
    int dimensions = call->layer->windows.dimensions + 2;
    const char *y = pool_node(call, "AveragePool", input->value);
    nn_onnx_set_integer(onnx, "count_include_pad", input->mask != NULL);
    if (input->mask) {
        const char *counted = nn_onnx_cast(onnx, input->mask, onnx->real);
        counted = nn_onnx_unsqueeze(onnx, counted, 1, (const int64_t[]){2});
        counted = pool_node(call, "AveragePool", counted);
        nn_onnx_set_integer(onnx, "count_include_pad", 1);
        y = NN_ONNX_NODE(onnx, "Div", y, counted);
    }
    return nn_onnx_channels_last(onnx, y, dimensions);
}

/* Over all positions: samples x ... x channels to samples x channels. */
static const char *pool_reduce(const nn_onnx_call *call, const char *operator, const char * x)
{
    int64_t axes[NN_MAX_DIMENSIONS];
    int count = call->inputs[0].shape.dimensions - 1;
    for (int d = 0; d < count; d++) axes[d] = d + 1;
    const char *y = NN_ONNX_NODE(call->onnx, operator, x);
    nn_onnx_set_integers(call->onnx, "axes", count, axes);
    nn_onnx_set_integer(call->onnx, "keepdims", 0);
    return y;
}

static const char *pool_convert_global_max(const nn_onnx_call *call)
{
    const nn_onnx_source *input = &call->inputs[0];
    const char *x =
        nn_onnx_where_counted(call->onnx, input, input->value, input->shape.dimensions + 1, -INFINITY);
    return nn_onnx_clear_empty(call->onnx, input, pool_reduce(call, "ReduceMax", x), 2);
}

/* With lengths: the mean over all steps, of which those past the end are zeros, times steps / length. */
static const char *pool_convert_global_average(const nn_onnx_call *call)
{
    nn_onnx *onnx = call->onnx;
    const nn_onnx_source *input = &call->inputs[0];
    const char *y = pool_reduce(call, "ReduceMean", input->value);
    if (!input->lengths) return y;
    const char *steps = nn_onnx_cast(onnx, nn_onnx_extent_of(onnx, input->value, 1), onnx->real);
    const char *length = NN_ONNX_NODE(onnx, "Max", input->lengths, nn_onnx_integer(onnx, 1));
    const char *factor = NN_ONNX_NODE(onnx, "Div", steps, nn_onnx_cast(onnx, length, onnx->real));
    return NN_ONNX_NODE(onnx, "Mul", y, nn_onnx_unsqueeze(onnx, factor, 1, (const int64_t[]){1}));
}

const nn_onnx_layer nn_onnx_pool_layers[] = {
    {.type = "max_pool", .convert = pool_convert_max, .steps = NN_ONNX_STEPS_KEPT},
    {.type = "average_pool", .convert = pool_convert_average, .steps = NN_ONNX_STEPS_KEPT},
    {.type = "global_max_pool", .convert = pool_convert_global_max, .steps = NN_ONNX_STEPS_ENDED},
    {.type = "global_average_pool", .convert = pool_convert_global_average, .steps = NN_ONNX_STEPS_ENDED},
    {.type = NULL}};
