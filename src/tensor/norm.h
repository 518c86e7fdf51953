/*
 * What normalisation computes on arrays whose last extent counts channels: rows x channels, one row behind
 * the other. Sums are taken in double, in an order that depends on rows and channels alone. Output arrays may
 * be input arrays, but may not overlap them otherwise.
 */
#ifndef NN_TENSOR_NORM_H
#define NN_TENSOR_NORM_H

#include <stdint.h>

#include "base/real.h"

/* Adds of each channel the sum of x - shift to sums[channel], and that of its square to sums[channels +
 * channel]. With one of the values as the shift, variance x n = (sum of squares) - (sum)^2 / n loses at most
 * a factor n of the accuracy of double, however far the values are from 0 (Chan, Golub, LeVeque: Algorithms
 * for computing the sample variance, 1983). */
void nn_norm_add_moments(int64_t rows, int64_t channels, const nn_real *x, const nn_real *shift,
                         double *sums);

/* The same with the sums of w and of w (x - shift). */
void nn_norm_add_products(int64_t rows, int64_t channels, const nn_real *w, const nn_real *x,
                          const nn_real *shift, double *sums);

/* repeated[i] = values[i % channels], i < period: long loops also where channels are few. */
void nn_norm_repeat(int64_t channels, int64_t period, const nn_real *values, nn_real *repeated);

/* y = (x - mean) factor + offset + added; added may be NULL. Value i takes entry i % period of mean, factor
 * and offset. */
void nn_norm_apply(int64_t count, int64_t period, const nn_real *mean, const nn_real *factor,
                   const nn_real *offset, const nn_real *x, const nn_real *added, nn_real *y);

/* dx = factor dy - constant - (x - mean) slope. */
void nn_norm_apply_gradient(int64_t count, int64_t period, const nn_real *mean, const nn_real *factor,
                            const nn_real *constant, const nn_real *slope, const nn_real *x,
                            const nn_real *dy, nn_real *dx);

/* Each row on its own: y = (x - mean) inverse scale + shift, inverse = 1 / sqrt(variance + epsilon); mean and
 * inverse of each row are kept. */
void nn_norm_rows(int64_t rows, int64_t columns, double epsilon, const nn_real *scale, const nn_real *shift,
                  const nn_real *x, nn_real *mean, nn_real *inverse, nn_real *y);

/* Its gradients: dx, unless NULL; and the sums over rows of dy are added to sums[column], those of dy (x -
 * mean) inverse to sums[columns + column]. */
void nn_norm_rows_gradient(int64_t rows, int64_t columns, const nn_real *scale, const nn_real *mean,
                           const nn_real *inverse, const nn_real *x, const nn_real *dy, nn_real *dx,
                           double *sums);

#endif
