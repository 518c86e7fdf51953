/* Tiles in 32 registers of 512 bits. */
#include "tensor/tile.h"

#ifdef NN_TILE_X86

#include "tensor/tile_avx512.h"

#define TILE_PAIRED 0
#include "tensor/tile_channels.h"
#include "tensor/tile_row.h"
#include "tensor/tile_template.h"

const nn_tile_kernels nn_tile_avx512 = {
    .name = "AVX-512",
    .lanes = TILE_LANES,
    .rows = TILE_ROWS,
    .product = tile_product,
    .gradient = tile_gradient,
    .row = tile_row,
    .channel_product = tile_channel_product,
    .channel_gradient = tile_channel_gradient,
};

#endif
