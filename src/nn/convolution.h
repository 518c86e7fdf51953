/*
 * Convolutions in 1, 2 or 3 spatial dimensions, and transposed ones: what their plug-ins share.
 *
 * The weight is kernel x (inputs / groups) x filters, row-major, the kernel's extents first. That of a
 * transposed convolution is kernel x filters x inputs: it is the convolution from its output to its input,
 * reversed.
 */
#ifndef NN_NN_CONVOLUTION_H
#define NN_NN_CONVOLUTION_H

#include "nn/window.h"

/* The options of a convolution. */
typedef struct nn_convolution_options {
    int64_t filters;
    nn_window_options window;
    nn_integer_list groups;         /* not transposed */
    nn_integer_list output_padding; /* transposed only */
    int activation;
    bool bias;
    int initializer;
} nn_convolution_options;

extern const nn_option nn_convolution_table[], nn_convolution_transposed_table[];

/* The functions of a plug-in whose options are an nn_convolution_options; build takes the number of spatial
 * dimensions. */
nn_status nn_convolution_build(nn_layer *layer, int dimensions);
nn_status nn_convolution_build_transposed(nn_layer *layer, int dimensions);
void nn_convolution_pack(const nn_layer *layer, nn_pass pass, const nn_real *parameters, nn_real *packed);
void nn_convolution_forward(const nn_layer *layer, const nn_layer_call *calls);
void nn_convolution_tangent(const nn_layer *layer, const nn_layer_call *call);
void nn_convolution_backward(const nn_layer *layer, const nn_layer_call *calls);
void nn_convolution_gradient(const nn_layer *layer, const nn_layer_call *call, int part, bool accumulate,
                             nn_real *values);

#endif
