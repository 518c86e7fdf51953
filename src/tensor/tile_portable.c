/* Tiles in plain C. */
#include <math.h>

#include "tensor/tile.h"
#include "tensor/vectorize.h"

#define TILE_TARGET
#define TILE_ROWS 6
#define TILE_LANES 4

typedef struct tile_vector {
    nn_real values[TILE_LANES];
} tile_vector;

NN_INLINE tile_vector tile_load_part(const nn_real *values, int64_t count)
{
    tile_vector result;
    for (int i = 0; i < TILE_LANES; i++) result.values[i] = i < count ? values[i] : 0;
    return result;
}

NN_INLINE void tile_store_part(nn_real *values, int64_t count, tile_vector vector)
{
    for (int i = 0; i < TILE_LANES && i < count; i++) values[i] = vector.values[i];
}

NN_INLINE tile_vector tile_load(const nn_real *values)
{
    return tile_load_part(values, TILE_LANES);
}

NN_INLINE tile_vector tile_spread(const nn_real *value)
{
    tile_vector result;
    for (int i = 0; i < TILE_LANES; i++) result.values[i] = *value;
    return result;
}

NN_INLINE tile_vector tile_zero(void)
{
    static const nn_real zero = 0;
    return tile_spread(&zero);
}

NN_INLINE tile_vector tile_multiply_add(tile_vector a, tile_vector b, tile_vector c)
{
    tile_vector result;
    for (int i = 0; i < TILE_LANES; i++)
#ifdef NN_REAL_DOUBLE
        result.values[i] = fma(a.values[i], b.values[i], c.values[i]);
#else
        result.values[i] = fmaf(a.values[i], b.values[i], c.values[i]);
#endif
    return result;
}

NN_INLINE tile_vector tile_add(tile_vector a, tile_vector b)
{
    tile_vector result;
    for (int i = 0; i < TILE_LANES; i++) result.values[i] = a.values[i] + b.values[i];
    return result;
}

#include "tensor/tile_template.h"

const nn_tile_kernels nn_tile_portable = {
    .name = "portable",
    .lanes = TILE_LANES,
    .rows = TILE_ROWS,
    .product = tile_product,
    .gradient = tile_gradient,
    .channel_product = tile_channel_product,
    .channel_gradient = tile_channel_gradient,
};
