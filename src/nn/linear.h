/*
 * Products with a trainable matrix W of inputs x units by our own kernels (tensor/product.h): for layers
 * whose engine is not `blas`. W may be stored transposed, as units x inputs.
 */
#ifndef NN_NN_LINEAR_H
#define NN_NN_LINEAR_H

#include "tensor/product.h"

typedef struct nn_linear {
    nn_engine engine;
    int64_t inputs, units;
    bool transposed;
} nn_linear;

/* Values of scratch that each of the following needs at most. */
int64_t nn_linear_scratch(const nn_linear *linear);

/* Columns [begin, end) of Y = X W + b, where rows list X as A and Y as C. bias: NULL if there is none. */
void nn_linear_forward(const nn_linear *linear, const nn_real *weight, const nn_real *bias, int count,
                       const nn_product_rows *rows, int64_t begin, int64_t end, nn_real *scratch);

/* Columns [begin, end) of dX = dY W^T, where rows list dY as A and dX as C. */
void nn_linear_backward(const nn_linear *linear, const nn_real *weight, int count,
                        const nn_product_rows *rows, int64_t begin, int64_t end, nn_real *scratch);

/* Rows [first, first + rows) of W's gradient as stored, summed canonically over the microbatches: X is A and
 * dY is B of a leaf. Several leaves have at most nn_product_sum_terms() terms together. `add`: the sum is
 * added to values. sums: scratch for the rows, which is used only where a single leaf has more terms. */
void nn_linear_gradient(const nn_linear *linear, int count, const nn_product_leaf *leaves, int64_t first,
                        int64_t rows, bool add, nn_real *scratch, nn_real *sums, nn_real *values);

#endif
