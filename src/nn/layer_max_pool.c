/* The largest value of each window. */
#include "nn/pooling.h"

static nn_status max_pool_build(nn_layer *layer)
{
    NN_TRY(nn_pooling_build(layer));
    layer->saved_per_sample = nn_shape_count(layer->output_shape);
    return NN_OK;
}

const nn_layer_type nn_layer_max_pool = {
    .name = "max_pool",
    .summary = "largest value of each window, per channel",
    .example = "max_pool: 2",
    .example_shape = {3, {5, 4, 2}},
    .options = nn_pooling_table,
    .options_size = sizeof(nn_pooling_options),
    .build = max_pool_build,
    .forward = nn_pooling_forward_max,
    .backward = nn_pooling_backward_max,
    .tangent = nn_pooling_tangent_max,
};
