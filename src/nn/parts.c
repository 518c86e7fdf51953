/* The datasets that make up the input: each is a layer with its name that copies its values out of the joined
 * ones. */
#include "nn/parts.h"

#include "base/memory.h"

nn_status nn_input_part_describe(nn_layer *layer, const nn_field *input, int part)
{
    const nn_field *own = &input->parts[part], *first = &input->parts[0];
    nn_input_part *plan;
    NN_TRY(NN_ALLOCATE(&plan, 1, "an input"));
    layer->plan = plan;
    *plan = (nn_input_part){own->begin, nn_shape_count(own->shape), nn_shape_count(input->shape)};
    layer->output_shape = own->shape;
    layer->time.kept = !own->features && own->shape.dimensions > 0 && first->shape.dimensions > 0 &&
                       own->shape.extents[0] == first->shape.extents[0];
    return NN_OK;
}
