/*
 * Arrays of bfloat16 (tensor/bfloat.h), with the same bits on every instruction set. Denormals are values
 * like any others: they are rounded to the nearest multiple of 2^-133, never flushed.
 */
#ifndef NN_TENSOR_KERNELS_BFLOAT_H
#define NN_TENSOR_KERNELS_BFLOAT_H

#include <stdint.h>

/* Rounds each value to bfloat16, in place: to nearest, ties to even. What is too large becomes infinite; NaN
 * remains NaN. */
void nn_bfloat_round_all(int64_t count, float *values);

/* Values that bfloat16 represents, to 2 bytes each, and back; both are exact. */
void nn_bfloat_narrow(int64_t count, const float *values, uint16_t *halves);
void nn_bfloat_widen(int64_t count, const uint16_t *halves, float *values);

#endif
