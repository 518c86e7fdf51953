/* Mixed precision in plain C, on any CPU. */
#include "tensor/tile.h"

#ifdef NN_REAL_FLOAT

#include <float.h>
#include <math.h>

#include "tensor/tile_portable.h"

NN_INLINE float tile_flush(float value)
{
    return fabsf(value) < FLT_MIN ? copysignf(0, value) : value;
}

/*
 * x86 calls a result tiny if it is below 2^-126 when rounded to 24 bits with any exponent, that is, if the
 * exact value is below 2^-126 - 2^-151; other CPUs, if it is below 2^-126. So the mode of the CPU cannot
 * flush here. Only a result of 2^-126 leaves a doubt: the exact value is t + error (Knuth's two-sum; the
 * product is exact in double).
 */
static bool tile_is_tiny(float a, float b, float c)
{
    static const double bound = 0x1p-126 - 0x1p-151;
    double product = (double)a * b, t = product + c, added = t - product;
    double error = (product - (t - added)) + (c - added);
    if (t < 0) {
        t = -t;
        error = -error;
    }
    return t < bound || (t == bound && error < 0);
}

static float tile_flushed_multiply_add(float a, float b, float c)
{
    a = tile_flush(a);
    b = tile_flush(b);
    c = tile_flush(c);
    float result = fmaf(a, b, c);
    if (fabsf(result) == FLT_MIN && tile_is_tiny(a, b, c)) return copysignf(0, result);
    return tile_flush(result);
}

NN_INLINE tile_vector tile_multiply_add(tile_vector a, tile_vector b, tile_vector c)
{
    tile_vector result;
    for (int i = 0; i < TILE_LANES; i++)
        result.values[i] = tile_flushed_multiply_add(a.values[i], b.values[i], c.values[i]);
    return result;
}

NN_INLINE tile_vector tile_add(tile_vector a, tile_vector b)
{
    tile_vector result;
    for (int i = 0; i < TILE_LANES; i++)
        result.values[i] = tile_flush(tile_flush(a.values[i]) + tile_flush(b.values[i]));
    return result;
}

#define TILE_PAIRED 1
#include "tensor/tile_template.h"

const nn_tile_kernels nn_tile_mixed_portable = {
    .name = "mixed, portable",
    .lanes = TILE_LANES,
    .rows = TILE_ROWS,
    .operands = NN_TILE_ROUNDED,
    .product = tile_product,
    .gradient = tile_gradient,
};

#endif
