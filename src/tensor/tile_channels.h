/* The channelwise kernels of tile.h in terms of a vector type (tile_vector.h). */
#include "tensor/tile_vector.h"

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
