/* Mixed precision with two fused multiply-adds per pair of terms, on tiles of AVX2. */
#include "tensor/tile.h"

#if defined(NN_TILE_X86) && defined(NN_REAL_FLOAT)

#include "tensor/tile_avx2.h"

#define TILE_PAIRED 1
#include "tensor/tile_template.h"

#include "tensor/tile_flush.h"

const nn_tile_kernels nn_tile_mixed_avx2 = {
    .name = "mixed, AVX2",
    .lanes = TILE_LANES,
    .rows = TILE_ROWS,
    .operands = NN_TILE_ROUNDED,
    .product = tile_flushed_product,
    .gradient = tile_flushed_gradient,
};

#endif
