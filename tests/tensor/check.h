/* Shared by the tests of tensor: cmocka, random arrays, comparison by bits. */
#ifndef NN_TEST_TENSOR_CHECK_H
#define NN_TEST_TENSOR_CHECK_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/philox.h"
#include "base/real.h"

#ifdef NN_REAL_DOUBLE
#define CHECK_EPSILON 0x1p-52
#define CHECK_LARGEST 0x1.fffffffffffffp+1023
#else
#define CHECK_EPSILON 0x1p-23
#define CHECK_LARGEST 0x1.fffffep+127f
#endif

/* Uniform in [-limit, limit), a function of (stream, index). */
static inline void check_fill(uint32_t stream, double limit, int64_t count, nn_real *values)
{
    nn_random numbers = {.seed = 1, .purpose = stream, .step = 0};
    for (int64_t i = 0; i < count; i++) {
        values[i] = (nn_real)(limit * (2 * nn_random_uniform(numbers, (uint64_t)i) - 1));
    }
}

/* An integer in [0, below). */
static inline int64_t check_number(uint32_t stream, uint64_t index, int64_t below)
{
    nn_random numbers = {.seed = 2, .purpose = stream, .step = 0};
    return (int64_t)(nn_random_uniform(numbers, index) * (double)below);
}

static inline void check_same_bits(int64_t count, const nn_real *one, const nn_real *other)
{
    if (count > 0) assert_memory_equal(one, other, (size_t)count * sizeof(nn_real));
}

static inline void check_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance)) {
        fail_msg("%.17g instead of %.17g (tolerance %.3g)", value, expected, tolerance);
    }
}

#endif
