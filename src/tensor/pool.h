/*
 * Pooling of one window of positions, channels last: vectorised over the channels, taps in memory order.
 */
#ifndef NN_TENSOR_POOL_H
#define NN_TENSOR_POOL_H

#include <stdint.h>

#include "base/real.h"

/* A box of positions in an array: their number along each axis, and their distances in values. */
typedef struct nn_pool_box {
    int64_t extents[3], strides[3];
    int64_t channels;
} nn_pool_box;

/* Per channel, writes the largest value to y, and its tap (the first of equals; NaN counts as largest) to
 * taps unless NULL. An empty box gives 0. */
void nn_pool_max(const nn_pool_box *box, const nn_real *x, nn_real *y, nn_real *taps);

/* Adds dy to the gradient of the selected taps. */
void nn_pool_max_gradient(const nn_pool_box *box, const nn_real *taps, const nn_real *dy, nn_real *dx);

/* y receives the values of x at the selected taps; 0 for an empty box. */
void nn_pool_max_tangent(const nn_pool_box *box, const nn_real *taps, const nn_real *x, nn_real *y);

/* The mean of each channel; 0 for an empty box. */
void nn_pool_average(const nn_pool_box *box, const nn_real *x, nn_real *y);

/* Adds dy / positions to the gradient of each position. */
void nn_pool_average_gradient(const nn_pool_box *box, const nn_real *dy, nn_real *dx);

#endif
