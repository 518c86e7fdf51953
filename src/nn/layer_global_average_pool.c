/* The mean of each channel (Lin, Chen, Yan: Network in network; ICLR 2014). */
#include "nn/pooling.h"
#include "nn/tangent.h"

static const nn_option global_average_pool_options[] = {{0}};

const nn_layer_type nn_layer_global_average_pool = {
    .name = "global_average_pool",
    .summary = "mean of each channel over all positions or steps",
    .example = "global_average_pool",
    .example_shape = {3, {5, 4, 2}},
    .options = global_average_pool_options,
    .build = nn_pooling_build_global,
    .forward = nn_pooling_forward_average,
    .backward = nn_pooling_backward_average,
    .tangent = nn_tangent_linear,
};
