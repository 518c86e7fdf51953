/* Reorders the axes of a sample. */
#include "base/memory.h"
#include "nn/axes.h"
#include "nn/tangent.h"

typedef struct permute_options {
    nn_integer_list axes;
} permute_options;

/* Distance in the input between neighbours along each axis of the output, in values. */
typedef struct permute_plan {
    int64_t strides[NN_MAX_DIMENSIONS];
} permute_plan;

static const nn_option permute_table[] = {
    {"axes", NN_OPTION_INTEGER_LIST, offsetof(permute_options, axes), NULL, 0, 0, NULL, NN_EFFECT_RESULT,
     "the axes of the input, counted from 0, in their new order: [1, 0] swaps two"},
    {0}};

static nn_status permute_check_axes(const nn_layer *layer)
{
    const permute_options *options = layer->options;
    nn_shape from = layer->input_shapes[0];
    bool good = options->axes.count == from.dimensions, seen[NN_MAX_DIMENSIONS] = {false};
    for (int a = 0; good && a < from.dimensions; a++) {
        int64_t axis = options->axes.items[a];
        good = axis >= 0 && axis < from.dimensions && !seen[axis];
        if (good) seen[axis] = true;
    }
    if (good) return NN_OK;
    char text[NN_SHAPE_TEXT];
    NN_FAIL(NN_ERROR_USAGE, "axes: its input of shape %s has %d axes; list each of 0 to %d once",
            nn_shape_text(text, from), from.dimensions, from.dimensions - 1);
}

static nn_status permute_build(nn_layer *layer)
{
    const permute_options *options = layer->options;
    const int64_t *axes = options->axes.items;
    nn_shape from = layer->input_shapes[0];
    permute_plan *plan;
    NN_TRY(nn_layer_check_inputs(layer, 1));
    NN_TRY(permute_check_axes(layer));
    NN_TRY(NN_ALLOCATE(&plan, 1, "the plan of a permute layer"));
    layer->plan = plan;
    layer->output_shape.dimensions = from.dimensions;
    for (int a = 0; a < from.dimensions; a++) {
        layer->output_shape.extents[a] = from.extents[axes[a]];
        plan->strides[a] = nn_axes_cut(from, (int)axes[a]).inner;
    }
    layer->time.kept = from.dimensions > 0 && axes[0] == 0;
    nn_layer_divide_by_sample(layer);
    return NN_OK;
}

/* Advances by one row of the output (all axes but the last); returns the place in the input. */
static int64_t permute_advance(const nn_layer *layer, int64_t *position, int64_t place)
{
    const permute_plan *plan = layer->plan;
    const int64_t *extents = layer->output_shape.extents;
    for (int a = layer->output_shape.dimensions - 2; a >= 0; a--) {
        place += plan->strides[a];
        if (++position[a] < extents[a]) break;
        place -= extents[a] * plan->strides[a];
        position[a] = 0;
    }
    return place;
}

/* Copies one sample from the input's order to the output's, or back. */
static void permute_sample(const nn_layer *layer, const nn_real *from, nn_real *to, bool back)
{
    const permute_plan *plan = layer->plan;
    int last = layer->output_shape.dimensions - 1;
    int64_t width = layer->output_shape.extents[last], stride = plan->strides[last];
    int64_t count = nn_shape_count(layer->output_shape), position[NN_MAX_DIMENSIONS] = {0}, place = 0;
    for (int64_t row = 0; row < count; row += width) {
        if (back)
            for (int64_t i = 0; i < width; i++) to[place + i * stride] = from[row + i];
        else
            for (int64_t i = 0; i < width; i++) to[row + i] = from[place + i * stride];
        place = permute_advance(layer, position, place);
    }
}

static void permute_forward(const nn_layer *layer, const nn_layer_call *call)
{
    int64_t count = nn_shape_count(layer->output_shape);
    for (int64_t i = 0; i < call->samples * count; i += count)
        permute_sample(layer, call->inputs[0] + i, call->output + i, false);
}

static void permute_backward(const nn_layer *layer, const nn_layer_call *call)
{
    int64_t count = nn_shape_count(layer->output_shape);
    for (int64_t i = 0; call->input_gradients[0] && i < call->samples * count; i += count)
        permute_sample(layer, call->output_gradient + i, call->input_gradients[0] + i, true);
}

const nn_layer_type nn_layer_permute = {
    .name = "permute",
    .summary = "reorders the axes of a sample",
    .example = "permute: {axes: [1, 0]}",
    .example_shape = {2, {2, 4}},
    .picks = true,
    .options = permute_table,
    .options_size = sizeof(permute_options),
    .build = permute_build,
    .forward = permute_forward,
    .backward = permute_backward,
    .tangent = nn_tangent_linear,
};
