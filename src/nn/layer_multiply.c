/* The element-wise product of the inputs: y = x1 x2 ..., from left to right. A gate is an example: a sigmoid
 * times the values that it lets through. */
#include <string.h>

#include "nn/layer.h"
#include "tensor/kernels.h"

static const nn_option multiply_options[] = {{0}};

static nn_status multiply_build(nn_layer *layer)
{
    NN_TRY(nn_layer_check_equal(layer));
    layer->output_shape = layer->input_shapes[0];
    layer->time.kept = layer->output_shape.dimensions > 0;
    nn_layer_divide_by_sample(layer);
    layer->flops_forward = (double)(layer->input_count - 1) * (double)nn_shape_count(layer->output_shape);
    layer->flops_input_gradient = layer->input_count * layer->flops_forward;
    return NN_OK;
}

static void multiply_forward(const nn_layer *layer, const nn_layer_call *call)
{
    int64_t count = call->samples * nn_shape_count(layer->output_shape);
    memcpy(call->output, call->inputs[0], (size_t)count * sizeof(nn_real));
    for (int i = 1; i < layer->input_count; i++) nn_multiply(count, call->inputs[i], call->output);
}

/* The output's gradient times the other inputs: the quotient y / x would fail where an input is 0. */
static void multiply_backward(const nn_layer *layer, const nn_layer_call *call)
{
    int64_t count = call->samples * nn_shape_count(layer->output_shape);
    for (int i = 0; i < layer->input_count; i++) {
        nn_real *gradient = call->input_gradients[i];
        if (!gradient) continue;
        memcpy(gradient, call->output_gradient, (size_t)count * sizeof *gradient);
        for (int other = 0; other < layer->input_count; other++)
            if (other != i) nn_multiply(count, call->inputs[other], gradient);
    }
}

/* The product rule, value by value. */
static void multiply_tangent(const nn_layer *layer, const nn_layer_call *call)
{
    int64_t count = call->samples * nn_shape_count(layer->output_shape);
    for (int64_t i = 0; i < count; i++) {
        nn_real product = call->inputs[0][i], tangent = call->input_tangents[0][i];
        for (int input = 1; input < layer->input_count; input++) {
            tangent = tangent * call->inputs[input][i] + product * call->input_tangents[input][i];
            product *= call->inputs[input][i];
        }
        call->output_tangent[i] = tangent;
    }
}

const nn_layer_type nn_layer_multiply = {
    .name = "multiply",
    .summary = "element-wise product of the inputs, such as a gate",
    .example = "multiply",
    .example_inputs = 3,
    .options = multiply_options,
    .build = multiply_build,
    .forward = multiply_forward,
    .backward = multiply_backward,
    .tangent = multiply_tangent,
};
