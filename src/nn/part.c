/* The layer that reads one part of the input. */
#include <string.h>

#include "nn/parts.h"

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
    (void)layer, (void)call; /* nothing below has parameters */
}

const nn_layer_type nn_layer_part = {
    .name = "part",
    .summary = "one of several inputs",
    .build = part_build,
    .forward = part_forward,
    .backward = part_backward,
};
