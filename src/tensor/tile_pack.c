#include "tensor/tile_pack.h"

#include <string.h>

#include "tensor/bfloat.h"
#include "tensor/vectorize.h"

int64_t nn_tile_pack_height(nn_tile_operands operands, int64_t terms)
{
    return operands == NN_TILE_PAIRS ? (terms + 1) / 2 : terms;
}

const nn_real *nn_tile_operand_at(nn_tile_operands operands, const nn_real *a, int64_t offset)
{
    return operands == NN_TILE_PAIRS
               ? (const nn_real *)(const void *)((const uint16_t *)(const void *)a + offset)
               : a + offset;
}

/* Copies `columns` values, `step` apart, to a row of `width` values. */
NN_INLINE void pack_plain(int64_t columns, int64_t width, const nn_real *from, int64_t step, nn_real *to)
{
    NN_INDEPENDENT
    for (int64_t c = 0; c < columns; c++) to[c] = from[c * step];
    for (int64_t c = columns; c < width; c++) to[c] = 0;
}

NN_VECTORIZED
static void pack_plain_panel(int64_t terms, int64_t columns, int64_t width, const nn_real *from,
                             int64_t step_term, int64_t step_column, nn_real *to)
{
    for (int64_t k = 0; k < terms; k++)
        if (step_column == 1)
            pack_plain(columns, width, from + k * step_term, 1, to + k * width);
        else
            pack_plain(columns, width, from + k * step_term, step_column, to + k * width);
}

#ifdef NN_REAL_FLOAT

NN_INLINE void pack_rounded(int64_t columns, int64_t width, const nn_real *from, int64_t step, nn_real *to)
{
    NN_INDEPENDENT
    for (int64_t c = 0; c < columns; c++) to[c] = nn_bfloat_round(from[c * step]);
    for (int64_t c = columns; c < width; c++) to[c] = 0;
}

/* The values from[c x step], each with the one that is `apart` after it in its upper half. */
NN_INLINE void pack_pairs(int64_t columns, int64_t width, const nn_real *from, int64_t step, int64_t apart,
                          uint32_t *to)
{
    NN_INDEPENDENT
    for (int64_t c = 0; c < columns; c++)
        to[c] = nn_bfloat_bits(from[c * step]) >> 16 | nn_bfloat_bits(from[c * step + apart]);
    for (int64_t c = columns; c < width; c++) to[c] = 0;
}

NN_INLINE void pack_single(int64_t columns, int64_t width, const nn_real *from, int64_t step, uint32_t *to)
{
    NN_INDEPENDENT
    for (int64_t c = 0; c < columns; c++) to[c] = nn_bfloat_bits(from[c * step]) >> 16;
    for (int64_t c = columns; c < width; c++) to[c] = 0;
}

NN_VECTORIZED
static void pack_rounded_panel(int64_t terms, int64_t columns, int64_t width, const nn_real *from,
                               int64_t step_term, int64_t step_column, nn_real *to)
{
    for (int64_t k = 0; k < terms; k++)
        if (step_column == 1)
            pack_rounded(columns, width, from + k * step_term, 1, to + k * width);
        else
            pack_rounded(columns, width, from + k * step_term, step_column, to + k * width);
}

NN_VECTORIZED
static void pack_paired_panel(int64_t terms, int64_t columns, int64_t width, const nn_real *from,
                              int64_t step_term, int64_t step_column, uint32_t *to)
{
    for (; terms >= 2; terms -= 2, from += 2 * step_term, to += width)
        if (step_column == 1)
            pack_pairs(columns, width, from, 1, step_term, to);
        else
            pack_pairs(columns, width, from, step_column, step_term, to);
    if (terms > 0) pack_single(columns, width, from, step_column, to);
}

NN_VECTORIZED
static void pack_halves(int64_t count, const nn_real *from, uint16_t *to)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) to[i] = (uint16_t)(nn_bfloat_bits(from[i]) >> 16);
}

NN_VECTORIZED
static void pack_paired_positions(int64_t count, int64_t step, const nn_real *from, uint32_t *to)
{
    int64_t paired = count > step ? count - step : 0;
    pack_pairs(paired, paired, from, 1, step, to);
    pack_single(count - paired, count - paired, from + paired, 1, to + paired);
}

void nn_tile_pack_rows(nn_tile_operands operands, int64_t rows, int64_t columns, const nn_real *from,
                       int64_t ld, nn_real *to, int64_t ld_to)
{
    uint16_t *halves = (uint16_t *)(void *)to;
    for (int64_t row = 0; row < rows; row++)
        if (operands == NN_TILE_PAIRS)
            pack_halves(columns, from + row * ld, halves + row * ld_to);
        else
            nn_tile_pack_positions(operands, columns, 0, from + row * ld, to + row * ld_to);
}

void nn_tile_pack_positions(nn_tile_operands operands, int64_t count, int64_t step, const nn_real *from,
                            nn_real *to)
{
    if (operands == NN_TILE_PLAIN)
        memcpy(to, from, (size_t)count * sizeof *to);
    else if (operands == NN_TILE_ROUNDED)
        pack_rounded_panel(1, count, count, from, count, 1, to);
    else
        pack_paired_positions(count, step, from, (uint32_t *)(void *)to);
}

void nn_tile_pack_panel(nn_tile_operands operands, int64_t terms, int64_t columns, int64_t width,
                        const nn_real *from, int64_t step_term, int64_t step_column, nn_real *to)
{
    if (operands == NN_TILE_PLAIN)
        pack_plain_panel(terms, columns, width, from, step_term, step_column, to);
    else if (operands == NN_TILE_ROUNDED)
        pack_rounded_panel(terms, columns, width, from, step_term, step_column, to);
    else
        pack_paired_panel(terms, columns, width, from, step_term, step_column, (uint32_t *)(void *)to);
}

#else

void nn_tile_pack_rows(nn_tile_operands operands, int64_t rows, int64_t columns, const nn_real *from,
                       int64_t ld, nn_real *to, int64_t ld_to)
{
    (void)operands;
    for (int64_t row = 0; row < rows; row++)
        memcpy(to + row * ld_to, from + row * ld, (size_t)columns * sizeof *to);
}

void nn_tile_pack_positions(nn_tile_operands operands, int64_t count, int64_t step, const nn_real *from,
                            nn_real *to)
{
    (void)operands;
    (void)step;
    memcpy(to, from, (size_t)count * sizeof *to);
}

void nn_tile_pack_panel(nn_tile_operands operands, int64_t terms, int64_t columns, int64_t width,
                        const nn_real *from, int64_t step_term, int64_t step_column, nn_real *to)
{
    (void)operands;
    pack_plain_panel(terms, columns, width, from, step_term, step_column, to);
}

#endif
