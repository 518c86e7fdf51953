/* The data, as the first layer of every network. The caller writes its output. */
#include "nn/layer.h"

static nn_status input_build(nn_layer *layer)
{
    for (int d = 0; d < layer->output_shape.dimensions; d++)
        if (layer->output_shape.extents[d] < 1) {
            char text[NN_SHAPE_TEXT];
            NN_FAIL(NN_ERROR_USAGE, "samples of shape %s are empty; check the data set",
                    nn_shape_text(text, layer->output_shape));
        }
    return NN_OK;
}

static const nn_option input_options[] = {{0}};

const nn_layer_type nn_layer_input = {
    .name = "input",
    .summary = "the data: created for every network, never listed (`inputs` refers to it as input)",
    .example = "input",
    .options = input_options,
    .build = input_build,
};
