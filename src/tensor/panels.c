/* Panels of a matrix: NN_TILE_VECTORS vectors of columns each; the last may have fewer vectors, and is padded
 * with zeros after its last column. */
#include "tensor/panels.h"

#include <string.h>

#include "base/least.h"
#include "tensor/transpose.h"
#include "tensor/vectorize.h"

/* Columns, rounded up to full vectors. */
static int64_t panels_round(int64_t columns, int64_t lanes)
{
    return (columns + lanes - 1) / lanes * lanes;
}

int64_t nn_panels_values(int64_t inner, int64_t columns)
{
    return (inner + 1) * panels_round(columns, nn_tile_kernels_at(0)->lanes);
}

void nn_panels_start(int64_t inner, int64_t columns, int64_t begin, const nn_real *first, nn_real *panels)
{
    int64_t lanes = nn_tile_kernels_at(0)->lanes, most = lanes * NN_TILE_VECTORS;
    for (int64_t column = 0; column < columns; column += most) {
        int64_t width = panels_round(nn_smaller(columns - column, most), lanes);
        for (int64_t c = column; c < column + width; c++)
            panels[c - column] = first && c >= begin && c < columns ? first[c - begin] : 0;
        panels += (inner + 1) * width;
    }
}

NN_VECTORIZED
void nn_panels_copy(int64_t rows, int64_t columns, int64_t width, const nn_real *matrix, int64_t ld,
                    nn_real *to)
{
    for (int64_t row = 0; row < rows; row++) {
        NN_INDEPENDENT
        for (int64_t c = 0; c < columns; c++) to[row * width + c] = matrix[row * ld + c];
        for (int64_t c = columns; c < width; c++) to[row * width + c] = 0;
    }
}

/* The transposed columns of a panel are rows of the matrix. */
static void panels_pack_turned(int64_t rows, int64_t columns, int64_t width, const nn_real *matrix,
                               int64_t ld, nn_real *panel)
{
    nn_transpose_copy(columns, rows, matrix, ld, panel, width);
    for (int64_t row = 0; row < rows; row++)
        for (int64_t c = columns; c < width; c++) panel[row * width + c] = 0;
}

void nn_panels_pack(int64_t inner, int64_t columns, int64_t begin, int64_t rows, nn_transpose transpose,
                    const nn_real *matrix, int64_t ld, nn_real *panels)
{
    int64_t lanes = nn_tile_kernels_at(0)->lanes, most = lanes * NN_TILE_VECTORS;
    for (int64_t column = 0; column < columns; column += most) {
        int64_t count = nn_smaller(columns - column, most), width = panels_round(count, lanes);
        nn_real *panel = panels + (1 + begin) * width;
        if (transpose == NN_TRANSPOSED)
            panels_pack_turned(rows, count, width, matrix + column * ld, ld, panel);
        else
            nn_panels_copy(rows, count, width, matrix + column, ld, panel);
        panels += (inner + 1) * width;
    }
}

void nn_panels_product(int64_t rows, int64_t inner, int64_t columns, int run_count, const nn_tile_run *runs,
                       const nn_real *a, int64_t lda, const nn_real *panels, nn_real *c, int64_t ldc)
{
    const nn_tile_kernels *kernels = nn_tile_kernels_at(0);
    int64_t most = kernels->lanes * NN_TILE_VECTORS;
    for (int64_t column = 0; column < columns; column += most) {
        nn_tile_product product = {.rows = rows,
                                   .lda = lda,
                                   .ldc = ldc,
                                   .columns = nn_smaller(columns - column, most),
                                   .run_count = run_count,
                                   .runs = runs,
                                   .a = a,
                                   .panel = panels,
                                   .c = c + column};
        kernels->product(&product);
        panels += (inner + 1) * panels_round(product.columns, kernels->lanes);
    }
}

int64_t nn_panels_buffer(void)
{
    return NN_PANELS_CHAIN * nn_tile_kernels_at(0)->lanes * NN_TILE_VECTORS;
}

/* Adds A^T B for the terms of one chain. The columns of a panel are copied first, so that they stay in the
 * first-level cache for all tiles. */
static void panels_add_chains(int64_t rows, int64_t columns, int64_t terms, const nn_real *a, int64_t lda,
                              const nn_real *b, int64_t ldb, nn_real *buffer, nn_real *c, int64_t ldc)
{
    const nn_tile_kernels *kernels = nn_tile_kernels_at(0);
    int64_t most = kernels->lanes * NN_TILE_VECTORS;
    for (int64_t column = 0; column < columns; column += most) {
        int64_t count = nn_smaller(columns - column, most), width = panels_round(count, kernels->lanes);
        nn_panels_copy(terms, count, width, b + column, ldb, buffer);
        nn_tile_gradient gradient = {.lines = 1,
                                     .length = terms,
                                     .lda = lda,
                                     .ldb = width,
                                     .ldc = ldc,
                                     .rows = rows,
                                     .columns = count,
                                     .a = a,
                                     .b = buffer,
                                     .c = c + column};
        kernels->gradient(&gradient);
    }
}

void nn_panels_gradient(int64_t rows, int64_t columns, int64_t inner, const nn_real *a, int64_t lda,
                        const nn_real *b, int64_t ldb, nn_real *buffer, nn_real *c, int64_t ldc)
{
    for (int64_t row = 0; row < rows; row++) memset(c + row * ldc, 0, (size_t)columns * sizeof *c);
    for (int64_t first = 0; first < inner; first += NN_PANELS_CHAIN)
        panels_add_chains(rows, columns, nn_smaller(inner - first, NN_PANELS_CHAIN), a + first * lda, lda,
                          b + first * ldb, ldb, buffer, c, ldc);
}
