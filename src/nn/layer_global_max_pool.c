/* The largest value of each channel. */
#include "nn/pooling.h"

static nn_status global_max_pool_build(nn_layer *layer)
{
    NN_TRY(nn_pooling_build_global(layer));
    layer->saved_per_sample = nn_shape_count(layer->output_shape);
    return NN_OK;
}

static const nn_option global_max_pool_options[] = {{0}};

const nn_layer_type nn_layer_global_max_pool = {
    .name = "global_max_pool",
    .summary = "largest value of each channel over all positions or steps",
    .example = "global_max_pool",
    .example_shape = {3, {5, 4, 2}},
    .options = global_max_pool_options,
    .build = global_max_pool_build,
    .forward = nn_pooling_forward_max,
    .backward = nn_pooling_backward_max,
    .tangent = nn_pooling_tangent_max,
};
