/* Products and canonical sums of products, block by block. */
#include "tensor/product.h"

#include <assert.h>
#include <string.h>

#include "base/least.h"
#include "base/tree.h"
#include "tensor/panels.h"
#include "tensor/vectorize.h"

/* Rows of A and columns of B per block: with NN_PRODUCT_CHAIN terms each, both stay in a core's second-level
 * cache. */
enum { PRODUCT_ROWS = 256, PRODUCT_COLUMNS = 128 };

/* Added to the distance between the rows of a block: powers of two would make them compete for the same lines
 * of the first-level cache. */
enum { PRODUCT_PAD = 16 };

/* Of a sum: terms that are packed at a time, over all leaves; values of A that are; levels of a tree. */
enum { SUM_TERMS = 1024, SUM_VALUES = 131072, SUM_DEPTH = 40 };

/* Distance between packed terms of A: enough for the rows of a tile, and copied at once. */
enum { SUM_STRIDE = 16 };

int64_t nn_product_tile_columns(void)
{
    return nn_tile_kernels_at(0)->lanes * NN_TILE_VECTORS;
}

/* ---- products ---- */

static int64_t product_stride(int64_t inner)
{
    int64_t terms = nn_smaller(inner, NN_PRODUCT_CHAIN);
    return (terms + PRODUCT_PAD - 1) / PRODUCT_PAD * PRODUCT_PAD + PRODUCT_PAD;
}

int64_t nn_product_buffer(int64_t inner, int64_t columns)
{
    return PRODUCT_ROWS * (product_stride(inner) + PRODUCT_COLUMNS) +
           nn_panels_values(nn_smaller(inner, NN_PRODUCT_CHAIN), nn_smaller(columns, PRODUCT_COLUMNS));
}

/* A block of rows: some of one microbatch, or those of several. */
typedef struct product_block {
    int count;
    nn_product_rows pieces[PRODUCT_ROWS / 4];
    int64_t rows;
} product_block;

/* Takes the next rows, from row *row of rows[*index] on. */
static bool product_take(int count, const nn_product_rows *rows, int *index, int64_t *row,
                         product_block *block)
{
    block->count = 0;
    block->rows = 0;
    while (*index < count && block->rows < PRODUCT_ROWS &&
           block->count < (int)(sizeof block->pieces / sizeof *block->pieces)) {
        nn_product_rows piece = rows[*index];
        piece.a += *row * piece.lda;
        piece.c += *row * piece.ldc;
        piece.rows = nn_smaller(piece.rows - *row, PRODUCT_ROWS - block->rows);
        *row += piece.rows;
        if (*row == rows[*index].rows) {
            *row = 0;
            ++*index;
        }
        block->rows += piece.rows;
        if (piece.rows > 0) block->pieces[block->count++] = piece;
    }
    return block->rows > 0;
}

/* Copies the terms [first, first + terms) of the block's rows. */
static void product_copy(const product_block *block, int64_t first, int64_t terms, int64_t stride,
                         nn_real *to)
{
    for (int p = 0; p < block->count; p++)
        for (int64_t row = 0; row < block->pieces[p].rows; row++, to += stride)
            memcpy(to, block->pieces[p].a + row * block->pieces[p].lda + first, (size_t)terms * sizeof *to);
}

/* One chain of `rows` rows times the panels of a block of columns. */
static void product_tiles(int64_t rows, int64_t columns, const nn_tile_run *run, bool add, const nn_real *a,
                          int64_t lda, const nn_real *panels, nn_real *c, int64_t ldc)
{
    const nn_tile_kernels *kernels = nn_tile_kernels_at(0);
    int64_t most = kernels->lanes * NN_TILE_VECTORS;
    for (int64_t column = 0; column < columns; column += most) {
        nn_tile_product product = {.rows = rows,
                                   .lda = lda,
                                   .ldc = ldc,
                                   .columns = nn_smaller(columns - column, most),
                                   .run_count = 1,
                                   .add = add,
                                   .runs = run,
                                   .a = a,
                                   .panel = panels,
                                   .c = c + column};
        kernels->product(&product);
        panels += nn_panels_values(run->length, product.columns);
    }
}

/* Results of all rows of a block for one block of columns; `add`: those so far are read first. */
static void product_move(const product_block *block, int64_t column, int64_t columns, bool back,
                         nn_real *joined)
{
    for (int p = 0; p < block->count; p++)
        for (int64_t row = 0; row < block->pieces[p].rows; row++, joined += PRODUCT_COLUMNS) {
            nn_real *c = block->pieces[p].c + row * block->pieces[p].ldc + column;
            memcpy(back ? c : joined, back ? joined : c, (size_t)columns * sizeof *c);
        }
}

/* A product in progress, and where its blocks are. */
typedef struct product_run {
    const nn_product *product;
    product_block block;
    bool copied; /* A was copied; otherwise it is read in place */
    bool joined; /* the rows of small pieces share tiles */
    int64_t stride;
    nn_real *a, *panels, *results;
} product_run;

/* One chain of all rows of the block, for a block of columns. */
static void product_columns(const product_run *run, int64_t first, int64_t column, int64_t columns)
{
    const product_block *block = &run->block;
    const nn_tile_run terms = {0, nn_smaller(run->product->inner - first, NN_PRODUCT_CHAIN)};
    const nn_real *from = run->a;
    bool add = first > 0;
    if (run->joined) {
        if (add) product_move(block, column, columns, false, run->results);
        product_tiles(block->rows, columns, &terms, add, from, run->stride, run->panels, run->results,
                      PRODUCT_COLUMNS);
        product_move(block, column, columns, true, run->results);
        return;
    }
    for (int p = 0; p < block->count; p++) {
        const nn_product_rows *piece = &block->pieces[p];
        product_tiles(piece->rows, columns, &terms, add, run->copied ? from : piece->a + first,
                      run->copied ? run->stride : piece->lda, run->panels, piece->c + column, piece->ldc);
        from += piece->rows * run->stride;
    }
}

/* One chain of all rows of the block, for columns [begin, end). */
static void product_chain(const product_run *run, int64_t first, int64_t begin, int64_t end)
{
    const nn_product *product = run->product;
    int64_t terms = nn_smaller(product->inner - first, NN_PRODUCT_CHAIN);
    if (run->copied) product_copy(&run->block, first, terms, run->stride, run->a);
    for (int64_t column = begin; column < end; column += PRODUCT_COLUMNS) {
        int64_t columns = nn_smaller(end - column, PRODUCT_COLUMNS);
        const nn_real *b = product->transpose == NN_TRANSPOSED ? product->b + column * product->ldb + first
                                                               : product->b + first * product->ldb + column;
        nn_panels_start(terms, columns, 0, product->first && first == 0 ? product->first + column : NULL,
                        run->panels);
        nn_panels_pack(terms, columns, 0, terms, product->transpose, b, product->ldb, run->panels);
        product_columns(run, first, column, columns);
    }
}

void nn_product_run(const nn_product *product, int count, const nn_product_rows *rows, int64_t begin,
                    int64_t end, nn_real *buffer)
{
    product_run run = {.product = product, .stride = product_stride(product->inner), .a = buffer};
    int index = 0;
    int64_t row = 0;
    run.results = run.a + PRODUCT_ROWS * run.stride;
    run.panels = run.results + PRODUCT_ROWS * PRODUCT_COLUMNS;
    while (product_take(count, rows, &index, &row, &run.block)) {
        run.joined =
            run.block.count > 1 && run.block.rows / run.block.count < nn_tile_kernels_at(0)->rows / 2;
        run.copied = run.joined || end - begin > PRODUCT_COLUMNS;
        for (int64_t first = 0; first < product->inner; first += NN_PRODUCT_CHAIN)
            product_chain(&run, first, begin, end);
    }
}

/* ---- sums over microbatches ---- */

/* Tiles of one panel of columns of a sum, and the packed operands of all leaves. */
typedef struct sum_panel {
    const nn_tile_kernels *kernels;
    int64_t count;
    const nn_product_leaf *leaves;
    int64_t columns, width; /* width: columns, rounded up to full vectors */
    int64_t rows;           /* of the current tile */
    bool more;              /* the first leaf continues a sum that the tile holds already */
    const nn_real *a, *b;   /* packed: SUM_STRIDE and width values per term */
    nn_real *tiles;         /* one per level of the tree */
} sum_panel;

static int64_t sum_tile_values(void)
{
    const nn_tile_kernels *kernels = nn_tile_kernels_at(0);
    return kernels->rows * kernels->lanes * NN_TILE_VECTORS;
}

int64_t nn_product_sum_terms(void)
{
    return SUM_TERMS;
}

int64_t nn_product_sum_buffer(void)
{
    return SUM_VALUES + SUM_TERMS * nn_product_tile_columns() + SUM_DEPTH * sum_tile_values();
}

/* The chains of a leaf, from left to right: the first replaces the tile, or is added to it. */
static void sum_leaf(const sum_panel *panel, int64_t leaf, int64_t first, bool add, nn_real *tile)
{
    int64_t terms = panel->leaves[leaf].terms;
    for (int64_t term = 0; term < terms; term += NN_PRODUCT_CHAIN) {
        nn_tile_gradient chain = {.lines = 1,
                                  .length = nn_smaller(terms - term, NN_PRODUCT_CHAIN),
                                  .lda = SUM_STRIDE,
                                  .ldb = panel->width,
                                  .ldc = panel->width,
                                  .rows = panel->rows,
                                  .columns = panel->columns,
                                  .replace = term == 0 && !add,
                                  .a = panel->a + (first + term) * SUM_STRIDE,
                                  .b = panel->b + (first + term) * panel->width,
                                  .c = tile};
        panel->kernels->gradient(&chain);
    }
}

NN_VECTORIZED
static void sum_add(int64_t count, const nn_real *from, nn_real *to)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) to[i] += from[i];
}

/* The canonical sum over the leaves [begin, end); `first`: the first term of leaf `begin`. A right half that
 * is a leaf of one chain is added by the kernel. */
static void sum_node(const sum_panel *panel, int64_t begin, int64_t end, int64_t first, nn_real *tile)
{
    if (end - begin == 1) {
        sum_leaf(panel, begin, first, panel->more, tile);
        return;
    }
    int64_t middle = nn_tree_split(begin, end), later = first;
    for (int64_t leaf = begin; leaf < middle; leaf++) later += panel->leaves[leaf].terms;
    sum_node(panel, begin, middle, first, tile);
    if (end - middle == 1 && panel->leaves[middle].terms <= NN_PRODUCT_CHAIN) {
        sum_leaf(panel, middle, later, true, tile);
        return;
    }
    nn_real *right = tile + sum_tile_values();
    sum_node(panel, middle, end, later, right);
    sum_add(panel->rows * panel->width, right, tile);
}

/* Packs `rows` rows of A from `row` on, for all terms of the leaves. `readable`: rows of A, of which a few
 * more than `rows` are copied where that is faster. */
NN_VECTORIZED
static void sum_pack_rows(int64_t count, const nn_product_leaf *leaves, int64_t row, int64_t rows,
                          int64_t readable, nn_real *to)
{
    bool all = row + SUM_STRIDE <= readable;
    for (int64_t leaf = 0; leaf < count; leaf++)
        for (int64_t term = 0; term < leaves[leaf].terms; term++, to += SUM_STRIDE) {
            const nn_real *from = leaves[leaf].a + term * leaves[leaf].lda + row;
            if (all)
                memcpy(to, from, SUM_STRIDE * sizeof *to);
            else
                for (int64_t r = 0; r < rows; r++) to[r] = from[r];
        }
}

static void sum_pack_columns(int64_t count, const nn_product_leaf *leaves, int64_t column, int64_t columns,
                             int64_t width, nn_real *to)
{
    for (int64_t leaf = 0; leaf < count; leaf++) {
        nn_panels_copy(leaves[leaf].terms, columns, width, leaves[leaf].b + column, leaves[leaf].ldb, to);
        to += leaves[leaf].terms * width;
    }
}

/* Moves a finished tile to C, or adds it. */
NN_VECTORIZED
static void sum_put(const sum_panel *panel, bool add, nn_real *c, int64_t ldc)
{
    for (int64_t row = 0; row < panel->rows; row++) {
        const nn_real *from = panel->tiles + row * panel->width;
        nn_real *to = c + row * ldc;
        NN_INDEPENDENT
        for (int64_t i = 0; i < panel->columns; i++) to[i] = add ? to[i] + from[i] : from[i];
    }
}

static void sum_take(const sum_panel *panel, const nn_real *c, int64_t ldc)
{
    for (int64_t row = 0; row < panel->rows; row++)
        memcpy(panel->tiles + row * panel->width, c + row * ldc, (size_t)panel->columns * sizeof *c);
}

/* What a call of nn_product_sum is about. */
typedef struct sum_call {
    int64_t rows, columns, count, terms; /* terms: of all leaves */
    const nn_product_leaf *leaves;
    bool add, more;
    nn_real *buffer, *c;
    int64_t ldc;
} sum_call;

/* Rows [begin, end): A is packed once, by tiles of about the same height, for all panels of columns. */
static void sum_rows(const sum_call *call, int64_t begin, int64_t end)
{
    const nn_tile_kernels *kernels = nn_tile_kernels_at(0);
    int64_t tiles = (end - begin + kernels->rows - 1) / kernels->rows,
            most = kernels->lanes * NN_TILE_VECTORS;
    int64_t each = call->terms * SUM_STRIDE;
    nn_real *a = call->buffer, *b = a + SUM_VALUES, *sums = b + SUM_TERMS * most;
    for (int64_t t = 0; t < tiles; t++) {
        int64_t row = begin + t * (end - begin) / tiles, next = begin + (t + 1) * (end - begin) / tiles;
        sum_pack_rows(call->count, call->leaves, row, next - row, call->rows, a + t * each);
    }
    for (int64_t column = 0; column < call->columns; column += most) {
        sum_panel panel = {.kernels = kernels,
                           .count = call->count,
                           .leaves = call->leaves,
                           .columns = nn_smaller(call->columns - column, most),
                           .more = call->more,
                           .b = b,
                           .tiles = sums};
        panel.width = (panel.columns + kernels->lanes - 1) / kernels->lanes * kernels->lanes;
        sum_pack_columns(call->count, call->leaves, column, panel.columns, panel.width, b);
        for (int64_t t = 0; t < tiles; t++) {
            int64_t row = begin + t * (end - begin) / tiles;
            nn_real *c = call->c + row * call->ldc + column;
            panel.rows = begin + (t + 1) * (end - begin) / tiles - row;
            panel.a = a + t * each;
            if (call->more) sum_take(&panel, c, call->ldc);
            sum_node(&panel, 0, call->count, 0, sums);
            sum_put(&panel, call->add, c, call->ldc);
        }
    }
}

/* As many rows at a time as the buffer holds. */
static void sum_blocks(const sum_call *call)
{
    int64_t height = nn_tile_kernels_at(0)->rows;
    int64_t tiles = SUM_VALUES / (SUM_STRIDE * nn_larger(call->terms, 1));
    int64_t step = nn_larger(tiles, 1) * height;
    for (int64_t row = 0; row < call->rows; row += step)
        sum_rows(call, row, nn_smaller(row + step, call->rows));
}

void nn_product_sum(int64_t rows, int64_t columns, int64_t count, const nn_product_leaf *leaves, bool add,
                    nn_real *buffer, nn_real *c, int64_t ldc)
{
    sum_call call = {.rows = rows,
                     .columns = columns,
                     .count = count,
                     .leaves = leaves,
                     .add = add,
                     .buffer = buffer,
                     .c = c,
                     .ldc = ldc};
    for (int64_t leaf = 0; leaf < count; leaf++) call.terms += leaves[leaf].terms;
    if (call.terms <= nn_product_sum_terms()) {
        sum_blocks(&call);
        return;
    }
    assert(count == 1 && !add);
    nn_product_leaf piece = *leaves;
    call.leaves = &piece;
    for (int64_t term = 0; term < leaves->terms; term += piece.terms) {
        call.more = term > 0;
        call.terms = piece.terms = nn_smaller(leaves->terms - term, NN_PRODUCT_CHAIN);
        piece.a = leaves->a + term * leaves->lda;
        piece.b = leaves->b + term * leaves->ldb;
        sum_blocks(&call);
    }
}
