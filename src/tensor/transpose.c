#include "tensor/transpose.h"

#include "tensor/tile.h"

/* Small blocks, so that the lines of both matrices are used up while they are in cache. */
enum { TRANSPOSE_BLOCK = 8 };

static void transpose_plain(int64_t rows, int64_t columns, const nn_real *from, int64_t ld, nn_real *to,
                            int64_t ldt)
{
    for (int64_t c = 0; c < columns; c++)
        for (int64_t r = 0; r < rows; r++) to[c * ldt + r] = from[r * ld + c];
}

#if defined(NN_TILE_X86) && !defined(NN_REAL_DOUBLE)

#include <immintrin.h>

/* 8 x 8 values in registers: pairs, then quadruples, then halves are exchanged. */
__attribute__((target("avx2"))) static void transpose_eight(const float *from, int64_t ld, float *to,
                                                            int64_t ldt)
{
    __m256 rows[8], pairs[8], fours[8];
    for (int r = 0; r < 8; r++) rows[r] = _mm256_loadu_ps(from + r * ld);
    for (int r = 0; r < 8; r += 2) {
        pairs[r] = _mm256_unpacklo_ps(rows[r], rows[r + 1]);
        pairs[r + 1] = _mm256_unpackhi_ps(rows[r], rows[r + 1]);
    }
    for (int r = 0; r < 8; r += 4)
        for (int h = 0; h < 2; h++) {
            fours[r + 2 * h] = _mm256_shuffle_ps(pairs[r + h], pairs[r + 2 + h], 0x44);
            fours[r + 2 * h + 1] = _mm256_shuffle_ps(pairs[r + h], pairs[r + 2 + h], 0xee);
        }
    for (int c = 0; c < 4; c++) {
        _mm256_storeu_ps(to + c * ldt, _mm256_permute2f128_ps(fours[c], fours[c + 4], 0x20));
        _mm256_storeu_ps(to + (c + 4) * ldt, _mm256_permute2f128_ps(fours[c], fours[c + 4], 0x31));
    }
}

__attribute__((target("avx2"))) static void transpose_avx2(int64_t rows, int64_t columns, const float *from,
                                                           int64_t ld, float *to, int64_t ldt)
{
    int64_t whole_rows = rows - rows % TRANSPOSE_BLOCK, whole_columns = columns - columns % TRANSPOSE_BLOCK;
    for (int64_t c = 0; c < whole_columns; c += TRANSPOSE_BLOCK)
        for (int64_t r = 0; r < whole_rows; r += TRANSPOSE_BLOCK)
            transpose_eight(from + r * ld + c, ld, to + c * ldt + r, ldt);
    transpose_plain(rows - whole_rows, columns, from + whole_rows * ld, ld, to + whole_rows, ldt);
    transpose_plain(whole_rows, columns - whole_columns, from + whole_columns, ld, to + whole_columns * ldt,
                    ldt);
}

#endif

void nn_transpose_copy(int64_t rows, int64_t columns, const nn_real *from, int64_t ld, nn_real *to,
                       int64_t ldt)
{
#if defined(NN_TILE_X86) && !defined(NN_REAL_DOUBLE)
    if (__builtin_cpu_supports("avx2")) {
        transpose_avx2(rows, columns, from, ld, to, ldt);
        return;
    }
#endif
    for (int64_t c = 0; c < columns; c += TRANSPOSE_BLOCK)
        for (int64_t r = 0; r < rows; r += TRANSPOSE_BLOCK)
            transpose_plain(rows - r < TRANSPOSE_BLOCK ? rows - r : TRANSPOSE_BLOCK,
                            columns - c < TRANSPOSE_BLOCK ? columns - c : TRANSPOSE_BLOCK, from + r * ld + c,
                            ld, to + c * ldt + r, ldt);
}
