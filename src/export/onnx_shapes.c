/* Layers that move values, or combine several inputs element by element. */
#include <math.h>
#include <stdlib.h>

#include "export/onnx_layer.h"

static const char *shapes_reshape(const nn_onnx_call *call)
{
    nn_shape shape = call->layer->shape;
    return nn_onnx_reshape(call->onnx, call->inputs[0].value, shape.dimensions, shape.extents);
}

/* All inputs, one after another, by an operator of two. */
static const char *shapes_fold(const nn_onnx_call *call, const char *operator)
{
    const char *value = call->inputs[0].value;
    for (int i = 1; i < call->layer->input_count; i++)
        value = NN_ONNX_NODE(call->onnx, operator, value, call->inputs[i].value);
    return value;
}

static const char *shapes_add(const nn_onnx_call *call)
{
    return shapes_fold(call, "Add");
}

static const char *shapes_multiply(const nn_onnx_call *call)
{
    return shapes_fold(call, "Mul");
}

/* The axis of a layer's option, counted from 0 without the samples. */
static int64_t shapes_axis(const nn_described_layer *layer, int dimensions)
{
    int64_t axis = nn_described_integer(layer, "axis");
    return axis < 0 ? axis + dimensions : axis;
}

static nn_onnx_steps shapes_steps_of_axis(const nn_described_layer *layer)
{
    return shapes_axis(layer, layer->shape.dimensions) > 0 ? NN_ONNX_STEPS_KEPT : NN_ONNX_STEPS_FIXED;
}

static const char *shapes_concat(const nn_onnx_call *call)
{
    int count = call->layer->input_count;
    const char **values = nn_onnx_memory(call->onnx, (size_t)count + 1, sizeof *values);
    if (!values) return "";
    for (int i = 0; i < count; i++) values[i] = call->inputs[i].value;
    const char *joined = nn_onnx_node(call->onnx, "Concat", values);
    nn_onnx_set_integer(call->onnx, "axis", shapes_axis(call->layer, call->layer->shape.dimensions) + 1);
    return joined;
}

static const char *shapes_permute(const nn_onnx_call *call)
{
    int64_t axes[NN_MAX_DIMENSIONS], order[NN_MAX_DIMENSIONS + 1] = {0};
    int count = nn_described_list(call->layer, "axes", NN_MAX_DIMENSIONS, axes);
    for (int d = 0; d < count; d++) order[d + 1] = axes[d] + 1;
    return nn_onnx_transpose(call->onnx, call->inputs[0].value, count + 1, order);
}

static nn_onnx_steps shapes_permute_steps(const nn_described_layer *layer)
{
    int64_t axes[NN_MAX_DIMENSIONS] = {-1};
    nn_described_list(layer, "axes", NN_MAX_DIMENSIONS, axes);
    return axes[0] == 0 ? NN_ONNX_STEPS_KEPT : NN_ONNX_STEPS_FIXED;
}

static const char *shapes_slice_places(const nn_onnx_call *call, nn_config_node *places, int64_t axis,
                                       int64_t extent)
{
    size_t count = nn_config_count(places);
    int64_t *indices = nn_onnx_memory(call->onnx, count, sizeof *indices);
    for (size_t i = 0; indices && i < count; i++) {
        const char *text = nn_config_text(nn_config_item(places, i));
        indices[i] = text ? strtoll(text, NULL, 10) : 0;
        if (indices[i] < 0) indices[i] += extent;
    }
    if (!indices) return "";
    const char *value = NN_ONNX_NODE(call->onnx, "Gather", call->inputs[0].value,
                                     nn_onnx_integers(call->onnx, (int64_t)count, indices));
    nn_onnx_set_integer(call->onnx, "axis", axis + 1);
    return value;
}

static const char *shapes_slice(const nn_onnx_call *call)
{
    nn_onnx *onnx = call->onnx;
    nn_shape shape = call->inputs[0].shape;
    int64_t axis = shapes_axis(call->layer, shape.dimensions);
    int64_t end = nn_described_integer(call->layer, "end");
    nn_config_node *places = nn_config_get(call->layer->options, "places");
    if (axis < 0 || axis >= shape.dimensions)
        return nn_onnx_refuse(call, "it has no such axis; use another checkpoint");
    if (nn_config_count(places) > 0) return shapes_slice_places(call, places, axis, shape.extents[axis]);
    return NN_ONNX_NODE(onnx, "Slice", call->inputs[0].value,
                        nn_onnx_integer(onnx, nn_described_integer(call->layer, "begin")),
                        nn_onnx_integer(onnx, end == 0 ? INT64_MAX : end), nn_onnx_integer(onnx, axis + 1));
}

/* One place of the last axis, which stays. */
static const char *shapes_place(const nn_onnx_call *call, int64_t place)
{
    nn_onnx *onnx = call->onnx;
    return NN_ONNX_NODE(onnx, "Slice", call->inputs[0].value, nn_onnx_integer(onnx, place),
                        nn_onnx_integer(onnx, place + 1), nn_onnx_integer(onnx, -1));
}

/* 1 where the number is that of the category; NaN throughout where the number, such as 1.5, does not count a
 * category. */
static const char *shapes_units(const nn_onnx_call *call, const char *number, int64_t count)
{
    nn_onnx *onnx = call->onnx;
    int64_t *places = nn_onnx_memory(onnx, (size_t)count, sizeof *places);
    for (int64_t i = 0; places && i < count; i++) places[i] = i;
    if (!places) return "";
    const char *units = nn_onnx_cast(onnx, nn_onnx_integers(onnx, count, places), onnx->real);
    const char *hot = nn_onnx_cast(onnx, NN_ONNX_NODE(onnx, "Equal", number, units), onnx->real);
    const char *whole = NN_ONNX_NODE(onnx, "Equal", number, NN_ONNX_NODE(onnx, "Floor", number));
    const char *from = NN_ONNX_NODE(onnx, "GreaterOrEqual", number, nn_onnx_real(onnx, -1));
    const char *below = NN_ONNX_NODE(onnx, "Less", number, nn_onnx_real(onnx, (double)count));
    const char *valid = NN_ONNX_NODE(onnx, "And", whole, NN_ONNX_NODE(onnx, "And", from, below));
    return NN_ONNX_NODE(onnx, "Where", valid, hot, nn_onnx_real(onnx, NAN));
}

static const char *shapes_one_hot(const nn_onnx_call *call)
{
    nn_config_node *list = nn_config_get(call->layer->options, "categories");
    size_t count = nn_config_count(list), pieces = 0;
    const char **values = nn_onnx_memory(call->onnx, count + 1, sizeof *values);
    for (size_t p = 0; values && p < count; p++) {
        const char *text = nn_config_text(nn_config_item(list, p));
        int64_t categories = text ? strtoll(text, NULL, 10) : 0;
        if (categories < 0) continue;
        const char *place = shapes_place(call, (int64_t)p);
        values[pieces++] = categories == 0 ? place : shapes_units(call, place, categories);
    }
    if (!values || pieces < 2) return values && pieces == 1 ? values[0] : "";
    const char *joined = nn_onnx_node(call->onnx, "Concat", values);
    nn_onnx_set_integer(call->onnx, "axis", -1);
    return joined;
}

static const char *shapes_fill_missing(const nn_onnx_call *call)
{
    nn_onnx *onnx = call->onnx;
    nn_config_node *list = nn_config_get(call->layer->options, "values");
    int64_t count = (int64_t)nn_config_count(list);
    double *values = nn_onnx_memory(onnx, (size_t)count, sizeof *values);
    for (int64_t p = 0; values && p < count; p++) {
        const char *text = nn_config_text(nn_config_item(list, (size_t)p));
        values[p] = text ? strtod(text, NULL) : 0;
    }
    if (!values) return "";
    const char *x = call->inputs[0].value, *missing = NN_ONNX_NODE(onnx, "IsNaN", x);
    const char *fills = nn_onnx_reals(onnx, onnx->real, (nn_shape){1, {count}}, values);
    const char *filled = NN_ONNX_NODE(onnx, "Where", missing, fills, x);
    if (!nn_described_flag(call->layer, "indicator")) return filled;
    const char *joined = NN_ONNX_NODE(onnx, "Concat", filled, nn_onnx_cast(onnx, missing, onnx->real));
    nn_onnx_set_integer(onnx, "axis", -1);
    return joined;
}

static nn_onnx_steps shapes_steps_of_last(const nn_described_layer *layer)
{
    return layer->shape.dimensions > 1 ? NN_ONNX_STEPS_KEPT : NN_ONNX_STEPS_FIXED;
}

/* The network creates these two; onnx_model.c adds their nodes. */
static const char *shapes_input(const nn_onnx_call *call)
{
    return nn_onnx_refuse(call, "it occurs within the network; use another checkpoint");
}

const nn_onnx_layer nn_onnx_shape_layers[] = {
    {.type = "input", .convert = shapes_input},
    {.type = "flatten", .convert = shapes_reshape},
    {.type = "reshape", .convert = shapes_reshape},
    {.type = "add", .convert = shapes_add, .steps = NN_ONNX_STEPS_KEPT},
    {.type = "multiply", .convert = shapes_multiply, .steps = NN_ONNX_STEPS_KEPT},
    {.type = "concat", .convert = shapes_concat, .steps_of = shapes_steps_of_axis},
    {.type = "permute", .convert = shapes_permute, .steps_of = shapes_permute_steps},
    {.type = "slice", .convert = shapes_slice, .steps_of = shapes_steps_of_axis},
    {.type = "one_hot", .convert = shapes_one_hot, .steps_of = shapes_steps_of_last},
    {.type = "fill_missing", .convert = shapes_fill_missing, .steps_of = shapes_steps_of_last},
    {.type = NULL}};
