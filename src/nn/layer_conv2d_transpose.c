/*
 * Transposed convolution over two spatial dimensions (Zeiler, Krishnan, Taylor, Fergus: Deconvolutional
 * networks; CVPR 2010): the reverse of a strided convolution, so that the extents grow by the stride.
 */
#include "nn/convolution.h"

static nn_status conv2d_transpose_build(nn_layer *layer)
{
    return nn_convolution_build_transposed(layer, 2);
}

static const nn_tensor_axes conv2d_transpose_axes[] = {
    {"weight", "kernel_height, kernel_width, filters, inputs", "weight'", "vars/0"},
    {"bias", "filters", "bias", "vars/1"},
    {0}};

const nn_layer_type nn_layer_conv2d_transpose = {
    .name = "conv2d_transpose",
    .summary = "transposed convolution of images: height and width grow by the stride",
    .example = "conv2d_transpose: {filters: 3, kernel: 3, stride: 2}",
    .example_shape = {3, {3, 2, 2}},
    .options = nn_convolution_transposed_table,
    .options_size = sizeof(nn_convolution_options),
    .activation_option = 1 + offsetof(nn_convolution_options, activation),
    .build = conv2d_transpose_build,
    .takes_groups = true,
    .pack = nn_convolution_pack,
    .forward = nn_convolution_forward,
    .backward = nn_convolution_backward,
    .tangent = nn_convolution_tangent,
    .gradient = nn_convolution_gradient,
    .axes = conv2d_transpose_axes,
};
