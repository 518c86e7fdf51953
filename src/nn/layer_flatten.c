/* Turns a sample of any shape into one row of values. */
#include <string.h>

#include "nn/layer.h"
#include "nn/tangent.h"

static const nn_option flatten_options[] = {{0}};

static nn_status flatten_build(nn_layer *layer)
{
    NN_TRY(nn_layer_check_inputs(layer, 1));
    layer->output_shape = (nn_shape){1, {nn_shape_count(layer->input_shapes[0])}};
    layer->in_place = true;
    nn_layer_divide_by_sample(layer);
    return NN_OK;
}

static void flatten_copy(const nn_layer *layer, const nn_layer_call *call, const nn_real *from, nn_real *to)
{
    int64_t count = call->samples * layer->output_shape.extents[0];
    if (to != from) memcpy(to, from, (size_t)count * sizeof *to);
}

static void flatten_forward(const nn_layer *layer, const nn_layer_call *call)
{
    flatten_copy(layer, call, call->inputs[0], call->output);
}

static void flatten_backward(const nn_layer *layer, const nn_layer_call *call)
{
    if (call->input_gradients[0]) flatten_copy(layer, call, call->output_gradient, call->input_gradients[0]);
}

const nn_layer_type nn_layer_flatten = {
    .name = "flatten",
    .summary = "turns a sample of any shape into one row of values",
    .example = "flatten",
    .is_view = true,
    .options = flatten_options,
    .build = flatten_build,
    .forward = flatten_forward,
    .backward = flatten_backward,
    .tangent = nn_tangent_linear,
};
