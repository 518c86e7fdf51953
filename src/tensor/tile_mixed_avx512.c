/* Mixed precision with two fused multiply-adds per pair of terms, on tiles of AVX-512. */
#include "tensor/tile.h"

#if defined(NN_TILE_X86) && defined(NN_REAL_FLOAT)

#include "tensor/tile_avx512.h"

#define TILE_PAIRED 1
#include "tensor/tile_template.h"

#include "tensor/tile_flush.h"

const nn_tile_kernels nn_tile_mixed_avx512 = {
    .name = "mixed, AVX-512",
    .lanes = TILE_LANES,
    .rows = TILE_ROWS,
    .operands = NN_TILE_ROUNDED,
    .product = tile_flushed_product,
    .gradient = tile_flushed_gradient,
};

#endif
