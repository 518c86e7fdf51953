/* Results of the vector kernels on fixed numbers, for comparing machines and builds. */
#ifndef NN_TENSOR_TRIAL_H
#define NN_TENSOR_TRIAL_H

#include <stdint.h>

#include "base/real.h"

/* Fills values with uniform numbers in [low, high) that use all bits of a value; `first` selects the
 * sequence.
 */
void nn_trial_fill(uint64_t first, double low, double high, int64_t count, nn_real *values);

/* Hashes the values, continuing from `seed`. NaN is replaced by 0, since its bits have no meaning. */
uint64_t nn_trial_hash(int64_t count, nn_real *values, uint64_t seed);

/* A hash over the results of the elementary functions, softmax, and sums. */
uint64_t nn_trial_kernels(void);

#endif
