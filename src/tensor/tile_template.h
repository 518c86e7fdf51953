/*
 * The product and the gradient of tile.h in terms of a vector type. Before including this, a file tile_SET.c
 * defines what tile_vector.h lists, and either TILE_PAIRED (tile_terms.h), or
 *
 *     tile_operand                    the type of the values of A in a product
 *     tile_product_run(a, lda, length, weights, rows, vectors, sums)
 *         adds the terms of a run to the sums of a tile; the rows of its weights start at `weights`. Returns
 *         where those of the next run start.
 *     tile_gradient_line(call, a, b, offsets, rows, vectors, sums)
 *         adds the terms of a line to the sums of a tile; row r of C belongs to a[offsets[r]], or to a[r] if
 *         offsets is NULL.
 */
#include <stddef.h>

#include "tensor/tile_vector.h"

#ifdef TILE_PAIRED
#include "tensor/tile_terms.h"
#endif

/* What the compiler does not move across a change of the floating-point mode. */
#if defined(__GNUC__)
#define TILE_ENTRY TILE_TARGET __attribute__((noinline)) static
#else
#define TILE_ENTRY static
#endif

/* ---- product ---- */

TILE_INLINE void tile_product_block(const nn_tile_product *call, int64_t row, const int rows,
                                    const int vectors)
{
    tile_vector sums[TILE_ROWS][NN_TILE_VECTORS];
    const nn_real *weights = call->panel;
    TILE_UNROLL
    for (int r = 0; r < rows; r++) TILE_UNROLL
    for (int v = 0; v < vectors; v++)
        sums[r][v] = call->add ? tile_zero() : tile_load(weights + v * TILE_LANES);
    weights += vectors * TILE_LANES;
    for (int t = 0; t < call->run_count; t++) {
        const tile_operand *a = (const tile_operand *)call->a + row * call->lda + call->runs[t].offset;
        weights = tile_product_run(a, call->lda, call->runs[t].length, weights, rows, vectors, sums);
    }
    TILE_UNROLL
    for (int r = 0; r < rows; r++) {
        nn_real *c = call->c + (row + r) * call->ldc;
        TILE_UNROLL
        for (int v = 0; v < vectors; v++) {
            int64_t count = v < vectors - 1 ? TILE_LANES : TILE_LAST(call->columns, vectors);
            tile_vector sum = sums[r][v];
            if (call->add) sum = tile_add(tile_load_part(c + v * TILE_LANES, count), sum);
            tile_store_part(c + v * TILE_LANES, count, sum);
        }
    }
}

#define TILE_PRODUCT_CASE(n)                                                                                 \
    case n:                                                                                                  \
        tile_product_block(call, row, n, vectors);                                                           \
        break;

TILE_INLINE void tile_product_rows(const nn_tile_product *call, int64_t row, int64_t rows, const int vectors)
{
    switch (rows) {
        TILE_PRODUCT_CASE(1)
        TILE_PRODUCT_CASE(2)
        TILE_PRODUCT_CASE(3)
        TILE_PRODUCT_CASE(4)
        TILE_PRODUCT_CASE(5)
        TILE_PRODUCT_CASE(6)
#if TILE_ROWS > 6
        TILE_PRODUCT_CASE(7)
        TILE_PRODUCT_CASE(8)
        TILE_PRODUCT_CASE(9)
        TILE_PRODUCT_CASE(10)
        TILE_PRODUCT_CASE(11)
        TILE_PRODUCT_CASE(12)
        TILE_PRODUCT_CASE(13)
        TILE_PRODUCT_CASE(14)
#endif
    }
}

/* Tiles have about the same height: a last one of one or two rows would leave the pipelines empty. */
TILE_ENTRY void tile_product(const nn_tile_product *call)
{
    int64_t tiles = (call->rows + TILE_ROWS - 1) / TILE_ROWS;
    for (int64_t tile = 0; tile < tiles; tile++) {
        int64_t row = tile * call->rows / tiles, end = (tile + 1) * call->rows / tiles;
        if (call->columns > TILE_LANES)
            tile_product_rows(call, row, end - row, 2);
        else
            tile_product_rows(call, row, end - row, 1);
    }
}

/* ---- gradient ---- */

TILE_INLINE void tile_gradient_block(const nn_tile_gradient *call, int64_t row, const int rows,
                                     const int vectors, const bool spread_out)
{
    tile_vector sums[TILE_ROWS][NN_TILE_VECTORS];
    int64_t last = TILE_LAST(call->columns, vectors);
    const int64_t *offsets = spread_out ? call->offsets + row : NULL;
    TILE_UNROLL
    for (int r = 0; r < rows; r++) TILE_UNROLL
    for (int v = 0; v < vectors; v++) sums[r][v] = tile_zero();
    for (int64_t i = 0; i < call->lines; i++) {
        const nn_real *a = call->a + i * call->line_a + (spread_out ? 0 : row),
                      *b = call->b + i * call->line_b;
        tile_gradient_line(call, a, b, offsets, rows, vectors, sums);
    }
    TILE_UNROLL
    for (int r = 0; r < rows; r++) {
        TILE_UNROLL
        for (int v = 0; v < vectors; v++) {
            nn_real *c = call->c + (row + r) * call->ldc + v * TILE_LANES;
            int64_t count = v < vectors - 1 ? TILE_LANES : last;
            tile_vector sum = sums[r][v];
            if (!call->replace) sum = tile_add(tile_load_part(c, count), sum);
            tile_store_part(c, count, sum);
        }
    }
}

#define TILE_GRADIENT_CASE(n)                                                                                \
    case n:                                                                                                  \
        tile_gradient_block(call, row, n, vectors, spread_out);                                              \
        break;

TILE_INLINE void tile_gradient_rows(const nn_tile_gradient *call, int64_t row, int64_t rows,
                                    const int vectors, const bool spread_out)
{
    switch (rows) {
        TILE_GRADIENT_CASE(1)
        TILE_GRADIENT_CASE(2)
        TILE_GRADIENT_CASE(3)
        TILE_GRADIENT_CASE(4)
        TILE_GRADIENT_CASE(5)
        TILE_GRADIENT_CASE(6)
#if TILE_ROWS > 6
        TILE_GRADIENT_CASE(7)
        TILE_GRADIENT_CASE(8)
        TILE_GRADIENT_CASE(9)
        TILE_GRADIENT_CASE(10)
        TILE_GRADIENT_CASE(11)
        TILE_GRADIENT_CASE(12)
        TILE_GRADIENT_CASE(13)
        TILE_GRADIENT_CASE(14)
#endif
    }
}

TILE_INLINE void tile_gradient_tile(const nn_tile_gradient *call, int64_t row, int64_t rows,
                                    const bool spread_out)
{
    if (call->columns > TILE_LANES)
        tile_gradient_rows(call, row, rows, 2, spread_out);
    else
        tile_gradient_rows(call, row, rows, 1, spread_out);
}

TILE_ENTRY void tile_gradient(const nn_tile_gradient *call)
{
    int64_t tiles = (call->rows + TILE_ROWS - 1) / TILE_ROWS;
    for (int64_t tile = 0; tile < tiles; tile++) {
        int64_t row = tile * call->rows / tiles, end = (tile + 1) * call->rows / tiles;
        if (call->offsets)
            tile_gradient_tile(call, row, end - row, true);
        else
            tile_gradient_tile(call, row, end - row, false);
    }
}
