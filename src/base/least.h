/* The smaller and the larger of two integers. */
#ifndef NN_BASE_LEAST_H
#define NN_BASE_LEAST_H

#include <stdint.h>

static inline int64_t nn_smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t nn_larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

#endif
