/* Convolutions, and what undoes their strides. */
#include "export/onnx_layer.h"

/* Padding after each dimension is given, as that of a transposed convolution follows from its output. */
static void convolution_set_windows(nn_onnx *onnx, const nn_layer_windows *windows, const int64_t *after)
{
    int64_t pads[6];
    int dimensions = windows->dimensions;
    for (int d = 0; d < dimensions; d++) {
        pads[d] = windows->before[d];
        pads[dimensions + d] = after[d] > 0 ? after[d] : 0;
    }
    nn_onnx_set_integers(onnx, "kernel_shape", dimensions, windows->kernel);
    nn_onnx_set_integers(onnx, "strides", dimensions, windows->stride);
    nn_onnx_set_integers(onnx, "dilations", dimensions, windows->dilation);
    nn_onnx_set_integers(onnx, "pads", 2 * dimensions, pads);
}

/* Filters x inputs x kernel extents; of a transposed convolution inputs x filters x kernel extents. */
static const char *convolution_weight(const nn_onnx_call *call)
{
    int dimensions = call->layer->windows.dimensions, order[5] = {dimensions + 1, dimensions};
    for (int d = 0; d < dimensions; d++) order[d + 2] = d;
    return nn_onnx_reordered(call, "weight", order);
}

static const char *convolution_node(const nn_onnx_call *call, const char *operator, const int64_t * after)
{
    const nn_layer_windows *windows = &call->layer->windows;
    const char *x = nn_onnx_channels_second(call->onnx, call->inputs[0].value, windows->dimensions + 2);
    const char *weight = convolution_weight(call), *bias = nn_onnx_weight(call, "bias");
    const char *y = NN_ONNX_NODE(call->onnx, operator, x, weight, bias);
    convolution_set_windows(call->onnx, windows, after);
    return y;
}

static const char *convolution_finish(const nn_onnx_call *call, const char *y)
{
    y = nn_onnx_channels_last(call->onnx, y, call->layer->windows.dimensions + 2);
    return nn_onnx_activate(call, nn_described_word(call->layer, "activation"), y);
}

static const char *convolution_convert(const nn_onnx_call *call)
{
    const nn_described_tensor *weight = nn_description_find(call->onnx->description, call->layer, "weight");
    int dimensions = call->layer->windows.dimensions, inputs = call->inputs[0].shape.dimensions;
    if (!weight || weight->shape.dimensions != dimensions + 2 || inputs != dimensions + 1)
        return nn_onnx_refuse(call, "its windows do not fit its weight; use another checkpoint");
    const char *y = convolution_node(call, "Conv", call->layer->windows.after);
    nn_onnx_set_integer(call->onnx, "group",
                        call->inputs[0].shape.extents[dimensions] / weight->shape.extents[dimensions]);
    return convolution_finish(call, y);
}

/* Of the positions that the windows reach, those before the output and after it are cut off; where they do
 * not reach its end, ONNX adds positions. */
static const char *convolution_convert_transpose(const nn_onnx_call *call)
{
    const nn_layer_windows *windows = &call->layer->windows;
    int64_t after[3], more[3];
    for (int d = 0; d < windows->dimensions; d++) {
        int64_t reach = (call->inputs[0].shape.extents[d] - 1) * windows->stride[d] +
                        (windows->kernel[d] - 1) * windows->dilation[d] + 1;
        after[d] = reach - windows->before[d] - call->layer->shape.extents[d];
        more[d] = after[d] < 0 ? -after[d] : 0;
    }
    const char *y = convolution_node(call, "ConvTranspose", after);
    nn_onnx_set_integers(call->onnx, "output_padding", windows->dimensions, more);
    return convolution_finish(call, y);
}

/* Resize with whole factors and rounding down repeats each position. */
static const char *convolution_convert_upsample(const nn_onnx_call *call)
{
    nn_onnx *onnx = call->onnx;
    int64_t factors[NN_MAX_DIMENSIONS];
    double scales[NN_MAX_DIMENSIONS + 1];
    int dimensions = call->layer->shape.dimensions;
    int count = nn_described_list(call->layer, "factor", NN_MAX_DIMENSIONS, factors);
    if (count < 1) return nn_onnx_refuse(call, "its factors are missing; use another checkpoint");
    for (int d = 0; d <= dimensions; d++)
        scales[d] = d == 0 || d == dimensions ? 1 : (double)factors[count == 1 ? 0 : (d - 1) % count];
    const char *list = nn_onnx_reals(onnx, NN_ONNX_FLOAT, (nn_shape){1, {dimensions + 1}}, scales);
    const char *y = NN_ONNX_NODE(onnx, "Resize", call->inputs[0].value, "", list);
    nn_onnx_set_word(onnx, "mode", "nearest");
    nn_onnx_set_word(onnx, "nearest_mode", "floor");
    nn_onnx_set_word(onnx, "coordinate_transformation_mode", "asymmetric");
    return y;
}

const nn_onnx_layer nn_onnx_convolution_layers[] = {
    {.type = "conv1d", .convert = convolution_convert, .steps = NN_ONNX_STEPS_KEPT},
    {.type = "conv2d", .convert = convolution_convert},
    {.type = "conv3d", .convert = convolution_convert},
    {.type = "conv2d_transpose", .convert = convolution_convert_transpose},
    {.type = "upsample", .convert = convolution_convert_upsample},
    {.type = NULL}};
