/* The mean of each window. */
#include "nn/pooling.h"
#include "nn/tangent.h"

const nn_layer_type nn_layer_average_pool = {
    .name = "average_pool",
    .summary = "mean of each window, per channel; padding is not counted",
    .example = "average_pool: {kernel: 2, padding: same}",
    .example_shape = {3, {5, 4, 2}},
    .options = nn_pooling_table,
    .options_size = sizeof(nn_pooling_options),
    .build = nn_pooling_build,
    .forward = nn_pooling_forward_average,
    .backward = nn_pooling_backward_average,
    .tangent = nn_tangent_linear,
};
