/* The rate to which utilisation refers. */
#ifndef NN_TENSOR_PEAK_H
#define NN_TENSOR_PEAK_H

#include <stdint.h>

#include "tensor/engine.h"

/* Floating-point operations per second on this thread of the fastest matrix product, of any engine, in the
 * precision of `engine`: the best of several, taken in turn within `seconds` (at least two of each). The BLAS
 * library multiplies n x n matrices; ours, which need no large sizes, at most 512 x 512. 0 if out of memory,
 * or if there is no product in that precision. */
double nn_peak(nn_engine engine, int64_t n, double seconds);

#endif
