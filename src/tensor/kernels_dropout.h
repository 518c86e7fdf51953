/* Random factors for dropout. */
#ifndef NN_TENSOR_KERNELS_DROPOUT_H
#define NN_TENSOR_KERNELS_DROPOUT_H

#include <stdint.h>

#include "base/philox.h"
#include "base/real.h"

/* factors[i] is 0 if number begin + i of the stream is below the rate, 1 / (1 - rate) otherwise. Number i is
 * word i % 4 of nn_random_words at index i / 4, over 2^32. */
void nn_dropout_factors(nn_random stream, double rate, uint64_t begin, int64_t count, nn_real *factors);

#endif
