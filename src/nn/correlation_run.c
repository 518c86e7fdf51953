/* Runs correlations by tiles of output positions. */
#include <string.h>

#include "base/least.h"
#include "nn/correlation.h"
#include "tensor/tile_pack.h"

/* ---- tiles ---- */

/* Output positions [row, row + rows) x [column, column + columns) at one depth, and the inputs that they
 * read. */
typedef struct correlation_tile {
    int64_t depth, row, column, rows, columns;
    const nn_real *inputs; /* the first value of the first window */
} correlation_tile;

/* Copies `positions` input positions of a row, starting at `from`, which may lie outside: those are 0. line
 * NULL: all zeros. */
static void correlation_copy_line(const nn_correlation *correlation, const nn_real *line, int64_t from,
                                  int64_t positions, nn_real *to)
{
    int64_t width = line ? correlation->axes[NN_WIDTH].input : 0, channels = correlation->inputs;
    int64_t begin = from < 0 ? nn_smaller(-from, positions) : 0;
    int64_t end = width - from < 0 ? 0 : nn_smaller(width - from, positions);
    if (end < begin) end = begin;
    memset(to, 0, (size_t)(begin * channels) * sizeof *to);
    if (line && end > begin)
        memcpy(to + begin * channels, line + (from + begin) * channels,
               (size_t)((end - begin) * channels) * sizeof *to);
    memset(to + end * channels, 0, (size_t)((positions - end) * channels) * sizeof *to);
}

/* What inputs are gathered for: the form of A differs (tensor/tile.h). */
typedef enum correlation_purpose { FOR_PRODUCT, FOR_GRADIENT } correlation_purpose;

/* Copies a line to the buffer, in the form that the kernels read. */
static void correlation_store_line(const nn_correlation *correlation, correlation_purpose purpose,
                                   const nn_real *line, int64_t from, int64_t positions, int64_t offset,
                                   nn_real *buffer)
{
    nn_tile_operands operands = correlation->kernels->operands;
    nn_real *copy = buffer + correlation->gathered_values;
    int64_t count = positions * correlation->inputs;
    nn_real *to = (nn_real *)(size_t)nn_tile_operand_at(operands, buffer, offset);
    if (operands == NN_TILE_PLAIN) {
        correlation_copy_line(correlation, line, from, positions, to);
        return;
    }
    correlation_copy_line(correlation, line, from, positions, copy);
    if (purpose == FOR_PRODUCT)
        nn_tile_pack_rows(operands, 1, count, copy, count, to, count);
    else
        nn_tile_pack_positions(operands, count, correlation->axes[NN_WIDTH].stride * correlation->inputs,
                               copy, buffer + offset);
}

/* Gathers the inputs that a tile reads, with zeros outside of the input. */
static void correlation_gather(const nn_correlation *correlation, correlation_purpose purpose,
                               const nn_real *input, const correlation_tile *tile, nn_real *buffer)
{
    const nn_correlation_axis *axes = correlation->axes;
    int64_t rows = nn_correlation_covered(&axes[NN_HEIGHT], tile->rows);
    int64_t columns = nn_correlation_covered(&axes[NN_WIDTH], tile->columns);
    int64_t first_row = tile->row * axes[NN_HEIGHT].stride - axes[NN_HEIGHT].before;
    int64_t first_column = tile->column * axes[NN_WIDTH].stride - axes[NN_WIDTH].before;
    for (int64_t d = 0; d < axes[NN_DEPTH].kernel; d++) {
        int64_t z = tile->depth * axes[NN_DEPTH].stride - axes[NN_DEPTH].before + d * axes[NN_DEPTH].dilation;
        for (int64_t r = 0; r < rows; r++) {
            int64_t y = first_row + r;
            bool inside = z >= 0 && z < axes[NN_DEPTH].input && y >= 0 && y < axes[NN_HEIGHT].input;
            int64_t line = (z * axes[NN_HEIGHT].input + y) * axes[NN_WIDTH].input * correlation->inputs;
            correlation_store_line(correlation, purpose, inside ? input + line : NULL, first_column, columns,
                                   d * correlation->slice + r * correlation->line, buffer);
        }
    }
}

/* The first value of a tile's first window. */
static const nn_real *correlation_find(const nn_correlation *correlation, correlation_purpose purpose,
                                       const nn_real *input, const correlation_tile *tile, nn_real *buffer)
{
    const nn_correlation_axis *axes = correlation->axes;
    if (correlation->terms == 0) return input;
    if (!correlation->direct) {
        correlation_gather(correlation, purpose, input, tile, buffer);
        return buffer;
    }
    int64_t z = tile->depth * axes[NN_DEPTH].stride - axes[NN_DEPTH].before;
    int64_t y = tile->row * axes[NN_HEIGHT].stride - axes[NN_HEIGHT].before;
    int64_t x = tile->column * axes[NN_WIDTH].stride - axes[NN_WIDTH].before;
    return input + ((z * axes[NN_HEIGHT].input + y) * axes[NN_WIDTH].input + x) * correlation->inputs;
}

/* Advances to the next tile of one sample; false after the last. Start with a zeroed tile. */
static bool correlation_next(const nn_correlation *correlation, correlation_tile *tile)
{
    const nn_correlation_axis *axes = correlation->axes;
    tile->column += tile->columns;
    if (tile->column >= axes[NN_WIDTH].count) {
        tile->column = 0;
        tile->row += tile->rows;
    }
    if (tile->row >= axes[NN_HEIGHT].count) {
        tile->row = 0;
        tile->depth++;
    }
    tile->rows = nn_smaller(correlation->tile_rows, axes[NN_HEIGHT].count - tile->row);
    tile->columns = nn_smaller(correlation->tile_columns, axes[NN_WIDTH].count - tile->column);
    return tile->depth < axes[NN_DEPTH].count && tile->rows > 0 && tile->columns > 0;
}

/* Index of an output position in the result tensor. */
static int64_t correlation_position(const nn_correlation *correlation, int64_t d, int64_t h, int64_t w)
{
    const nn_correlation_axis *axes = correlation->axes;
    int64_t z = axes[NN_DEPTH].first + d * axes[NN_DEPTH].step;
    int64_t y = axes[NN_HEIGHT].first + h * axes[NN_HEIGHT].step;
    int64_t x = axes[NN_WIDTH].first + w * axes[NN_WIDTH].step;
    return (z * axes[NN_HEIGHT].output + y) * axes[NN_WIDTH].output + x;
}

/* Number of channels, from `column` on, that one kernel call processes. */
static int64_t correlation_columns(const nn_correlation *correlation, int64_t column)
{
    int64_t outputs = correlation->outputs / correlation->groups;
    if (correlation->channelwise) return correlation->outputs;
    return nn_smaller(outputs - column % outputs, correlation->panel_columns);
}

/* ---- running ---- */

/* One chain of terms for all rows of a tile. */
static void correlation_multiply_chain(const nn_correlation *correlation, const correlation_tile *tile,
                                       const nn_correlation_chain *chain, int64_t column, int64_t columns,
                                       const nn_real *panel, nn_real *output)
{
    const nn_correlation_axis *axes = correlation->axes;
    const nn_tile_kernels *kernels = correlation->kernels;
    int64_t group = column / (correlation->outputs / correlation->groups);
    int64_t inputs = correlation->inputs / correlation->groups;
    int64_t width = (columns + kernels->lanes - 1) / kernels->lanes * kernels->lanes;
    nn_tile_product product = {.rows = tile->columns,
                               .lda = axes[NN_WIDTH].stride * correlation->inputs,
                               .ldc = axes[NN_WIDTH].step * correlation->outputs,
                               .columns = columns,
                               .run_count = chain->end - chain->begin,
                               .add = chain > correlation->chains,
                               .runs = correlation->runs + chain->begin,
                               .panel = panel + chain->row * width};
    for (int64_t r = 0; r < tile->rows; r++) {
        product.a = nn_tile_operand_at(kernels->operands, tile->inputs,
                                       r * axes[NN_HEIGHT].stride * correlation->line + group * inputs);
        product.c = output + column +
                    correlation->outputs *
                        correlation_position(correlation, tile->depth, tile->row + r, tile->column);
        if (correlation->channelwise)
            kernels->channel_product(&product);
        else
            kernels->product(&product);
    }
}

static void correlation_multiply(const nn_correlation *correlation, const correlation_tile *tile,
                                 const nn_real *packed, nn_real *output)
{
    int64_t lanes = correlation->kernels->lanes, columns;
    for (int64_t column = 0; column < correlation->outputs; column += columns) {
        columns = correlation_columns(correlation, column);
        for (int i = 0; i < correlation->chain_count; i++)
            correlation_multiply_chain(correlation, tile, &correlation->chains[i], column, columns, packed,
                                       output);
        packed += (correlation->panel_rows + 1) * ((columns + lanes - 1) / lanes * lanes);
    }
}

void nn_correlation_run(const nn_correlation *correlation, const nn_real *input, const nn_real *packed,
                        nn_real *buffer, nn_real *output)
{
    correlation_tile tile = {0};
    while (correlation_next(correlation, &tile)) {
        tile.inputs = correlation_find(correlation, FOR_PRODUCT, input, &tile, buffer);
        correlation_multiply(correlation, &tile, packed, output);
    }
}

/* ---- the gradient of the weights ---- */

/* Rows of the gradient whose inputs are contiguous are computed together; short runs use an offset per
 * row. */
static void correlation_add_rows(const nn_correlation *correlation, nn_tile_gradient call, int64_t begin,
                                 int64_t end)
{
    const nn_real *inputs = call.a;
    int64_t length = correlation->run_length;
    if (length < correlation->kernels->rows) {
        call.rows = end - begin;
        call.offsets = correlation->offsets + begin;
        if (correlation->channelwise)
            correlation->kernels->channel_gradient(&call);
        else
            correlation->kernels->gradient(&call);
        return;
    }
    for (int64_t row = begin; row < end; row += call.rows, call.c += call.rows * call.ldc) {
        call.rows = nn_smaller(length - row % length, end - row);
        call.a = inputs + correlation->offsets[row];
        correlation->kernels->gradient(&call);
    }
}

/* Packs the output gradients of a panel of columns, if the kernels need that. */
static void correlation_pack_lines(const nn_correlation *correlation, nn_real *packed, nn_tile_gradient *call)
{
    const nn_tile_kernels *kernels = correlation->kernels;
    if (kernels->operands == NN_TILE_PLAIN) return;
    int64_t width = (call->columns + kernels->lanes - 1) / kernels->lanes * kernels->lanes;
    int64_t line = nn_tile_pack_height(kernels->operands, call->length) * width;
    for (int64_t i = 0; i < call->lines; i++)
        nn_tile_pack_panel(kernels->operands, call->length, call->columns, width, call->b + i * call->line_b,
                           call->ldb, 1, packed + i * line);
    call->b = packed;
    call->line_b = line;
    call->ldb = width;
}

/* Adds one chain: positions of a tile. */
static void correlation_add_chain(const nn_correlation *correlation, const nn_tile_gradient *chain,
                                  int64_t begin, int64_t end, nn_real *packed)
{
    int64_t inputs = correlation->inputs / correlation->groups, columns;
    int64_t outputs = correlation->outputs / correlation->groups;
    for (int64_t column = 0; column < correlation->outputs; column += columns) {
        nn_tile_gradient call = *chain;
        call.columns = columns = correlation_columns(correlation, column);
        call.a += column / outputs * inputs;
        call.b += column;
        call.c += column;
        correlation_pack_lines(correlation, packed, &call);
        correlation_add_rows(correlation, call, begin, end);
    }
}

/* Cuts the positions of a tile into chains of at most NN_TILE_CHAIN: complete lines, or parts of one. */
static void correlation_add_tile(const nn_correlation *correlation, const nn_tile_gradient *all,
                                 int64_t begin, int64_t end, nn_real *packed)
{
    int64_t lines = nn_larger(NN_TILE_CHAIN / all->length, 1);
    for (int64_t line = 0; line < all->lines; line += lines)
        for (int64_t p = 0; p < all->length; p += NN_TILE_CHAIN) {
            nn_tile_gradient chain = *all;
            chain.lines = nn_smaller(lines, all->lines - line);
            chain.length = nn_smaller(NN_TILE_CHAIN, all->length - p);
            chain.a += line * all->line_a + p * all->lda;
            chain.b += line * all->line_b + p * all->ldb;
            correlation_add_chain(correlation, &chain, begin, end, packed);
        }
}

void nn_correlation_gradient(const nn_correlation *correlation, const nn_real *input,
                             const nn_real *output_gradient, int64_t begin, int64_t end, nn_real *buffer,
                             nn_real *sums)
{
    const nn_correlation_axis *axes = correlation->axes;
    nn_real *packed = buffer + correlation->gathered_values + correlation->line;
    correlation_tile tile = {0};
    while (correlation_next(correlation, &tile)) {
        tile.inputs = correlation_find(correlation, FOR_GRADIENT, input, &tile, buffer);
        int64_t position = correlation_position(correlation, tile.depth, tile.row, tile.column);
        const nn_tile_gradient all = {.lines = tile.rows,
                                      .length = tile.columns,
                                      .line_a = axes[NN_HEIGHT].stride * correlation->line,
                                      .lda = axes[NN_WIDTH].stride * correlation->inputs,
                                      .line_b = axes[NN_WIDTH].output * correlation->outputs,
                                      .ldb = correlation->outputs,
                                      .ldc = correlation->outputs,
                                      .a = tile.inputs,
                                      .b = output_gradient + position * correlation->outputs,
                                      .c = sums};
        correlation_add_tile(correlation, &all, begin, end, packed);
    }
}
