/* The trainable scale and shift of a normalisation, y = z scale + shift per channel: private to nn. */
#ifndef NN_NN_AFFINE_H
#define NN_NN_AFFINE_H

#include "nn/layer.h"

extern const nn_tensor_axes nn_affine_axes[];

typedef struct nn_affine {
    int64_t channels;
    int scale, shift; /* indices of parameters; -1: none */
} nn_affine;

/* For build: adds the parameters that are wanted, scale first, and one part for both. */
nn_status nn_affine_build(nn_layer *layer, int64_t channels, bool scale, bool shift, nn_affine *affine);

/* As nn_layer_type.gradient, for that part: adds what the samples contribute, in order. sums: for each
 * sample, the gradients of shift and then of scale, `channels` values each. totals: room for those of one
 * sample. */
void nn_affine_gradient(const nn_layer *layer, const nn_affine *affine, int64_t samples, const double *sums,
                        double *totals, bool accumulate, nn_real *values);

/* As nn_layer_type.tangent, if the layer is scale S x + shift in the values of a sample, with a Jacobian of S
 * that is symmetric, and backward reads no parameter but the scale. */
void nn_affine_tangent(const nn_layer *layer, const nn_affine *affine, const nn_layer_call *call);

#endif
