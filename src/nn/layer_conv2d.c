/* Convolution over two spatial dimensions. */
#include "nn/convolution.h"

static nn_status conv2d_build(nn_layer *layer)
{
    return nn_convolution_build(layer, 2);
}

static const nn_tensor_axes conv2d_axes[] = {
    {"weight", "kernel_height, kernel_width, inputs per group, filters", "weight'", "vars/0"},
    {"bias", "filters", "bias", "vars/1"},
    {0}};

const nn_layer_type nn_layer_conv2d = {
    .name = "conv2d",
    .summary = "convolution of images (height x width x channels)",
    .example = "conv2d: {filters: 3, kernel: 3, padding: same, activation: relu}",
    .example_shape = {3, {5, 4, 2}},
    .options = nn_convolution_table,
    .options_size = sizeof(nn_convolution_options),
    .activation_option = 1 + offsetof(nn_convolution_options, activation),
    .build = conv2d_build,
    .takes_groups = true,
    .pack = nn_convolution_pack,
    .forward = nn_convolution_forward,
    .backward = nn_convolution_backward,
    .tangent = nn_convolution_tangent,
    .gradient = nn_convolution_gradient,
    .axes = conv2d_axes,
};
