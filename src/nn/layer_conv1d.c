/* Convolution over one spatial dimension, or time. */
#include "nn/convolution.h"

static nn_status conv1d_build(nn_layer *layer)
{
    return nn_convolution_build(layer, 1);
}

static const nn_tensor_axes conv1d_axes[] = {
    {"weight", "kernel, inputs per group, filters", "weight'", "vars/0"},
    {"bias", "filters", "bias", "vars/1"},
    {0}};

const nn_layer_type nn_layer_conv1d = {
    .name = "conv1d",
    .summary = "convolution of sequences (steps x channels), along time",
    .example = "conv1d: {filters: 3, kernel: 3, padding: same, activation: relu}",
    .example_shape = {2, {5, 2}},
    .options = nn_convolution_table,
    .options_size = sizeof(nn_convolution_options),
    .activation_option = 1 + offsetof(nn_convolution_options, activation),
    .build = conv1d_build,
    .takes_groups = true,
    .pack = nn_convolution_pack,
    .forward = nn_convolution_forward,
    .backward = nn_convolution_backward,
    .tangent = nn_convolution_tangent,
    .gradient = nn_convolution_gradient,
    .axes = conv1d_axes,
};
