/*
 * How the terms of a chain are taken, for sets whose operands are stored as nn_real: one by one, or with
 * TILE_PAIRED 1 in pairs, the odd term first. See tile_template.h.
 */
#include "tensor/tile_vector.h"

typedef nn_real tile_operand;

/* One term of each sum of a tile. */
TILE_INLINE void tile_product_term(const nn_real *a, int64_t lda, const nn_real *weights, const int rows,
                                   const int vectors, tile_vector sums[][NN_TILE_VECTORS])
{
    tile_vector w[NN_TILE_VECTORS];
    TILE_UNROLL
    for (int v = 0; v < vectors; v++) w[v] = tile_load(weights + v * TILE_LANES);
    TILE_UNROLL
    for (int r = 0; r < rows; r++) {
        tile_vector x = tile_spread(a + r * lda);
        TILE_UNROLL
        for (int v = 0; v < vectors; v++) sums[r][v] = tile_multiply_add(x, w[v], sums[r][v]);
    }
}

/* A term whose operands are 0: it replaces -0 by 0. */
TILE_INLINE void tile_zero_term(const int rows, const int vectors, tile_vector sums[][NN_TILE_VECTORS])
{
    TILE_UNROLL
    for (int r = 0; r < rows; r++) TILE_UNROLL
    for (int v = 0; v < vectors; v++) sums[r][v] = tile_multiply_add(tile_zero(), tile_zero(), sums[r][v]);
}

TILE_INLINE const nn_real *tile_product_run(const nn_real *a, int64_t lda, int64_t length,
                                            const nn_real *weights, const int rows, const int vectors,
                                            tile_vector sums[][NN_TILE_VECTORS])
{
    int64_t width = vectors * TILE_LANES;
    if (TILE_PAIRED) {
        for (; length >= 2; length -= 2, a += 2, weights += 2 * width) {
            tile_product_term(a + 1, lda, weights + width, rows, vectors, sums);
            tile_product_term(a, lda, weights, rows, vectors, sums);
        }
        if (length > 0) tile_zero_term(rows, vectors, sums);
    }
    for (; length > 0; length--, a++, weights += width)
        tile_product_term(a, lda, weights, rows, vectors, sums);
    return weights;
}

TILE_INLINE void tile_gradient_term(const nn_real *a, const nn_real *b, int64_t last, const int64_t *offsets,
                                    const int rows, const int vectors, tile_vector sums[][NN_TILE_VECTORS])
{
    tile_vector y[NN_TILE_VECTORS];
    TILE_UNROLL
    for (int v = 0; v < vectors - 1; v++) y[v] = tile_load(b + v * TILE_LANES);
    y[vectors - 1] = tile_load_part(b + (vectors - 1) * TILE_LANES, last);
    TILE_UNROLL
    for (int r = 0; r < rows; r++) {
        tile_vector x = tile_spread(a + (offsets ? offsets[r] : r));
        TILE_UNROLL
        for (int v = 0; v < vectors; v++) sums[r][v] = tile_multiply_add(x, y[v], sums[r][v]);
    }
}

TILE_INLINE void tile_gradient_line(const nn_tile_gradient *call, const nn_real *a, const nn_real *b,
                                    const int64_t *offsets, const int rows, const int vectors,
                                    tile_vector sums[][NN_TILE_VECTORS])
{
    int64_t length = call->length, last = TILE_LAST(call->columns, vectors);
    if (TILE_PAIRED) {
        /* Terms 1, 0, 3, 2, ...: two copies of the body would not keep all sums in registers. */
        int64_t paired = length / 2 * 2;
        const nn_real *from_a = a + call->lda, *from_b = b + call->ldb;
        for (int64_t p = 0; p < paired; p++) {
            tile_gradient_term(from_a, from_b, last, offsets, rows, vectors, sums);
            from_a += (p % 2 == 0 ? -1 : 3) * call->lda;
            from_b += (p % 2 == 0 ? -1 : 3) * call->ldb;
        }
        length -= paired;
        a += paired * call->lda;
        b += paired * call->ldb;
        if (length > 0) tile_zero_term(rows, vectors, sums);
    }
    for (; length > 0; length--, a += call->lda, b += call->ldb)
        tile_gradient_term(a, b, last, offsets, rows, vectors, sums);
}
