/*
 * The product of one row with a matrix (tile.h) in terms of a vector type (tile_vector.h). B is read once,
 * where it is: packing it would take longer than the product. An element is one chain of fused multiply-adds,
 * so a single vector would wait for the latency of each; a block of several hides it.
 */
#include "tensor/tile_vector.h"

#define TILE_ROW_VECTORS 8

/* The vectors of a block of columns, the last of which has `last` columns, for the terms of one chain. */
TILE_INLINE void tile_row_chain(const nn_tile_row *call, int64_t term, int64_t length, int64_t column,
                                const int vectors, const int64_t last)
{
    tile_vector sums[TILE_ROW_VECTORS];
    const nn_real *b = call->b + term * call->ldb + column;
    nn_real *c = call->c + column;
    TILE_UNROLL
    for (int v = 0; v < vectors; v++) {
        int64_t count = v < vectors - 1 ? TILE_LANES : last;
        bool given = term == 0 && call->first;
        sums[v] = given ? tile_load_part(call->first + column + v * TILE_LANES, count) : tile_zero();
    }
    for (int64_t k = 0; k < length; k++, b += call->ldb) {
        tile_vector a = tile_spread(call->a + term + k);
        TILE_UNROLL
        for (int v = 0; v < vectors - 1; v++)
            sums[v] = tile_multiply_add(a, tile_load(b + v * TILE_LANES), sums[v]);
        const nn_real *end = b + (vectors - 1) * TILE_LANES;
        tile_vector values = last == TILE_LANES ? tile_load(end) : tile_load_part(end, last);
        sums[vectors - 1] = tile_multiply_add(a, values, sums[vectors - 1]);
    }
    TILE_UNROLL
    for (int v = 0; v < vectors; v++) {
        int64_t count = v < vectors - 1 ? TILE_LANES : last;
        tile_vector sum = sums[v];
        if (term > 0) sum = tile_add(tile_load_part(c + v * TILE_LANES, count), sum);
        tile_store_part(c + v * TILE_LANES, count, sum);
    }
}

TILE_INLINE void tile_row_block(const nn_tile_row *call, int64_t column, const int vectors,
                                const int64_t last)
{
    int64_t term = 0;
    do {
        int64_t left = call->inner - term, length = left < call->chain ? left : call->chain;
        tile_row_chain(call, term, length, column, vectors, last);
        term += length;
    } while (term < call->inner);
}

#define TILE_ROW_CASE(n)                                                                                     \
    case n:                                                                                                  \
        if (last == TILE_LANES)                                                                              \
            tile_row_block(call, column, n, TILE_LANES);                                                     \
        else                                                                                                 \
            tile_row_block(call, column, n, last);                                                           \
        break;

TILE_TARGET static void tile_row(const nn_tile_row *call)
{
    const int64_t most = TILE_ROW_VECTORS * TILE_LANES;
    for (int64_t column = 0; column < call->columns; column += most) {
        int64_t count = call->columns - column < most ? call->columns - column : most;
        int64_t vectors = (count + TILE_LANES - 1) / TILE_LANES, last = TILE_LAST(count, vectors);
        switch (vectors) {
            TILE_ROW_CASE(1)
            TILE_ROW_CASE(2)
            TILE_ROW_CASE(3)
            TILE_ROW_CASE(4)
            TILE_ROW_CASE(5)
            TILE_ROW_CASE(6)
            TILE_ROW_CASE(7)
            TILE_ROW_CASE(8)
        }
    }
}
