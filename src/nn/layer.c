/* Functions that plug-ins call to build a layer. */
#include "nn/layer.h"

#include <assert.h>

#include "base/least.h"
#include "base/memory.h"
#include "base/narrow.h"

/* Far above any memory, and far below where counts of values, parts or bytes overflow. */
#define LAYER_VALUES_MAX ((int64_t)1 << 44)

/* Products are fastest in full tiles. */
#define PART_ROWS_MULTIPLE 16

/* Rows of a part with which packing costs little, and the most values of a part that is made so large. */
enum { PART_ROWS_ENOUGH = 128, PART_VALUES_MOST = 1 << 20 };

nn_status nn_layer_add_parameter(nn_layer *layer, const char *name, nn_shape shape, int64_t fan_in,
                                 int64_t fan_out, const nn_initializer_type *initializer, double gain,
                                 int *index)
{
    assert(layer->parameter_count < NN_LAYER_PARAMETERS);
    int64_t count = nn_shape_count(shape);
    if (count > LAYER_VALUES_MAX - layer->value_count) {
        char text[NN_SHAPE_TEXT];
        NN_FAIL(NN_ERROR_USAGE, "its %s of shape %s is too large for any memory; make the layer smaller",
                name, nn_shape_text(text, shape));
    }
    if (index) *index = layer->parameter_count;
    layer->parameters[layer->parameter_count++] = (nn_parameter){.name = name,
                                                                 .shape = shape,
                                                                 .count = count,
                                                                 .offset = layer->value_count,
                                                                 .fan_in = fan_in,
                                                                 .fan_out = fan_out,
                                                                 .initializer = initializer,
                                                                 .gain = gain};
    int64_t aligned = (count + NN_PARAMETER_ALIGNMENT - 1) / NN_PARAMETER_ALIGNMENT * NN_PARAMETER_ALIGNMENT;
    layer->value_count += aligned;
    return NN_OK;
}

nn_status nn_layer_add_part(nn_layer *layer, int64_t end)
{
    size_t entries = layer->part_begin ? (size_t)layer->part_count + 1 : 0;
    size_t needed = (size_t)layer->part_count + 2;
    int count;
    NN_TRY(nn_narrow((int64_t)layer->part_count + 1, "parts of a layer", "make the layer smaller", &count));
    void *grown = layer->part_begin;
    NN_TRY(nn_reallocate(&grown, entries, needed, sizeof *layer->part_begin, "the parts of a layer"));
    layer->part_begin = grown;
    assert(end > layer->part_begin[layer->part_count] && end <= layer->value_count);
    layer->part_begin[count] = end;
    layer->part_count = count;
    return NN_OK;
}

void nn_layer_divide_by_sample(nn_layer *layer)
{
    for (int pass = 0; pass < NN_PASSES; pass++) layer->division[pass][0].by_sample = true;
}

void nn_layer_cut(const nn_layer_call *call, int64_t multiple, int64_t *begin, int64_t *end)
{
    if (call->pieces <= 1) return;
    int64_t units = (*end - *begin + multiple - 1) / multiple, first = *begin;
    int64_t last = first + units * (call->piece + 1) / call->pieces * multiple;
    *begin = first + units * call->piece / call->pieces * multiple;
    if (last < *end) *end = last;
}

int64_t nn_layer_part_rows(int64_t rows, int64_t columns)
{
    int64_t parts = (rows * columns + NN_LAYER_PART_VALUES - 1) / NN_LAYER_PART_VALUES;
    int64_t share = (rows + parts - 1) / parts;
    int64_t rounded = (share + PART_ROWS_MULTIPLE - 1) / PART_ROWS_MULTIPLE * PART_ROWS_MULTIPLE;
    return rounded < rows ? rounded : rows;
}

int64_t nn_layer_product_rows(const nn_layer *layer, int64_t rows, int64_t columns)
{
    int64_t step = nn_layer_part_rows(rows, columns);
    if (layer->engine == NN_ENGINE_BLAS) return step;
    int64_t most = nn_smaller(PART_ROWS_ENOUGH, PART_VALUES_MOST / columns);
    return nn_smaller(nn_larger(step, most), rows);
}

nn_status nn_layer_add_row_parts(nn_layer *layer, int64_t rows, int64_t columns, int64_t step, int64_t end)
{
    int64_t begin = layer->part_begin ? layer->part_begin[layer->part_count] : 0;
    for (int64_t row = step; row < rows; row += step) NN_TRY(nn_layer_add_part(layer, begin + row * columns));
    return nn_layer_add_part(layer, end);
}

nn_status nn_layer_share_parts(nn_layer *layer)
{
    const nn_layer *owner = layer->shares;
    if (layer->parameter_count != owner->parameter_count)
        NN_FAIL(NN_ERROR_USAGE,
                "it has %d parameter tensors, but %s, which it shares, has %d; both need the same ones "
                "(check `bias` in both)",
                layer->parameter_count, owner->name, owner->parameter_count);
    bool same = layer->value_count == owner->value_count;
    for (int p = 0; same && p < layer->parameter_count; p++)
        same = nn_shape_equal(layer->parameters[p].shape, owner->parameters[p].shape);
    if (!same)
        NN_FAIL(NN_ERROR_USAGE,
                "its parameters do not have the shapes of those of %s, which it shares; both layers need the "
                "same sizes",
                owner->name);
    for (int part = 0; part < owner->part_count; part++)
        NN_TRY(nn_layer_add_part(layer, owner->part_begin[part + 1]));
    return NN_OK;
}

nn_status nn_layer_check_inputs(const nn_layer *layer, int count)
{
    if (layer->input_count == count) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE, "it has %d inputs, but %s takes %d; change `inputs`", layer->input_count,
            layer->type->name, count);
}

nn_status nn_layer_check_several(const nn_layer *layer)
{
    if (layer->input_count > 1) return NN_OK;
    NN_FAIL(
        NN_ERROR_USAGE,
        "it has one input, but %s takes two or more; list them, such as `%s: {inputs: [previous, shortcut]}`",
        layer->type->name, layer->type->name);
}

nn_status nn_layer_check_equal(const nn_layer *layer)
{
    NN_TRY(nn_layer_check_several(layer));
    nn_shape first = layer->input_shapes[0];
    for (int i = 1; i < layer->input_count; i++) {
        nn_shape other = layer->input_shapes[i];
        char first_text[NN_SHAPE_TEXT], other_text[NN_SHAPE_TEXT];
        if (nn_shape_equal(first, other)) continue;
        NN_FAIL(NN_ERROR_USAGE,
                "its inputs have shapes %s and %s; %s needs equal shapes: give the shortcut %s",
                nn_shape_text(first_text, first), nn_shape_text(other_text, other), layer->type->name,
                first.dimensions == 3 && other.dimensions == 3 ? "a conv2d with kernel: 1 and the same stride"
                                                               : "a layer that brings it to the same shape");
    }
    return NN_OK;
}

int64_t nn_layer_statistics_channels(const nn_layer *layer, nn_pass pass)
{
    const nn_layer_statistics *statistics = layer->type->statistics;
    return (layer->statistics[pass] - statistics->shared[pass]) / statistics->rows[pass];
}
