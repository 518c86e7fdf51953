/*
 * Kernels of normalisation for contiguous arrays of rows x channels. Sums are taken in double, in an order
 * that depends only on rows and channels. Output arrays may be input arrays, but must not overlap them
 * otherwise.
 */
#ifndef NN_TENSOR_NORM_H
#define NN_TENSOR_NORM_H

#include <stdint.h>

#include "base/real.h"

/* Per channel, adds the sum of x - shift to sums[channel] and the sum of its squares to sums[channels +
 * channel]. With one of the values as the shift, variance x n = (sum of squares) - (sum)^2 / n loses at most
 * a factor n of the accuracy of double, however far the values are from 0 (Chan, Golub, LeVeque: Algorithms
 * for computing the sample variance, 1983). */
void nn_norm_add_moments(int64_t rows, int64_t channels, const nn_real *x, const nn_real *shift,
                         double *sums);

/* The same for the sums of w and of w (x - shift). */
void nn_norm_add_products(int64_t rows, int64_t channels, const nn_real *w, const nn_real *x,
                          const nn_real *shift, double *sums);

/* repeated[i] = values[i % channels], i < period: gives long loops for few channels. */
void nn_norm_repeat(int64_t channels, int64_t period, const nn_real *values, nn_real *repeated);

/* y = (x - mean) factor + offset + added; added may be NULL. Value i uses entry i % period of mean, factor
 * and offset. */
void nn_norm_apply(int64_t count, int64_t period, const nn_real *mean, const nn_real *factor,
                   const nn_real *offset, const nn_real *x, const nn_real *added, nn_real *y);

/* dx = factor dy - constant - (x - mean) slope. */
void nn_norm_apply_gradient(int64_t count, int64_t period, const nn_real *mean, const nn_real *factor,
                            const nn_real *constant, const nn_real *slope, const nn_real *x,
                            const nn_real *dy, nn_real *dx);

/* Normalises each row: y = (x - mean) inverse scale + shift, inverse = 1 / sqrt(variance + epsilon); returns
 * mean and inverse per row. */
void nn_norm_rows(int64_t rows, int64_t columns, double epsilon, const nn_real *scale, const nn_real *shift,
                  const nn_real *x, nn_real *mean, nn_real *inverse, nn_real *y);

/* Its gradients: writes dx, unless NULL; adds the sums over rows of dy to sums[column], and those of dy (x -
 * mean) inverse to sums[columns + column]. */
void nn_norm_rows_gradient(int64_t rows, int64_t columns, const nn_real *scale, const nn_real *mean,
                           const nn_real *inverse, const nn_real *x, const nn_real *dy, nn_real *dx,
                           double *sums);

#endif
