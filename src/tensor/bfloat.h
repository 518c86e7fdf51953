/* bfloat16: the upper half of a float32. */
#ifndef NN_TENSOR_BFLOAT_H
#define NN_TENSOR_BFLOAT_H

#include <stdint.h>
#include <string.h>

/* Rounds to the nearest bfloat16, ties to even; the result in the upper 16 bits, the lower are 0. What is too
 * large becomes infinite; NaN remains NaN. */
static inline uint32_t nn_bfloat_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t rounded = bits + 0x7fff + (bits >> 16 & 1), nan = bits | 0x400000;
    return ((bits & 0x7fffffff) > 0x7f800000 ? nan : rounded) & 0xffff0000;
}

static inline float nn_bfloat_round(float value)
{
    uint32_t bits = nn_bfloat_bits(value);
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
