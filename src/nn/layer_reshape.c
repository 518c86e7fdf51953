/* Gives a sample another shape; the values keep their order. */
#include <assert.h>
#include <string.h>

#include "nn/layer.h"
#include "nn/tangent.h"

static_assert(NN_INTEGER_LIST_MAX == NN_MAX_DIMENSIONS, "a list of integers holds any shape");

typedef struct reshape_options {
    nn_integer_list shape;
} reshape_options;

static const nn_option reshape_table[] = {
    {"shape", NN_OPTION_INTEGER_LIST, offsetof(reshape_options, shape), NULL, -1, 1e12, NULL,
     NN_EFFECT_RESULT,
     "new shape of a sample, such as [7, 7, -1]; one extent may be -1: it is computed from the others"},
    {0}};

static nn_status reshape_misfit(const nn_layer *layer, nn_shape shape)
{
    char from[NN_SHAPE_TEXT], to[NN_SHAPE_TEXT];
    nn_shape_text(to, shape);
    NN_FAIL(NN_ERROR_USAGE, "shape: the %lld values of its input (%s) do not fit shape %s",
            (long long)nn_shape_count(layer->input_shapes[0]), nn_shape_text(from, layer->input_shapes[0]),
            to);
}

/* Replaces the -1, if any, by the extent that fits. */
static nn_status reshape_complete(const nn_layer *layer, nn_shape *shape)
{
    int open = -1;
    nn_shape known = *shape;
    for (int a = 0; a < shape->dimensions; a++) {
        if (shape->extents[a] > 0) continue;
        if (shape->extents[a] != -1 || open >= 0)
            NN_FAIL(NN_ERROR_USAGE,
                    "shape: %lld is not a valid extent; extents are at least 1, and one of them may be -1",
                    (long long)shape->extents[a]);
        open = a;
        known.extents[a] = 1;
    }
    int64_t count = nn_shape_count(layer->input_shapes[0]), rest = nn_shape_count(known);
    if (open >= 0 && count % rest != 0) return reshape_misfit(layer, *shape);
    if (open >= 0) shape->extents[open] = count / rest;
    return nn_shape_count(*shape) == count ? NN_OK : reshape_misfit(layer, *shape);
}

static nn_status reshape_build(nn_layer *layer)
{
    const reshape_options *options = layer->options;
    nn_shape *shape = &layer->output_shape, from = layer->input_shapes[0];
    NN_TRY(nn_layer_check_inputs(layer, 1));
    shape->dimensions = options->shape.count;
    memcpy(shape->extents, options->shape.items, sizeof shape->extents);
    NN_TRY(reshape_complete(layer, shape));
    layer->time.kept = from.dimensions > 0 && shape->dimensions > 0 && from.extents[0] == shape->extents[0];
    layer->in_place = true;
    nn_layer_divide_by_sample(layer);
    return NN_OK;
}

static void reshape_copy(const nn_layer *layer, const nn_layer_call *call, const nn_real *from, nn_real *to)
{
    int64_t count = call->samples * nn_shape_count(layer->output_shape);
    if (to != from) memcpy(to, from, (size_t)count * sizeof *to);
}

static void reshape_forward(const nn_layer *layer, const nn_layer_call *call)
{
    reshape_copy(layer, call, call->inputs[0], call->output);
}

static void reshape_backward(const nn_layer *layer, const nn_layer_call *call)
{
    if (call->input_gradients[0]) reshape_copy(layer, call, call->output_gradient, call->input_gradients[0]);
}

const nn_layer_type nn_layer_reshape = {
    .name = "reshape",
    .summary = "gives a sample another shape; the values keep their order",
    .example = "reshape: {shape: [4, -1]}",
    .example_shape = {2, {2, 4}},
    .is_view = true,
    .options = reshape_table,
    .options_size = sizeof(reshape_options),
    .build = reshape_build,
    .forward = reshape_forward,
    .backward = reshape_backward,
    .tangent = nn_tangent_linear,
};
