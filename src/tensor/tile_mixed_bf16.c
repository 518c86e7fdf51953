/* Mixed precision with the instruction vdpbf16ps of AVX512_BF16, which adds a pair of terms. Its odd term
 * comes first, and it flushes denormals in any mode of the CPU. */
#include "tensor/tile.h"

#if defined(NN_TILE_BF16) && defined(NN_REAL_FLOAT)

#include <string.h>

#include "tensor/tile_avx512.h"
#undef TILE_TARGET
#define TILE_TARGET __attribute__((target("avx512f,avx512bf16")))
#include "tensor/tile_vector.h"

typedef uint16_t tile_operand;

/* The pair in all lanes. */
#define tile_spread_pair(pair) ((__m512bh)_mm512_set1_epi32((int)(pair)))
#define tile_load_pairs(p) ((__m512bh)_mm512_loadu_ps(p))
#define tile_load_pairs_part(p, count) ((__m512bh)tile_load_part(p, count))

/* A pair of terms, or with `single` one term: its other half is 0. */
TILE_INLINE uint32_t tile_pair(const tile_operand *a, const bool single)
{
    uint32_t pair;
    if (single) return *a;
    memcpy(&pair, a, sizeof pair);
    return pair;
}

TILE_INLINE void tile_product_pair(const tile_operand *a, int64_t lda, const nn_real *weights,
                                   const bool single, const int rows, const int vectors,
                                   tile_vector sums[][NN_TILE_VECTORS])
{
    __m512bh w[NN_TILE_VECTORS];
    TILE_UNROLL
    for (int v = 0; v < vectors; v++) w[v] = tile_load_pairs(weights + v * TILE_LANES);
    TILE_UNROLL
    for (int r = 0; r < rows; r++) {
        __m512bh x = tile_spread_pair(tile_pair(a + r * lda, single));
        TILE_UNROLL
        for (int v = 0; v < vectors; v++) sums[r][v] = _mm512_dpbf16_ps(sums[r][v], x, w[v]);
    }
}

TILE_INLINE const nn_real *tile_product_run(const tile_operand *a, int64_t lda, int64_t length,
                                            const nn_real *weights, const int rows, const int vectors,
                                            tile_vector sums[][NN_TILE_VECTORS])
{
    int64_t width = vectors * TILE_LANES;
    for (; length >= 2; length -= 2, a += 2, weights += width)
        tile_product_pair(a, lda, weights, false, rows, vectors, sums);
    if (length == 0) return weights;
    tile_product_pair(a, lda, weights, true, rows, vectors, sums);
    return weights + width;
}

TILE_INLINE void tile_gradient_pair(const nn_real *a, const nn_real *b, int64_t last, const bool single,
                                    const int64_t *offsets, const int rows, const int vectors,
                                    tile_vector sums[][NN_TILE_VECTORS])
{
    __m512bh y[NN_TILE_VECTORS];
    TILE_UNROLL
    for (int v = 0; v < vectors - 1; v++) y[v] = tile_load_pairs(b + v * TILE_LANES);
    y[vectors - 1] = tile_load_pairs_part(b + (vectors - 1) * TILE_LANES, last);
    TILE_UNROLL
    for (int r = 0; r < rows; r++) {
        uint32_t pair;
        memcpy(&pair, a + (offsets ? offsets[r] : r), sizeof pair);
        __m512bh x = tile_spread_pair(single ? pair & 0xffff : pair);
        TILE_UNROLL
        for (int v = 0; v < vectors; v++) sums[r][v] = _mm512_dpbf16_ps(sums[r][v], x, y[v]);
    }
}

TILE_INLINE void tile_gradient_line(const nn_tile_gradient *call, const nn_real *a, const nn_real *b,
                                    const int64_t *offsets, const int rows, const int vectors,
                                    tile_vector sums[][NN_TILE_VECTORS])
{
    int64_t length = call->length, last = TILE_LAST(call->columns, vectors);
    for (; length >= 2; length -= 2, a += 2 * call->lda, b += call->ldb)
        tile_gradient_pair(a, b, last, false, offsets, rows, vectors, sums);
    if (length > 0) tile_gradient_pair(a, b, last, true, offsets, rows, vectors, sums);
}

#include "tensor/tile_template.h"

#include "tensor/tile_flush.h" /* for what is added to C */

const nn_tile_kernels nn_tile_mixed_bf16 = {
    .name = "mixed, AVX512_BF16",
    .lanes = TILE_LANES,
    .rows = TILE_ROWS,
    .operands = NN_TILE_PAIRS,
    .product = tile_flushed_product,
    .gradient = tile_flushed_gradient,
};

#endif
