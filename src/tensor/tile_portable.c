/* Tiles in plain C. */
#include <math.h>

#include "tensor/tile.h"

#include "tensor/tile_portable.h"

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

#define TILE_PAIRED 0
#include "tensor/tile_channels.h"
#include "tensor/tile_row.h"
#include "tensor/tile_template.h"

const nn_tile_kernels nn_tile_portable = {
    .name = "portable",
    .lanes = TILE_LANES,
    .rows = TILE_ROWS,
    .product = tile_product,
    .gradient = tile_gradient,
    .row = tile_row,
    .channel_product = tile_channel_product,
    .channel_gradient = tile_channel_gradient,
};
