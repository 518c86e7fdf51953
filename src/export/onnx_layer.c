/* The types of layers, and what they share. */
#include "export/onnx_layer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

const nn_onnx_layer *nn_onnx_layer_find(const char *type)
{
    static const nn_onnx_layer *const families[] = {
        nn_onnx_activation_layers, nn_onnx_dense_layers, nn_onnx_shape_layers,     nn_onnx_convolution_layers,
        nn_onnx_pool_layers,       nn_onnx_norm_layers,  nn_onnx_recurrent_layers, nn_onnx_attention_layers};
    for (size_t f = 0; f < sizeof families / sizeof *families; f++)
        for (const nn_onnx_layer *layer = families[f]; layer->type; layer++)
            if (strcmp(layer->type, type) == 0) return layer;
    return NULL;
}

const char *nn_onnx_refuse(const nn_onnx_call *call, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (call->onnx->status == NN_OK)
        nn_onnx_check(call->onnx,
                      nn_fail(NN_ERROR_USAGE, "export: layer %s (%s) of %s cannot be expressed in ONNX: %s",
                              call->layer->name, call->layer->type, call->onnx->description->path, text));
    return "";
}

/* ---- weights ---- */

nn_real *nn_onnx_values(const nn_onnx_call *call, const char *name, nn_shape *shape)
{
    nn_onnx *onnx = call->onnx;
    nn_real *values = NULL;
    const nn_described_tensor *tensor = nn_description_find(onnx->description, call->layer, name);
    if (!tensor || onnx->status != NN_OK) return NULL;
    *shape = tensor->shape;
    nn_status status =
        NN_ALLOCATE_VALUES(onnx->scalar, &values, nn_shape_count(tensor->shape), "the values of a tensor");
    if (status == NN_OK) status = nn_description_read(onnx->description, tensor, values);
    if (nn_onnx_check(onnx, status)) return values;
    nn_free(values);
    return NULL;
}

const char *nn_onnx_weight(const nn_onnx_call *call, const char *name)
{
    nn_onnx *onnx = call->onnx;
    const nn_described_tensor *tensor = nn_description_find(onnx->description, call->layer, name);
    if (!tensor) return NULL;
    if (nn_onnx_has(onnx, tensor->dataset)) return tensor->dataset;
    nn_real *values =
        nn_onnx_memory(onnx, (size_t)nn_shape_count(tensor->shape), nn_scalar_size(onnx->scalar));
    if (!values || !nn_onnx_check(onnx, nn_description_read(onnx->description, tensor, values))) return "";
    return nn_onnx_tensor(onnx, tensor->dataset, onnx->real, tensor->shape, values);
}

const char *nn_onnx_needed(const nn_onnx_call *call, const char *name)
{
    const char *weight = nn_onnx_weight(call, name);
    return weight ? weight : nn_onnx_refuse(call, "its tensor '%s' is missing; use another checkpoint", name);
}

/* The index in the tensor of each value of the result, advanced like an odometer. */
static void layer_reorder(nn_scalar scalar, nn_shape from, const int *order, const nn_real *values,
                          nn_real *reordered)
{
    int64_t strides[NN_MAX_DIMENSIONS], place[NN_MAX_DIMENSIONS] = {0}, index = 0;
    size_t size = nn_scalar_size(scalar), count = (size_t)nn_shape_count(from);
    int64_t stride = 1;
    for (int d = from.dimensions - 1; d >= 0; d--) {
        strides[d] = stride;
        stride *= from.extents[d];
    }
    for (size_t i = 0; i < count; i++) {
        memcpy(nn_scalar_at(scalar, reordered, i), nn_scalar_at(scalar, values, (size_t)index), size);
        for (int d = from.dimensions - 1; d >= 0; d--) {
            index += strides[order[d]];
            if (++place[d] < from.extents[order[d]]) break;
            index -= strides[order[d]] * from.extents[order[d]];
            place[d] = 0;
        }
    }
}

const char *nn_onnx_reordered(const nn_onnx_call *call, const char *name, const int *order)
{
    nn_onnx *onnx = call->onnx;
    nn_shape from, to;
    const nn_described_tensor *tensor = nn_description_find(onnx->description, call->layer, name);
    if (!tensor) return nn_onnx_needed(call, name);
    const char *reordered_name = nn_onnx_text(onnx, "%s/reordered", tensor->dataset);
    if (nn_onnx_has(onnx, reordered_name)) return reordered_name;
    nn_real *values = nn_onnx_values(call, name, &from);
    nn_real *reordered =
        nn_onnx_memory(onnx, (size_t)nn_shape_count(tensor->shape), nn_scalar_size(onnx->scalar));
    if (values && reordered) layer_reorder(onnx->scalar, from, order, values, reordered);
    nn_free(values);
    if (!values || !reordered) return "";
    to = from;
    for (int d = 0; d < from.dimensions; d++) to.extents[d] = from.extents[order[d]];
    return nn_onnx_tensor(onnx, reordered_name, onnx->real, to, reordered);
}

const char *nn_onnx_add_bias(const nn_onnx_call *call, const char *x, const char *name)
{
    const char *bias = nn_onnx_weight(call, name);
    return bias ? NN_ONNX_NODE(call->onnx, "Add", x, bias) : x;
}

/* ---- shapes ---- */

const char *nn_onnx_cast(nn_onnx *onnx, const char *x, nn_onnx_type type)
{
    const char *value = NN_ONNX_NODE(onnx, "Cast", x);
    nn_onnx_set_integer(onnx, "to", (int64_t)type);
    return value;
}

const char *nn_onnx_transpose(nn_onnx *onnx, const char *x, int count, const int64_t *order)
{
    const char *value = NN_ONNX_NODE(onnx, "Transpose", x);
    nn_onnx_set_integers(onnx, "perm", count, order);
    return value;
}

const char *nn_onnx_channels_second(nn_onnx *onnx, const char *x, int dimensions)
{
    int64_t order[NN_MAX_DIMENSIONS + 1] = {0, dimensions - 1};
    for (int d = 2; d < dimensions; d++) order[d] = d - 1;
    return nn_onnx_transpose(onnx, x, dimensions, order);
}

const char *nn_onnx_channels_last(nn_onnx *onnx, const char *x, int dimensions)
{
    int64_t order[NN_MAX_DIMENSIONS + 1] = {0};
    for (int d = 1; d < dimensions - 1; d++) order[d] = d + 1;
    order[dimensions - 1] = 1;
    return nn_onnx_transpose(onnx, x, dimensions, order);
}

const char *nn_onnx_reshape(nn_onnx *onnx, const char *x, int count, const int64_t *extents)
{
    int64_t all[NN_MAX_DIMENSIONS + 2] = {0}; /* 0: the samples */
    for (int d = 0; d < count; d++) all[d + 1] = extents[d];
    return NN_ONNX_NODE(onnx, "Reshape", x, nn_onnx_integers(onnx, count + 1, all));
}

const char *nn_onnx_rows(nn_onnx *onnx, const nn_onnx_source *source)
{
    int64_t values = nn_shape_count(source->shape);
    if (source->shape.dimensions == 1) return source->value;
    if (source->shape.dimensions == 0) return nn_onnx_unsqueeze(onnx, source->value, 1, (const int64_t[]){1});
    return nn_onnx_reshape(onnx, source->value, 1, &values);
}

const char *nn_onnx_unsqueeze(nn_onnx *onnx, const char *x, int64_t count, const int64_t *axes)
{
    return NN_ONNX_NODE(onnx, "Unsqueeze", x, nn_onnx_integers(onnx, count, axes));
}

const char *nn_onnx_extent_of(nn_onnx *onnx, const char *value, int64_t axis)
{
    const char *extent = NN_ONNX_NODE(onnx, "Shape", value);
    nn_onnx_set_integer(onnx, "start", axis);
    nn_onnx_set_integer(onnx, "end", axis + 1);
    return extent;
}

const char *nn_onnx_range(nn_onnx *onnx, const char *count)
{
    static const int64_t zero = 0, one = 1;
    const nn_shape scalar = {0};
    const char *end = NN_ONNX_NODE(onnx, "Squeeze", count);
    return NN_ONNX_NODE(
        onnx, "Range", nn_onnx_tensor(onnx, nn_onnx_name(onnx, "constant"), NN_ONNX_INT64, scalar, &zero),
        end, nn_onnx_tensor(onnx, nn_onnx_name(onnx, "constant"), NN_ONNX_INT64, scalar, &one));
}

/* ---- lengths ---- */

/* With axes of extent 1 after those that it has, up to `dimensions`. */
static const char *layer_extend(nn_onnx *onnx, const char *x, int has, int dimensions)
{
    int64_t axes[NN_MAX_DIMENSIONS + 1];
    for (int d = has; d < dimensions; d++) axes[d - has] = d;
    return has < dimensions ? nn_onnx_unsqueeze(onnx, x, dimensions - has, axes) : x;
}

const char *nn_onnx_where_counted(nn_onnx *onnx, const nn_onnx_source *source, const char *x, int dimensions,
                                  double otherwise)
{
    if (!source->mask) return x;
    return NN_ONNX_NODE(onnx, "Where", layer_extend(onnx, source->mask, 2, dimensions), x,
                        nn_onnx_real(onnx, otherwise));
}

const char *nn_onnx_clear_empty(nn_onnx *onnx, const nn_onnx_source *source, const char *x, int dimensions)
{
    if (!source->lengths) return x;
    const char *any = NN_ONNX_NODE(onnx, "Greater", source->lengths, nn_onnx_integer(onnx, 0));
    return NN_ONNX_NODE(onnx, "Where", layer_extend(onnx, any, 1, dimensions), x, nn_onnx_real(onnx, 0));
}
