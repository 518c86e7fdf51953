/* Panels of a matrix: NN_TILE_VECTORS vectors of columns each; the last may have fewer vectors, and is padded
 * with zeros after its last column. */
#include "tensor/panels.h"

#include <string.h>

#include "base/least.h"
#include "tensor/tile_pack.h"
#include "tensor/transpose.h"

/* Values of A that are converted at a time: they stay in a core's second-level cache. */
enum { BLOCK_VALUES = 32768 };

/* Added to the distance between converted rows: powers of two would make them compete for the same lines of
 * the first-level cache. */
enum { BLOCK_PAD = 16 };

/* Rows of A^T per block of a gradient: a multiple of the height of all tiles, nearly. */
enum { GRADIENT_ROWS = 168 };

/* Terms of a transposed matrix that are packed at a time, if they must be converted. */
enum { TURNED_TERMS = 64 };

/* Columns, rounded up to full vectors. */
static int64_t panels_round(int64_t columns, int64_t lanes)
{
    return (columns + lanes - 1) / lanes * lanes;
}

static int64_t panels_most(const nn_tile_kernels *kernels)
{
    return kernels->lanes * NN_TILE_VECTORS;
}

/* Rows of the runs before run `end`, with that of the initial values. */
static int64_t panels_rows(const nn_panels *panels, int end)
{
    int64_t rows = 1;
    for (int r = 0; r < end; r++)
        rows += nn_tile_pack_height(panels->kernels->operands, panels->runs[r].length);
    return rows;
}

nn_panels nn_panels_of(const nn_tile_kernels *kernels, int64_t inner, int64_t columns)
{
    return (nn_panels){.kernels = kernels, .columns = columns, .run_count = 1, .runs = {{0, inner}}};
}

int64_t nn_panels_values(const nn_panels *panels)
{
    return panels_rows(panels, panels->run_count) * panels_round(panels->columns, panels->kernels->lanes);
}

void nn_panels_start(const nn_panels *panels, int64_t begin, const nn_real *first, nn_real *packed)
{
    int64_t lanes = panels->kernels->lanes, most = panels_most(panels->kernels), columns = panels->columns;
    for (int64_t column = 0; column < columns; column += most) {
        int64_t width = panels_round(nn_smaller(columns - column, most), lanes);
        for (int64_t c = column; c < column + width; c++)
            packed[c - column] = first && c >= begin && c < columns ? first[c - begin] : 0;
        packed += panels_rows(panels, panels->run_count) * width;
    }
}

/* Packs columns of op(matrix) that are rows of the matrix: transposed first, a few terms at a time. */
static void panels_pack_turned(nn_tile_operands operands, int64_t rows, int64_t columns, int64_t width,
                               const nn_real *matrix, int64_t ld, nn_real *panel)
{
    nn_real turned[TURNED_TERMS * 32];
    for (int64_t row = 0; row < rows; row += TURNED_TERMS) {
        int64_t terms = nn_smaller(rows - row, TURNED_TERMS);
        nn_transpose_copy(columns, terms, matrix + row, ld, turned, columns);
        nn_tile_pack_panel(operands, terms, columns, width, turned, columns, 1, panel);
        panel += nn_tile_pack_height(operands, terms) * width;
    }
}

void nn_panels_pack(const nn_panels *panels, int run, nn_transpose transpose, const nn_real *matrix,
                    int64_t ld, nn_real *packed)
{
    nn_tile_operands operands = panels->kernels->operands;
    int64_t lanes = panels->kernels->lanes, most = panels_most(panels->kernels);
    int64_t rows = panels->runs[run].length;
    for (int64_t column = 0; column < panels->columns; column += most) {
        int64_t count = nn_smaller(panels->columns - column, most), width = panels_round(count, lanes);
        nn_real *panel = packed + panels_rows(panels, run) * width;
        if (transpose == NN_TRANSPOSED)
            panels_pack_turned(operands, rows, count, width, matrix + column * ld, ld, panel);
        else
            nn_tile_pack_panel(operands, rows, count, width, matrix + column, ld, 1, panel);
        packed += panels_rows(panels, panels->run_count) * width;
    }
}

/* ---- products ---- */

/* One chain of all columns. */
static void panels_multiply(const nn_panels *panels, const nn_tile_chains *chain, const nn_tile_run *runs,
                            int run_count, int64_t rows, const nn_real *a, int64_t lda, const nn_real *packed,
                            nn_real *c, int64_t ldc)
{
    const nn_tile_kernels *kernels = panels->kernels;
    int64_t most = panels_most(kernels), all = panels_rows(panels, panels->run_count);
    for (int64_t column = 0; column < panels->columns; column += most) {
        int64_t columns = nn_smaller(panels->columns - column, most);
        int64_t width = panels_round(columns, kernels->lanes);
        kernels->product(&(nn_tile_product){.rows = rows,
                                            .lda = lda,
                                            .ldc = ldc,
                                            .columns = columns,
                                            .run_count = run_count,
                                            .add = chain->add,
                                            .runs = runs,
                                            .a = a,
                                            .panel = packed + chain->row * width,
                                            .c = c + column});
        packed += all * width;
    }
}

/* The product with operands as the kernels read them. */
static void panels_product(const nn_panels *panels, int64_t rows, const nn_real *a, int64_t lda,
                           const nn_real *packed, nn_real *c, int64_t ldc)
{
    nn_tile_chains chain = {
        .operands = panels->kernels->operands, .run_count = panels->run_count, .runs = panels->runs};
    nn_tile_run runs[NN_PANELS_RUNS];
    for (int count; nn_tile_chains_next(&chain, runs, &count);)
        panels_multiply(panels, &chain, runs, count, rows, a, lda, packed, c, ldc);
}

/* Distance between converted rows of A. */
static int64_t panels_stride(const nn_panels *panels)
{
    int64_t values = 0;
    for (int r = 0; r < panels->run_count; r++) values += panels->runs[r].length;
    return (values + BLOCK_PAD - 1) / BLOCK_PAD * BLOCK_PAD + BLOCK_PAD;
}

/* Rows that are converted at a time. */
static int64_t panels_block(const nn_panels *panels)
{
    int64_t height = panels->kernels->rows;
    return nn_larger(BLOCK_VALUES / (panels_stride(panels) * height), 1) * height;
}

int64_t nn_panels_product_buffer(const nn_panels *panels)
{
    return panels->kernels->operands == NN_TILE_PLAIN ? 0 : panels_block(panels) * panels_stride(panels);
}

void nn_panels_product(const nn_panels *panels, int64_t rows, const nn_real *a, int64_t lda,
                       const nn_real *packed, nn_real *buffer, nn_real *c, int64_t ldc)
{
    nn_tile_operands operands = panels->kernels->operands;
    if (operands == NN_TILE_PLAIN) {
        panels_product(panels, rows, a, lda, packed, c, ldc);
        return;
    }
    int64_t stride = panels_stride(panels), block = panels_block(panels);
    for (int64_t row = 0; row < rows; row += block) {
        nn_panels converted = *panels;
        int64_t count = nn_smaller(block, rows - row), at = 0;
        for (int r = 0; r < panels->run_count; at += converted.runs[r].length, r++) {
            converted.runs[r].offset = at;
            nn_tile_pack_rows(operands, count, converted.runs[r].length,
                              a + row * lda + panels->runs[r].offset, lda,
                              (nn_real *)(uintptr_t)nn_tile_operand_at(operands, buffer, at), stride);
        }
        panels_product(&converted, count, buffer, stride, packed, c + row * ldc, ldc);
    }
}

/* ---- gradients ---- */

int64_t nn_panels_gradient_buffer(const nn_tile_kernels *kernels)
{
    int64_t converted = kernels->operands == NN_TILE_PLAIN ? 0 : GRADIENT_ROWS;
    return NN_PANELS_CHAIN * (converted + panels_most(kernels));
}

/* Adds A^T B for the terms of one chain; A as the kernels read it. The columns of a panel are copied first,
 * so that they stay in the first-level cache for all tiles. */
static void panels_add_chain(const nn_tile_kernels *kernels, int64_t rows, int64_t columns, int64_t terms,
                             const nn_real *a, int64_t lda, const nn_real *b, int64_t ldb, nn_real *buffer,
                             nn_real *c, int64_t ldc)
{
    int64_t most = panels_most(kernels);
    for (int64_t column = 0; column < columns; column += most) {
        int64_t count = nn_smaller(columns - column, most), width = panels_round(count, kernels->lanes);
        nn_tile_pack_panel(kernels->operands, terms, count, width, b + column, ldb, 1, buffer);
        kernels->gradient(&(nn_tile_gradient){.lines = 1,
                                              .length = terms,
                                              .lda = lda,
                                              .ldb = width,
                                              .ldc = ldc,
                                              .rows = rows,
                                              .columns = count,
                                              .a = a,
                                              .b = buffer,
                                              .c = c + column});
    }
}

/* The same with A converted by blocks of rows. Of its pairs only those of even terms are read: they are
 * stored without gaps, so that the distance of two terms is half that of two pairs. */
static void panels_convert_chain(const nn_tile_kernels *kernels, int64_t rows, int64_t columns, int64_t terms,
                                 const nn_real *a, int64_t lda, const nn_real *b, int64_t ldb,
                                 nn_real *buffer, nn_real *c, int64_t ldc)
{
    nn_real *converted = buffer + NN_PANELS_CHAIN * panels_most(kernels);
    int64_t stride = kernels->operands == NN_TILE_PAIRS ? GRADIENT_ROWS / 2 : GRADIENT_ROWS;
    for (int64_t row = 0; row < rows; row += GRADIENT_ROWS) {
        int64_t count = nn_smaller(rows - row, GRADIENT_ROWS);
        nn_tile_pack_panel(kernels->operands, terms, count, GRADIENT_ROWS, a + row, lda, 1, converted);
        panels_add_chain(kernels, count, columns, terms, converted, stride, b, ldb, buffer, c + row * ldc,
                         ldc);
    }
}

void nn_panels_gradient(const nn_tile_kernels *kernels, int64_t rows, int64_t columns, int64_t inner,
                        const nn_real *a, int64_t lda, const nn_real *b, int64_t ldb, nn_real *buffer,
                        nn_real *c, int64_t ldc)
{
    for (int64_t row = 0; row < rows; row++) memset(c + row * ldc, 0, (size_t)columns * sizeof *c);
    for (int64_t first = 0; first < inner; first += NN_PANELS_CHAIN) {
        int64_t terms = nn_smaller(inner - first, NN_PANELS_CHAIN);
        if (kernels->operands == NN_TILE_PLAIN)
            panels_add_chain(kernels, rows, columns, terms, a + first * lda, lda, b + first * ldb, ldb,
                             buffer, c, ldc);
        else
            panels_convert_chain(kernels, rows, columns, terms, a + first * lda, lda, b + first * ldb, ldb,
                                 buffer, c, ldc);
    }
}
