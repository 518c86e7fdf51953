/* The layer that reads one part of the input. */
#include <string.h>

#include "nn/parts.h"
#include "nn/tangent.h"

static nn_status part_build(nn_layer *layer)
{
    nn_layer_divide_by_sample(layer);
    return nn_layer_check_inputs(layer, 1);
}

static void part_forward(const nn_layer *layer, const nn_layer_call *call)
{
    const nn_input_part *plan = layer->plan;
    for (int64_t i = 0; i < call->samples; i++)
        memcpy(call->output + i * plan->count, call->inputs[0] + i * plan->stride + plan->begin,
               (size_t)plan->count * sizeof(nn_real));
}

static void part_backward(const nn_layer *layer, const nn_layer_call *call)
{
    const nn_input_part *plan = layer->plan;
    nn_real *gradient = call->input_gradients[0];
    if (!gradient) return;
    memset(gradient, 0, (size_t)(call->samples * plan->stride) * sizeof *gradient);
    for (int64_t i = 0; i < call->samples; i++)
        memcpy(gradient + i * plan->stride + plan->begin, call->output_gradient + i * plan->count,
               (size_t)plan->count * sizeof *gradient);
}

const nn_layer_type nn_layer_part = {
    .name = "part",
    .summary = "one of several inputs",
    .build = part_build,
    .forward = part_forward,
    .backward = part_backward,
    .tangent = nn_tangent_linear,
};
