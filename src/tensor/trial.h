/* The vector kernels on fixed numbers: what other machines and builds are compared with. */
#ifndef NN_TENSOR_TRIAL_H
#define NN_TENSOR_TRIAL_H

#include <stdint.h>

#include "base/real.h"

/* Numbers that fill [low, high) evenly, with all the bits that a value has; other ones for another `first`.
 */
void nn_trial_fill(uint64_t first, double low, double high, int64_t count, nn_real *values);

/* Of values, NaN counting as 0 (its bits mean nothing, and it becomes 0): hash goes on from `seed`. */
uint64_t nn_trial_hash(int64_t count, nn_real *values, uint64_t seed);

/* A hash over the results of the elementary functions, softmax, and sums. */
uint64_t nn_trial_kernels(void);

#endif
