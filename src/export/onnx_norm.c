/* Normalisations: (x - mean) / sqrt(variance + epsilon) x scale + shift, channels last. */
#include "export/onnx_layer.h"

static const char *norm_scale(const nn_onnx_call *call, const char *y)
{
    const char *scale = nn_onnx_weight(call, "scale");
    if (scale) y = NN_ONNX_NODE(call->onnx, "Mul", y, scale);
    return nn_onnx_add_bias(call, y, "shift");
}

/* centred / sqrt(variance + epsilon) */
static const char *norm_divide(const nn_onnx_call *call, const char *centred, const char *variance)
{
    const char *epsilon = nn_onnx_real(call->onnx, nn_described_real(call->layer, "epsilon"));
    const char *deviation =
        NN_ONNX_NODE(call->onnx, "Sqrt", NN_ONNX_NODE(call->onnx, "Add", variance, epsilon));
    return NN_ONNX_NODE(call->onnx, "Div", centred, deviation);
}

/* Predicts with the running statistics, and adds its other inputs before the activation. */
static const char *norm_convert_batch(const nn_onnx_call *call)
{
    nn_onnx *onnx = call->onnx;
    const char *centred =
        NN_ONNX_NODE(onnx, "Sub", call->inputs[0].value, nn_onnx_needed(call, "running_mean"));
    const char *y = norm_scale(call, norm_divide(call, centred, nn_onnx_needed(call, "running_variance")));
    for (int i = 1; i < call->layer->input_count; i++)
        y = NN_ONNX_NODE(onnx, "Add", y, call->inputs[i].value);
    return nn_onnx_activate(call, nn_described_word(call->layer, "activation"), y);
}

static const char *norm_mean(nn_onnx *onnx, const char *x, int count, const int64_t *axes)
{
    const char *mean = NN_ONNX_NODE(onnx, "ReduceMean", x);
    nn_onnx_set_integers(onnx, "axes", count, axes);
    nn_onnx_set_integer(onnx, "keepdims", 1);
    return mean;
}

static const char *norm_convert_layer(const nn_onnx_call *call)
{
    nn_onnx *onnx = call->onnx;
    static const int64_t last = -1;
    const char *x = call->inputs[0].value;
    const char *centred = NN_ONNX_NODE(onnx, "Sub", x, norm_mean(onnx, x, 1, &last));
    const char *variance = norm_mean(onnx, NN_ONNX_NODE(onnx, "Mul", centred, centred), 1, &last);
    return norm_scale(call, norm_divide(call, centred, variance));
}

/* What makes a mean over all steps, zeros included, one over those that count: samples x 1 x 1 x 1; NULL:
 * they all count. */
static const char *norm_group_factor(nn_onnx *onnx, const nn_onnx_source *input)
{
    static const int64_t axes[] = {1, 2, 3};
    if (!input->lengths || input->shape.dimensions < 2) return NULL;
    const char *steps = nn_onnx_cast(onnx, nn_onnx_extent_of(onnx, input->value, 1), onnx->real);
    const char *length = NN_ONNX_NODE(onnx, "Max", input->lengths, nn_onnx_integer(onnx, 1));
    const char *factor = NN_ONNX_NODE(onnx, "Div", steps, nn_onnx_cast(onnx, length, onnx->real));
    return nn_onnx_unsqueeze(onnx, factor, 3, axes);
}

/* The mean over positions and the channels of a group, of samples x positions x groups x channels. */
static const char *norm_group_mean(nn_onnx *onnx, const char *x, const char *factor)
{
    static const int64_t axes[] = {1, 3};
    const char *mean = norm_mean(onnx, x, 2, axes);
    return factor ? NN_ONNX_NODE(onnx, "Mul", mean, factor) : mean;
}

/* Values past the end of a sample must stay 0 in the sum of squares; x: of any shape. */
static const char *norm_group_square(const nn_onnx_call *call, const char *centred, const int64_t *split)
{
    nn_onnx *onnx = call->onnx;
    const nn_onnx_source *input = &call->inputs[0];
    const char *square = NN_ONNX_NODE(onnx, "Mul", centred, centred);
    if (!input->mask || input->shape.dimensions < 2) return square;
    square = NN_ONNX_NODE(onnx, "Reshape", square, NN_ONNX_NODE(onnx, "Shape", input->value));
    square = nn_onnx_where_counted(onnx, input, square, input->shape.dimensions + 1, 0);
    return nn_onnx_reshape(onnx, square, 3, split);
}

static const char *norm_convert_group(const nn_onnx_call *call)
{
    nn_onnx *onnx = call->onnx;
    const nn_onnx_source *input = &call->inputs[0];
    int64_t channels = input->shape.dimensions > 0 ? input->shape.extents[input->shape.dimensions - 1] : 1;
    int64_t groups = nn_described_integer(call->layer, "groups");
    if (groups < 1 || channels % groups != 0)
        return nn_onnx_refuse(call, "its groups do not divide the channels; use another checkpoint");
    const int64_t split[] = {-1, groups, channels / groups};
    const char *x = nn_onnx_reshape(onnx, input->value, 3, split), *factor = norm_group_factor(onnx, input);
    const char *centred = NN_ONNX_NODE(onnx, "Sub", x, norm_group_mean(onnx, x, factor));
    const char *variance = norm_group_mean(onnx, norm_group_square(call, centred, split), factor);
    const char *y = norm_divide(call, centred, variance);
    return norm_scale(call, NN_ONNX_NODE(onnx, "Reshape", y, NN_ONNX_NODE(onnx, "Shape", input->value)));
}

const nn_onnx_layer nn_onnx_norm_layers[] = {
    {.type = "batch_norm", .convert = norm_convert_batch, .steps = NN_ONNX_STEPS_KEPT},
    {.type = "layer_norm", .convert = norm_convert_layer, .steps = NN_ONNX_STEPS_KEPT},
    {.type = "group_norm", .convert = norm_convert_group, .steps = NN_ONNX_STEPS_KEPT},
    {.type = NULL}};
