/*
 * Element-wise kernels, vectorised by CPU feature, with the same bits on every instruction set and for every
 * partition of an array. All work in place (output == input); other overlaps are not allowed.
 */
#ifndef NN_TENSOR_KERNELS_H
#define NN_TENSOR_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/real.h"

void nn_add(int64_t count, const nn_real *a, nn_real *sum);                            /* sum += a */
void nn_multiply(int64_t count, const nn_real *a, nn_real *product);                   /* product *= a */
void nn_scale(int64_t count, nn_real factor, nn_real *values);                         /* values *= factor */
void nn_add_bias(int64_t rows, int64_t columns, const nn_real *bias, nn_real *matrix); /* to every row */

/* Clamps values to [-limit, limit]; NaN is kept. */
void nn_clip(int64_t count, nn_real limit, nn_real *values);

/* A running average: average = kept x average + (1 - kept) x values. */
void nn_blend(int64_t count, double kept, const nn_real *values, nn_real *average);

/* sums[c] = sum of column c over the rows, in order; with accumulate, the old sums[c] is added afterwards, in
 * one addition. ld: distance between rows, in values.
 */
void nn_sum_rows(int64_t rows, int64_t columns, const nn_real *matrix, int64_t ld, bool accumulate,
                 nn_real *sums);

/* Sum of squares in double, in an order that depends only on count. NaN or Inf if a value is. */
double nn_sum_squares(int64_t count, const nn_real *values);
bool nn_all_finite(int64_t count, const nn_real *values);

/* exp, log, tanh, erf: error at most 2 units in the last place in float, 4 in double; NaN is kept; exp
 * overflows to Inf and underflows to 0 (subnormals may be flushed); log(0) is -Inf. */
void nn_exp(int64_t count, const nn_real *x, nn_real *y);
void nn_log(int64_t count, const nn_real *x, nn_real *y);
void nn_tanh(int64_t count, const nn_real *x, nn_real *y);
void nn_erf(int64_t count, const nn_real *x, nn_real *y);
void nn_sigmoid(int64_t count, const nn_real *x, nn_real *y);
void nn_gelu(int64_t count, const nn_real *x, nn_real *y); /* x Phi(x), exact (Hendrycks, Gimpel 2016) */
void nn_relu(int64_t count, const nn_real *x, nn_real *y);
void nn_leaky_relu(int64_t count, nn_real slope, const nn_real *x, nn_real *y);

/* exp(x) - 1 below 0, x above (Clevert, Unterthiner, Hochreiter 2016); and both sides scaled so that mean 0
 * and variance 1 are preserved (Klambauer et al. 2017). */
void nn_elu(int64_t count, const nn_real *x, nn_real *y);
void nn_selu(int64_t count, const nn_real *x, nn_real *y);
void nn_silu(int64_t count, const nn_real *x, nn_real *y);     /* x sigmoid(x) */
void nn_softplus(int64_t count, const nn_real *x, nn_real *y); /* log(1 + exp(x)) */
/* Piecewise linear: min(max(x / 6 + 1/2, 0), 1); x times that; min(max(x, -1), 1) (Howard et al. 2019). */
void nn_hard_sigmoid(int64_t count, const nn_real *x, nn_real *y);
void nn_hard_swish(int64_t count, const nn_real *x, nn_real *y);
void nn_hard_tanh(int64_t count, const nn_real *x, nn_real *y);

/* dx = dy times the derivative, computed from the output y or, for gelu, silu, softplus and hard_swish, from
 * the input x. relu keeps NaN. */
void nn_relu_gradient(int64_t count, const nn_real *y, const nn_real *dy, nn_real *dx);
void nn_leaky_relu_gradient(int64_t count, nn_real slope, const nn_real *y, const nn_real *dy, nn_real *dx);
void nn_tanh_gradient(int64_t count, const nn_real *y, const nn_real *dy, nn_real *dx);
void nn_sigmoid_gradient(int64_t count, const nn_real *y, const nn_real *dy, nn_real *dx);
void nn_gelu_gradient(int64_t count, const nn_real *x, const nn_real *dy, nn_real *dx);
void nn_elu_gradient(int64_t count, const nn_real *y, const nn_real *dy, nn_real *dx);
void nn_selu_gradient(int64_t count, const nn_real *y, const nn_real *dy, nn_real *dx);
void nn_silu_gradient(int64_t count, const nn_real *x, const nn_real *dy, nn_real *dx);
void nn_softplus_gradient(int64_t count, const nn_real *x, const nn_real *dy, nn_real *dx);
void nn_hard_sigmoid_gradient(int64_t count, const nn_real *y, const nn_real *dy, nn_real *dx);
void nn_hard_swish_gradient(int64_t count, const nn_real *x, const nn_real *dy, nn_real *dx);
void nn_hard_tanh_gradient(int64_t count, const nn_real *y, const nn_real *dy, nn_real *dx);

/* Softmax of each row (shifted by the row's maximum), and its gradient from the output. */
void nn_softmax_rows(int64_t rows, int64_t columns, const nn_real *x, nn_real *y);
void nn_softmax_gradient_rows(int64_t rows, int64_t columns, const nn_real *y, const nn_real *dy,
                              nn_real *dx);

/* Per row: the maximum, the exponentials y = exp(x - maximum), and their sum in double, for softmax and its
 * logarithm. y may be NULL; the sums have the same bits. */
void nn_exp_rows(int64_t rows, int64_t columns, const nn_real *x, nn_real *y, nn_real *maxima, double *sums);

#endif
