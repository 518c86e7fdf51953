/*
 * Sums and maxima over an array in an order that depends only on its length. Of the full groups of NN_LANES,
 * element i belongs to lane i modulo NN_LANES, and the lanes are folded in halves; the remaining elements are
 * summed from left to right, and that sum is added last. The compiler turns the lanes into vectors.
 */
#ifndef NN_TENSOR_REDUCE_H
#define NN_TENSOR_REDUCE_H

#include <stdint.h>

#include "base/real.h"
#include "tensor/vectorize.h"

#define NN_LANES 16

NN_INLINE double reduce_fold(double lanes[NN_LANES])
{
    for (int half = NN_LANES / 2; half > 0; half /= 2) {
        for (int lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
    }
    return lanes[0];
}

NN_INLINE double reduce_dot(int64_t count, const nn_real *a, const nn_real *b)
{
    double lanes[NN_LANES] = {0};
    int64_t whole = count - count % NN_LANES;
    for (int64_t i = 0; i < whole; i += NN_LANES) {
        for (int lane = 0; lane < NN_LANES; lane++) lanes[lane] += (double)a[i + lane] * (double)b[i + lane];
    }
    double rest = 0;
    for (int64_t i = whole; i < count; i++) rest += (double)a[i] * (double)b[i];
    return whole > 0 ? reduce_fold(lanes) + rest : rest;
}

NN_INLINE double reduce_sum(int64_t count, const nn_real *values)
{
    double lanes[NN_LANES] = {0};
    int64_t whole = count - count % NN_LANES;
    for (int64_t i = 0; i < whole; i += NN_LANES) {
        for (int lane = 0; lane < NN_LANES; lane++) lanes[lane] += (double)values[i + lane];
    }
    double rest = 0;
    for (int64_t i = whole; i < count; i++) rest += (double)values[i];
    return whole > 0 ? reduce_fold(lanes) + rest : rest;
}

/* The largest of at least one value. NaN may be ignored. */
NN_INLINE nn_real reduce_maximum(int64_t count, const nn_real *values)
{
    nn_real lanes[NN_LANES];
    int64_t whole = count - count % NN_LANES;
    for (int lane = 0; lane < NN_LANES; lane++) lanes[lane] = values[0];
    for (int64_t i = 0; i < whole; i += NN_LANES) {
        for (int lane = 0; lane < NN_LANES; lane++) {
            nn_real value = values[i + lane];
            lanes[lane] = value > lanes[lane] ? value : lanes[lane];
        }
    }
    nn_real maximum = values[0];
    for (int64_t i = whole; i < count; i++) maximum = values[i] > maximum ? values[i] : maximum;
    for (int lane = 0; whole > 0 && lane < NN_LANES; lane++) {
        maximum = lanes[lane] > maximum ? lanes[lane] : maximum;
    }
    return maximum;
}

#endif
