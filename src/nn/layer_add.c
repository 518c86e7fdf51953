/* The element-wise sum of the inputs: y = x1 + x2 + ..., added in the order in which they are listed. With a
 * shortcut around some layers it makes a residual network (He et al. 2016). */
#include <string.h>

#include "nn/layer.h"
#include "nn/tangent.h"
#include "tensor/kernels.h"

static const nn_option add_options[] = {{0}};

static nn_status add_build(nn_layer *layer)
{
    NN_TRY(nn_layer_check_equal(layer));
    layer->output_shape = layer->input_shapes[0];
    layer->time.kept = layer->output_shape.dimensions > 0;
    layer->in_place = true;
    nn_layer_divide_by_sample(layer);
    layer->flops_forward = (double)(layer->input_count - 1) * (double)nn_shape_count(layer->output_shape);
    return NN_OK;
}

static void add_copy(int64_t count, const nn_real *from, nn_real *to)
{
    if (to && to != from) memcpy(to, from, (size_t)count * sizeof *to);
}

static void add_forward(const nn_layer *layer, const nn_layer_call *call)
{
    int64_t count = call->samples * nn_shape_count(layer->output_shape);
    add_copy(count, call->inputs[0], call->output);
    for (int i = 1; i < layer->input_count; i++) nn_add(count, call->inputs[i], call->output);
}

static void add_backward(const nn_layer *layer, const nn_layer_call *call)
{
    int64_t count = call->samples * nn_shape_count(layer->output_shape);
    for (int i = 0; i < layer->input_count; i++)
        add_copy(count, call->output_gradient, call->input_gradients[i]);
}

const nn_layer_type nn_layer_add = {
    .name = "add",
    .summary = "element-wise sum of the inputs",
    .example = "add",
    .example_inputs = 3,
    .is_sum = true,
    .options = add_options,
    .build = add_build,
    .forward = add_forward,
    .backward = add_backward,
    .tangent = nn_tangent_linear,
};
