/* Products and canonical sums of products, block by block. */
#include "tensor/product.h"

#include <assert.h>
#include <string.h>

#include "base/least.h"
#include "base/tree.h"
#include "tensor/tile_pack.h"
#include "tensor/transpose.h"
#include "tensor/vectorize.h"

/* Rows of A and columns of B per block: with NN_PRODUCT_CHAIN terms each, both stay in a core's second-level
 * cache. */
enum { PRODUCT_ROWS = 256, PRODUCT_COLUMNS = 128 };

/* Terms of all columns of a block that are packed together; even, so that pairs are not cut. */
enum { PRODUCT_TERMS = 8 };

/* Added to the distance between the rows of a block: powers of two would make them compete for the same lines
 * of the first-level cache. */
enum { PRODUCT_PAD = 16 };

/* Of a sum: terms that are packed at a time, over all leaves; values of A that are; levels of a tree. */
enum { SUM_TERMS = 1024, SUM_VALUES = 131072, SUM_DEPTH = 40 };

/* Distance between packed terms of A: enough for the rows of a tile, and copied at once. */
enum { SUM_STRIDE = 16 };

/* Columns of a panel. */
static int64_t product_panel(const nn_tile_kernels *kernels)
{
    return kernels->lanes * NN_TILE_VECTORS;
}

/* Columns, rounded up to full vectors. */
static int64_t product_width(const nn_tile_kernels *kernels, int64_t columns)
{
    return (columns + kernels->lanes - 1) / kernels->lanes * kernels->lanes;
}

/* ---- products ---- */

static int64_t product_stride(int64_t inner)
{
    int64_t terms = nn_smaller(inner, NN_PRODUCT_CHAIN);
    return (terms + PRODUCT_PAD - 1) / PRODUCT_PAD * PRODUCT_PAD + PRODUCT_PAD;
}

int64_t nn_product_buffer(int64_t inner)
{
    int64_t terms = nn_smaller(inner, NN_PRODUCT_CHAIN);
    return PRODUCT_ROWS * (product_stride(inner) + PRODUCT_COLUMNS) + (terms + 1) * PRODUCT_COLUMNS;
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
    const nn_tile_kernels *kernels;
    product_block block;
    bool copied; /* A was copied; otherwise it is read in place */
    bool joined; /* the rows of small pieces share tiles */
    int64_t stride;
    nn_real *a, *panels, *results;
} product_run;

/* One chain of `rows` rows times the panels of a block of columns. */
static void product_tiles(const product_run *run, int64_t rows, int64_t columns, const nn_tile_run *terms,
                          bool add, const nn_real *a, int64_t lda, nn_real *c, int64_t ldc)
{
    const nn_tile_kernels *kernels = run->kernels;
    const nn_real *panels = run->panels;
    int64_t most = product_panel(kernels), height = 1 + nn_tile_pack_height(kernels->operands, terms->length);
    for (int64_t column = 0; column < columns; column += most) {
        nn_tile_product product = {.rows = rows,
                                   .lda = lda,
                                   .ldc = ldc,
                                   .columns = nn_smaller(columns - column, most),
                                   .run_count = 1,
                                   .add = add,
                                   .runs = terms,
                                   .a = a,
                                   .panel = panels,
                                   .c = c + column};
        kernels->product(&product);
        panels += height * product_width(kernels, product.columns);
    }
}

/* Copies the terms [first, first + terms) of the block's rows. */
static void product_copy(const product_run *run, int64_t first, int64_t terms)
{
    nn_real *to = run->a;
    for (int p = 0; p < run->block.count; p++) {
        const nn_product_rows *piece = &run->block.pieces[p];
        nn_tile_pack_rows(run->kernels->operands, piece->rows, terms, piece->a + first, piece->lda, to,
                          run->stride);
        to = (nn_real *)(uintptr_t)nn_tile_operand_at(run->kernels->operands, to, piece->rows * run->stride);
    }
}

/* Packs a panel of B that is stored transposed. */
static void product_pack_turned(const product_run *run, int64_t terms, int64_t count, int64_t width,
                                const nn_real *b, nn_real *panel)
{
    nn_tile_operands operands = run->kernels->operands;
    nn_real *turned = operands == NN_TILE_PLAIN ? panel : run->results;
    nn_transpose_copy(count, terms, b, run->product->ldb, turned, width);
    if (turned != panel) nn_tile_pack_panel(operands, terms, count, width, turned, width, 1, panel);
    for (int64_t k = 0; turned == panel && count < width && k < terms; k++)
        memset(panel + k * width + count, 0, (size_t)(width - count) * sizeof *panel);
}

/* Packs the terms [term, term + terms) of one chain of a block of columns; before the first of the chain,
 * which has `chain` terms, what the sums start with. */
static void product_pack_terms(const product_run *run, int64_t first, int64_t chain, int64_t term,
                               int64_t terms, int64_t begin, int64_t columns)
{
    const nn_product *product = run->product;
    nn_tile_operands operands = run->kernels->operands;
    int64_t most = product_panel(run->kernels);
    nn_real *panel = run->panels;
    for (int64_t column = begin; column < begin + columns; column += most) {
        int64_t count = nn_smaller(begin + columns - column, most),
                width = product_width(run->kernels, count);
        nn_real *to = panel + (1 + nn_tile_pack_height(operands, term)) * width;
        for (int64_t c = 0; term == 0 && c < width; c++)
            panel[c] = product->first && first == 0 && c < count ? product->first[column + c] : 0;
        if (product->transpose == NN_PLAIN)
            nn_tile_pack_panel(operands, terms, count, width,
                               product->b + (first + term) * product->ldb + column, product->ldb, 1, to);
        else
            product_pack_turned(run, terms, count, width, product->b + column * product->ldb + first, to);
        panel += (1 + nn_tile_pack_height(operands, chain)) * width;
    }
}

/* Packs one chain of a block of columns: of a few terms all columns, so that memory is read in long runs. */
static void product_pack(const product_run *run, int64_t first, int64_t terms, int64_t begin, int64_t columns)
{
    int64_t together = run->product->transpose == NN_PLAIN ? PRODUCT_TERMS : terms;
    for (int64_t term = 0; term < terms; term += together)
        product_pack_terms(run, first, terms, term, nn_smaller(terms - term, together), begin, columns);
}

/* One chain of all rows of the block, for a block of columns. */
static void product_columns(const product_run *run, int64_t first, int64_t column, int64_t columns)
{
    const product_block *block = &run->block;
    const nn_tile_run terms = {0, nn_smaller(run->product->inner - first, NN_PRODUCT_CHAIN)};
    const nn_real *from = run->a;
    bool add = first > 0;
    if (run->joined) {
        if (add) product_move(block, column, columns, false, run->results);
        product_tiles(run, block->rows, columns, &terms, add, from, run->stride, run->results,
                      PRODUCT_COLUMNS);
        product_move(block, column, columns, true, run->results);
        return;
    }
    for (int p = 0; p < block->count; p++) {
        const nn_product_rows *piece = &block->pieces[p];
        product_tiles(run, piece->rows, columns, &terms, add, run->copied ? from : piece->a + first,
                      run->copied ? run->stride : piece->lda, piece->c + column, piece->ldc);
        from = nn_tile_operand_at(run->kernels->operands, from, piece->rows * run->stride);
    }
}

/* One chain of all rows of the block, for columns [begin, end). */
static void product_chain(const product_run *run, int64_t first, int64_t begin, int64_t end)
{
    int64_t terms = nn_smaller(run->product->inner - first, NN_PRODUCT_CHAIN);
    if (run->copied) product_copy(run, first, terms);
    for (int64_t column = begin; column < end; column += PRODUCT_COLUMNS) {
        int64_t columns = nn_smaller(end - column, PRODUCT_COLUMNS);
        product_pack(run, first, terms, column, columns);
        product_columns(run, first, column, columns);
    }
}

/* The piece with the only row; NULL: there are more rows, or none. */
static const nn_product_rows *product_single(int count, const nn_product_rows *rows)
{
    const nn_product_rows *single = NULL;
    for (int p = 0; p < count; p++) {
        if (rows[p].rows > 1 || (rows[p].rows == 1 && single)) return NULL;
        if (rows[p].rows == 1) single = &rows[p];
    }
    return single;
}

bool nn_product_run_single(const nn_product *product, const nn_product_rows *row, int64_t begin, int64_t end)
{
    const nn_tile_kernels *kernels = nn_tile_kernels_of(product->engine);
    if (!kernels->row || product->transpose == NN_TRANSPOSED) return false;
    kernels->row(&(nn_tile_row){.inner = product->inner,
                                .columns = end - begin,
                                .ldb = product->ldb,
                                .chain = NN_PRODUCT_CHAIN,
                                .a = row->a,
                                .b = product->b + begin,
                                .first = product->first ? product->first + begin : NULL,
                                .c = row->c + begin});
    return true;
}

void nn_product_run(const nn_product *product, int count, const nn_product_rows *rows, int64_t begin,
                    int64_t end, nn_real *buffer)
{
    const nn_product_rows *single = product_single(count, rows);
    if (single && nn_product_run_single(product, single, begin, end)) return;
    product_run run = {.product = product,
                       .kernels = nn_tile_kernels_of(product->engine),
                       .stride = product_stride(product->inner),
                       .a = buffer};
    int index = 0;
    int64_t row = 0;
    run.results = run.a + PRODUCT_ROWS * run.stride;
    run.panels = run.results + PRODUCT_ROWS * PRODUCT_COLUMNS;
    while (product_take(count, rows, &index, &row, &run.block)) {
        run.joined = run.block.count > 1 && run.block.rows / run.block.count < run.kernels->rows / 2;
        run.copied = run.joined || end - begin > PRODUCT_COLUMNS || run.kernels->operands != NN_TILE_PLAIN;
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

/* Of any kernel set. */
enum { SUM_TILE = 16 * 32, SUM_COLUMNS = 32 };

int64_t nn_product_sum_terms(void)
{
    return SUM_TERMS;
}

int64_t nn_product_sum_buffer(void)
{
    return SUM_VALUES + SUM_TERMS * SUM_COLUMNS + SUM_DEPTH * SUM_TILE;
}

/* The chains of a leaf, from left to right: the first replaces the tile, or is added to it. */
static void sum_leaf(const sum_panel *panel, int64_t leaf, int64_t first, bool add, nn_real *tile)
{
    int64_t terms = panel->leaves[leaf].terms;
    for (int64_t term = 0; term < terms; term += NN_PRODUCT_CHAIN) {
        nn_tile_gradient chain = {
            .lines = 1,
            .length = nn_smaller(terms - term, NN_PRODUCT_CHAIN),
            .lda = SUM_STRIDE,
            .ldb = panel->width,
            .ldc = panel->width,
            .rows = panel->rows,
            .columns = panel->columns,
            .replace = term == 0 && !add,
            .a = panel->a + (first + term) * SUM_STRIDE,
            .b = panel->b + (first + nn_tile_pack_height(panel->kernels->operands, term)) * panel->width,
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
 * is a leaf of one chain is added by the kernel, but not in mixed precision, where kernels count denormals as
 * 0 and other additions do not. */
static void sum_node(const sum_panel *panel, int64_t begin, int64_t end, int64_t first, nn_real *tile)
{
    if (end - begin == 1) {
        sum_leaf(panel, begin, first, panel->more, tile);
        return;
    }
    int64_t middle = nn_tree_split(begin, end), later = first;
    for (int64_t leaf = begin; leaf < middle; leaf++) later += panel->leaves[leaf].terms;
    sum_node(panel, begin, middle, first, tile);
    bool adds = panel->kernels->operands == NN_TILE_PLAIN;
    if (adds && end - middle == 1 && panel->leaves[middle].terms <= NN_PRODUCT_CHAIN) {
        sum_leaf(panel, middle, later, true, tile);
        return;
    }
    nn_real *right = tile + SUM_TILE;
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

/* The packed rows, as the kernels read them. */
static void sum_convert_rows(const nn_tile_kernels *kernels, int64_t count, const nn_product_leaf *leaves,
                             const nn_real *from, nn_real *to)
{
    for (int64_t leaf = 0; leaf < count; leaf++) {
        int64_t values = leaves[leaf].terms * SUM_STRIDE;
        nn_tile_pack_positions(kernels->operands, values, SUM_STRIDE, from, to);
        from += values;
        to += values;
    }
}

static void sum_pack_columns(const sum_panel *panel, int64_t column, nn_real *to)
{
    for (int64_t leaf = 0; leaf < panel->count; leaf++) {
        const nn_product_leaf *from = &panel->leaves[leaf];
        nn_tile_pack_panel(panel->kernels->operands, from->terms, panel->columns, panel->width,
                           from->b + column, from->ldb, 1, to);
        to += from->terms * panel->width;
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
    const nn_tile_kernels *kernels;
    int64_t rows, columns, count, terms; /* terms: of all leaves */
    const nn_product_leaf *leaves;
    bool add, more;
    nn_real *buffer, *c;
    int64_t ldc;
} sum_call;

/* Rows [begin, end): A is packed once, by tiles of about the same height, for all panels of columns. */
static void sum_rows(const sum_call *call, int64_t begin, int64_t end)
{
    const nn_tile_kernels *kernels = call->kernels;
    int64_t tiles = (end - begin + kernels->rows - 1) / kernels->rows, most = product_panel(kernels);
    int64_t each = call->terms * SUM_STRIDE;
    nn_real *a = call->buffer, *b = a + SUM_VALUES, *sums = b + SUM_TERMS * SUM_COLUMNS;
    for (int64_t t = 0; t < tiles; t++) {
        int64_t row = begin + t * (end - begin) / tiles, next = begin + (t + 1) * (end - begin) / tiles;
        nn_real *packed = kernels->operands == NN_TILE_PLAIN ? a + t * each : b;
        sum_pack_rows(call->count, call->leaves, row, next - row, call->rows, packed);
        if (packed == b) sum_convert_rows(kernels, call->count, call->leaves, b, a + t * each);
    }
    for (int64_t column = 0; column < call->columns; column += most) {
        sum_panel panel = {.kernels = kernels,
                           .count = call->count,
                           .leaves = call->leaves,
                           .columns = nn_smaller(call->columns - column, most),
                           .more = call->more,
                           .b = b,
                           .tiles = sums};
        panel.width = product_width(kernels, panel.columns);
        sum_pack_columns(&panel, column, b);
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
    int64_t height = call->kernels->rows;
    int64_t tiles = SUM_VALUES / (SUM_STRIDE * nn_larger(call->terms, 1));
    int64_t step = nn_larger(tiles, 1) * height;
    for (int64_t row = 0; row < call->rows; row += step)
        sum_rows(call, row, nn_smaller(row + step, call->rows));
}

void nn_product_sum(nn_engine engine, int64_t rows, int64_t columns, int64_t count,
                    const nn_product_leaf *leaves, bool add, nn_real *buffer, nn_real *c, int64_t ldc)
{
    sum_call call = {.kernels = nn_tile_kernels_of(engine),
                     .rows = rows,
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
