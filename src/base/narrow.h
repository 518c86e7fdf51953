/* Converts 64-bit numbers to int, where a library or a list counts in ints. */
#ifndef NN_BASE_NARROW_H
#define NN_BASE_NARROW_H

#include <stdint.h>

#include "base/status.h"

/* *narrow = value, from 0 to INT_MAX; otherwise NN_ERROR_USAGE with what it counts and what to do: "the taps
 * of a kernel: 3000000000, but at most 2147483647 are possible; choose a smaller kernel". */
nn_status nn_narrow(int64_t value, const char *what, const char *advice, int *narrow);

#endif
