/* The datasets that make up the input: each is a layer with its name that copies its values out of the joined
 * ones. */
#include "nn/parts.h"

#include <string.h>

#include "base/memory.h"

typedef struct part_plan {
    int64_t begin, count, stride; /* in values: start and size of the part, size of a sample */
} part_plan;

nn_status nn_part_describe(nn_layer *layer, const nn_field *input, int part)
{
    const nn_field *own = &input->parts[part], *first = &input->parts[0];
    part_plan *plan;
    NN_TRY(NN_ALLOCATE(&plan, 1, "an input"));
    layer->plan = plan;
    *plan = (part_plan){own->begin, nn_shape_count(own->shape), nn_shape_count(input->shape)};
    layer->output_shape = own->shape;
    layer->time.kept = !own->features && own->shape.dimensions > 0 && first->shape.dimensions > 0 &&
                       own->shape.extents[0] == first->shape.extents[0];
    return NN_OK;
}

static nn_status part_build(nn_layer *layer)
{
    return nn_layer_check_inputs(layer, 1);
}

static void part_forward(const nn_layer *layer, const nn_layer_call *call)
{
    const part_plan *plan = layer->plan;
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
