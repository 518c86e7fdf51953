/* Convolution over three spatial dimensions. */
#include "nn/convolution.h"

static nn_status conv3d_build(nn_layer *layer)
{
    return nn_convolution_build(layer, 3);
}

static const nn_tensor_axes conv3d_axes[] = {
    {"weight", "kernel_depth, kernel_height, kernel_width, inputs per group, filters", "weight'", "vars/0"},
    {"bias", "filters", "bias", "vars/1"},
    {0}};

const nn_layer_type nn_layer_conv3d = {
    .name = "conv3d",
    .summary = "convolution of volumes (depth x height x width x channels)",
    .example = "conv3d: {filters: 2, kernel: 2, activation: relu}",
    .example_shape = {4, {3, 4, 2, 2}},
    .options = nn_convolution_table,
    .options_size = sizeof(nn_convolution_options),
    .activation_option = 1 + offsetof(nn_convolution_options, activation),
    .build = conv3d_build,
    .takes_groups = true,
    .pack = nn_convolution_pack,
    .forward = nn_convolution_forward,
    .backward = nn_convolution_backward,
    .tangent = nn_convolution_tangent,
    .gradient = nn_convolution_gradient,
    .axes = conv3d_axes,
};
