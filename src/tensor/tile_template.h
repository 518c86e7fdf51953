/*
 * The kernels of tile.h in terms of a vector type. Before including this, a file tile_SET.c defines
 *
 *     TILE_TARGET                     attributes of each function
 *     TILE_LANES, TILE_ROWS           values per vector; maximum height of a tile (6 or 14)
 *     tile_vector                     the type
 *     tile_zero(), tile_load(p), tile_load_part(p, count), tile_store_part(p, count, v)
 *     tile_spread(p)                  *p in all lanes
 *     tile_multiply_add(a, b, c)      a b + c, rounded once
 *     tile_add(a, b)
 */
#include <stdbool.h>
#include <stddef.h>

#include "tensor/vectorize.h"

#define TILE_INLINE TILE_TARGET NN_INLINE

/* Before each loop over rows or vectors: sums stay in registers only if these loops are unrolled. */
#if defined(__clang__)
#define TILE_UNROLL _Pragma("unroll")
#elif defined(__GNUC__)
#define TILE_UNROLL _Pragma("GCC unroll 16")
#else
#define TILE_UNROLL
#endif

/* Values in the last of the `vectors` vectors of `columns` columns. */
#define TILE_LAST(columns, vectors) ((columns) - ((vectors)-1) * TILE_LANES)

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
    for (int t = 0; t < call->run_count; t++) {
        const nn_real *a = call->a + row * call->lda + call->runs[t].offset;
        for (int64_t k = 0; k < call->runs[t].length; k++, a++) {
            weights += vectors * TILE_LANES;
            tile_vector w[NN_TILE_VECTORS];
            TILE_UNROLL
            for (int v = 0; v < vectors; v++) w[v] = tile_load(weights + v * TILE_LANES);
            TILE_UNROLL
            for (int r = 0; r < rows; r++) {
                tile_vector x = tile_spread(a + r * call->lda);
                TILE_UNROLL
                for (int v = 0; v < vectors; v++) sums[r][v] = tile_multiply_add(x, w[v], sums[r][v]);
            }
        }
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
TILE_TARGET static void tile_product(const nn_tile_product *call)
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
        for (int64_t p = 0; p < call->length; p++, a += call->lda, b += call->ldb) {
            tile_vector y[NN_TILE_VECTORS];
            TILE_UNROLL
            for (int v = 0; v < vectors - 1; v++) y[v] = tile_load(b + v * TILE_LANES);
            y[vectors - 1] = tile_load_part(b + (vectors - 1) * TILE_LANES, last);
            TILE_UNROLL
            for (int r = 0; r < rows; r++) {
                tile_vector x = tile_spread(a + (spread_out ? offsets[r] : r));
                TILE_UNROLL
                for (int v = 0; v < vectors; v++) sums[r][v] = tile_multiply_add(x, y[v], sums[r][v]);
            }
        }
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

TILE_TARGET static void tile_gradient(const nn_tile_gradient *call)
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

/* ---- one channel at a time ---- */

TILE_INLINE void tile_channel_product_block(const nn_tile_product *call, int64_t row, const int rows,
                                            int64_t channel, int64_t count)
{
    tile_vector sums[TILE_ROWS];
    const nn_real *a = call->a + row * call->lda + channel, *weights = call->panel + channel;
    tile_vector first = tile_load_part(weights, count);
    TILE_UNROLL
    for (int r = 0; r < rows; r++) sums[r] = first;
    for (int t = 0; t < call->run_count; t++) {
        weights += call->columns;
        tile_vector w = tile_load_part(weights, count);
        const nn_real *from = a + call->runs[t].offset;
        TILE_UNROLL
        for (int r = 0; r < rows; r++)
            sums[r] = tile_multiply_add(tile_load_part(from + r * call->lda, count), w, sums[r]);
    }
    TILE_UNROLL
    for (int r = 0; r < rows; r++) tile_store_part(call->c + (row + r) * call->ldc + channel, count, sums[r]);
}

/* Rows in blocks of TILE_CHANNEL_ROWS, then one by one. */
#define TILE_CHANNEL_ROWS 6

TILE_INLINE void tile_channel_product_rows(const nn_tile_product *call, int64_t channel, int64_t count)
{
    int64_t row = 0;
    for (; row + TILE_CHANNEL_ROWS <= call->rows; row += TILE_CHANNEL_ROWS)
        tile_channel_product_block(call, row, TILE_CHANNEL_ROWS, channel, count);
    for (; row + 2 <= call->rows; row += 2) tile_channel_product_block(call, row, 2, channel, count);
    if (row < call->rows) tile_channel_product_block(call, row, 1, channel, count);
}

TILE_TARGET static void tile_channel_product(const nn_tile_product *call)
{
    int64_t channel = 0;
    for (; channel + TILE_LANES <= call->columns; channel += TILE_LANES)
        tile_channel_product_rows(call, channel, TILE_LANES);
    if (channel < call->columns) tile_channel_product_rows(call, channel, call->columns - channel);
}

TILE_INLINE void tile_channel_gradient_block(const nn_tile_gradient *call, int64_t row, const int rows,
                                             int64_t channel, int64_t count)
{
    tile_vector sums[TILE_ROWS];
    TILE_UNROLL
    for (int r = 0; r < rows; r++) sums[r] = tile_zero();
    for (int64_t i = 0; i < call->lines; i++) {
        const nn_real *a = call->a + i * call->line_a + channel, *b = call->b + i * call->line_b + channel;
        for (int64_t p = 0; p < call->length; p++, a += call->lda, b += call->ldb) {
            tile_vector y = tile_load_part(b, count);
            TILE_UNROLL
            for (int r = 0; r < rows; r++)
                sums[r] = tile_multiply_add(tile_load_part(a + call->offsets[row + r], count), y, sums[r]);
        }
    }
    TILE_UNROLL
    for (int r = 0; r < rows; r++) {
        nn_real *c = call->c + (row + r) * call->ldc + channel;
        tile_store_part(c, count, tile_add(tile_load_part(c, count), sums[r]));
    }
}

TILE_INLINE void tile_channel_gradient_rows(const nn_tile_gradient *call, int64_t channel, int64_t count)
{
    int64_t row = 0;
    for (; row + TILE_CHANNEL_ROWS <= call->rows; row += TILE_CHANNEL_ROWS)
        tile_channel_gradient_block(call, row, TILE_CHANNEL_ROWS, channel, count);
    for (; row + 3 <= call->rows; row += 3) tile_channel_gradient_block(call, row, 3, channel, count);
    for (; row < call->rows; row++) tile_channel_gradient_block(call, row, 1, channel, count);
}

TILE_TARGET static void tile_channel_gradient(const nn_tile_gradient *call)
{
    int64_t channel = 0;
    for (; channel + TILE_LANES <= call->columns; channel += TILE_LANES)
        tile_channel_gradient_rows(call, channel, TILE_LANES);
    if (channel < call->columns) tile_channel_gradient_rows(call, channel, call->columns - channel);
}
