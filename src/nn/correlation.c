/* Correlations, tile by tile of output positions. */
#include "nn/correlation.h"

#include <string.h>

/* Values of inputs that a tile brings together: they stay in a core's second-level cache. */
#define TILE_VALUES 49152

enum { DEPTH, HEIGHT, WIDTH };

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- planning ---- */

static int64_t correlation_span(const nn_correlation_axis *axis)
{
    return (axis->kernel - 1) * axis->dilation + 1;
}

/* Positions and channels that do not overlap are one long row. */
static void correlation_flatten(nn_correlation *correlation)
{
    nn_correlation_axis *axes = correlation->axes;
    for (int i = 0; i < NN_WINDOW_AXES; i++) {
        const nn_correlation_axis *axis = &axes[i];
        if (axis->kernel != 1 || axis->taps != 1 || axis->stride != 1 || axis->before != 0 ||
            axis->step != 1 || axis->count != axis->input || axis->output != axis->count)
            return;
    }
    int64_t all = axes[DEPTH].count * axes[HEIGHT].count * axes[WIDTH].count;
    axes[WIDTH].input = axes[WIDTH].count = axes[WIDTH].output = all;
    for (int i = 0; i < WIDTH; i++) axes[i].input = axes[i].count = axes[i].output = 1;
}

static bool correlation_is_direct(const nn_correlation *correlation)
{
    for (int i = 0; i < NN_WINDOW_AXES; i++) {
        const nn_correlation_axis *axis = &correlation->axes[i];
        int64_t end = (axis->count - 1) * axis->stride - axis->before + correlation_span(axis);
        if (axis->before > 0 || end > axis->input) return false;
    }
    return true;
}

/* Input positions under `count` output positions. */
static int64_t correlation_covered(const nn_correlation_axis *axis, int64_t count)
{
    return (count - 1) * axis->stride + correlation_span(axis);
}

static void correlation_size_tiles(nn_correlation *correlation)
{
    const nn_correlation_axis *axes = correlation->axes;
    int64_t at_once = axes[DEPTH].kernel * correlation->inputs;
    int64_t columns = axes[WIDTH].count, rows = axes[HEIGHT].count;
    while (columns > 1 &&
           correlation_covered(&axes[WIDTH], columns) * correlation_covered(&axes[HEIGHT], 1) * at_once >
               TILE_VALUES)
        columns = (columns + 1) / 2;
    int64_t width = correlation_covered(&axes[WIDTH], columns);
    while (rows > 1 && width * correlation_covered(&axes[HEIGHT], rows) * at_once > TILE_VALUES)
        rows = (rows + 1) / 2;
    correlation->tile_columns = columns;
    correlation->tile_rows = rows;
    correlation->line = width * correlation->inputs;
    correlation->slice = correlation->line * correlation_covered(&axes[HEIGHT], rows);
    correlation->buffer_values = correlation->slice * axes[DEPTH].kernel;
}

static void correlation_read_directly(nn_correlation *correlation)
{
    const nn_correlation_axis *axes = correlation->axes;
    correlation->tile_columns = axes[WIDTH].count;
    correlation->tile_rows = axes[HEIGHT].count;
    correlation->line = axes[WIDTH].input * correlation->inputs;
    correlation->slice = correlation->line * axes[HEIGHT].input * axes[DEPTH].dilation;
}

void nn_correlation_plan(nn_correlation *correlation)
{
    const nn_correlation_axis *axes = correlation->axes;
    correlation->kernels = nn_tile_kernels_at(0);
    correlation_flatten(correlation);
    correlation->direct = correlation_is_direct(correlation);
    if (correlation->direct)
        correlation_read_directly(correlation);
    else
        correlation_size_tiles(correlation);
    int64_t taps = axes[DEPTH].kernel * axes[HEIGHT].kernel * axes[WIDTH].kernel;
    int64_t lanes = correlation->kernels->lanes, columns = correlation->outputs / correlation->groups;
    correlation->terms = taps * (correlation->inputs / correlation->groups);
    correlation->panel_columns = lanes * NN_TILE_VECTORS;
    correlation->packed_values =
        correlation->groups * (correlation->terms + 1) * ((columns + lanes - 1) / lanes * lanes);
    correlation->list_bytes =
        (size_t)taps * sizeof *correlation->runs + (size_t)correlation->terms * sizeof *correlation->offsets;
}

/* Taps beside each other are one run where all channels take part. */
static void correlation_list_runs(nn_correlation *correlation)
{
    const nn_correlation_axis *axes = correlation->axes;
    int64_t channels = correlation->inputs / correlation->groups;
    bool joined = correlation->groups == 1 && axes[WIDTH].dilation == 1 && axes[WIDTH].kernel > 0;
    int64_t across = joined ? 1 : axes[WIDTH].kernel;
    int64_t length = joined ? axes[WIDTH].kernel * channels : channels;
    nn_tile_run *run = correlation->runs;
    for (int64_t d = 0; d < axes[DEPTH].kernel; d++)
        for (int64_t h = 0; h < axes[HEIGHT].kernel; h++)
            for (int64_t w = 0; w < across; w++)
                *run++ =
                    (nn_tile_run){d * correlation->slice + h * axes[HEIGHT].dilation * correlation->line +
                                      w * axes[WIDTH].dilation * correlation->inputs,
                                  length};
    correlation->run_count = (int)(run - correlation->runs);
}

void nn_correlation_place(nn_correlation *correlation, void *lists)
{
    const nn_correlation_axis *axes = correlation->axes;
    correlation->runs = lists;
    correlation_list_runs(correlation);
    int64_t taps = axes[DEPTH].kernel * axes[HEIGHT].kernel * axes[WIDTH].kernel;
    int64_t *offset = correlation->offsets = (int64_t *)(correlation->runs + taps);
    for (int t = 0; t < correlation->run_count; t++)
        for (int64_t k = 0; k < correlation->runs[t].length; k++) *offset++ = correlation->runs[t].offset + k;
}

/* ---- weights ---- */

/* Number of the tap (d, h, w) in the kernel of weights. */
static int64_t correlation_tap(const nn_correlation_axis *axes, int64_t d, int64_t h, int64_t w)
{
    int64_t in_depth = axes[DEPTH].tap + d * axes[DEPTH].tap_step;
    int64_t in_height = axes[HEIGHT].tap + h * axes[HEIGHT].tap_step;
    int64_t in_width = axes[WIDTH].tap + w * axes[WIDTH].tap_step;
    return (in_depth * axes[HEIGHT].taps + in_height) * axes[WIDTH].taps + in_width;
}

/* Columns [begin, begin + columns) of one tap: rows of a panel, `width` values each. */
static void correlation_pack_tap(const nn_correlation *correlation, const nn_real *weights, int64_t group,
                                 int64_t begin, int64_t columns, int64_t width, nn_real *panel)
{
    int64_t inputs = correlation->inputs / correlation->groups;
    int64_t outputs = correlation->outputs / correlation->groups;
    int64_t row = correlation->turned ? 1 : correlation->outputs;
    int64_t column = correlation->turned ? correlation->inputs : 1;
    weights += (correlation->turned ? group * inputs : group * outputs) + begin * column;
    for (int64_t k = 0; k < inputs; k++)
        for (int64_t c = 0; c < width; c++)
            panel[k * width + c] = c < columns ? weights[k * row + c * column] : 0;
}

static nn_real *correlation_pack_panel(const nn_correlation *correlation, const nn_real *weights,
                                       const nn_real *bias, int64_t group, int64_t begin, nn_real *panel)
{
    const nn_correlation_axis *axes = correlation->axes;
    int64_t lanes = correlation->kernels->lanes, inputs = correlation->inputs / correlation->groups;
    int64_t outputs = correlation->outputs / correlation->groups;
    int64_t columns = least(outputs - begin, correlation->panel_columns);
    int64_t width = (columns + lanes - 1) / lanes * lanes;
    int64_t tap_values = correlation->turned ? outputs * correlation->inputs : inputs * correlation->outputs;
    for (int64_t c = 0; c < width; c++)
        panel[c] = bias && c < columns ? bias[group * outputs + begin + c] : 0;
    panel += width;
    for (int64_t d = 0; d < axes[DEPTH].kernel; d++)
        for (int64_t h = 0; h < axes[HEIGHT].kernel; h++)
            for (int64_t w = 0; w < axes[WIDTH].kernel; w++, panel += inputs * width)
                correlation_pack_tap(correlation, weights + correlation_tap(axes, d, h, w) * tap_values,
                                     group, begin, columns, width, panel);
    return panel;
}

void nn_correlation_pack(const nn_correlation *correlation, const nn_real *weights, const nn_real *bias,
                         nn_real *packed)
{
    int64_t outputs = correlation->outputs / correlation->groups;
    for (int64_t group = 0; group < correlation->groups; group++)
        for (int64_t begin = 0; begin < outputs; begin += correlation->panel_columns)
            packed = correlation_pack_panel(correlation, weights, bias, group, begin, packed);
}

/* ---- tiles ---- */

/* Output positions [row, row + rows) x [column, column + columns) at one depth, and the inputs under them. */
typedef struct correlation_tile {
    int64_t depth, row, column, rows, columns;
    const nn_real *inputs; /* the first value of the first window */
} correlation_tile;

/* A stretch of `positions` input positions from `from` on (which may lie outside) along a row of the input;
 * NULL: of zeros. */
static void correlation_copy_line(const nn_correlation *correlation, const nn_real *line, int64_t from,
                                  int64_t positions, nn_real *to)
{
    int64_t width = line ? correlation->axes[WIDTH].input : 0, channels = correlation->inputs;
    int64_t begin = from < 0 ? least(-from, positions) : 0;
    int64_t end = width - from < 0 ? 0 : least(width - from, positions);
    if (end < begin) end = begin;
    memset(to, 0, (size_t)(begin * channels) * sizeof *to);
    if (end > begin)
        memcpy(to + begin * channels, line + (from + begin) * channels,
               (size_t)((end - begin) * channels) * sizeof *to);
    memset(to + end * channels, 0, (size_t)((positions - end) * channels) * sizeof *to);
}

/* Brings the inputs under a tile together, zeros where they lie outside. */
static void correlation_gather(const nn_correlation *correlation, const nn_real *input,
                               const correlation_tile *tile, nn_real *buffer)
{
    const nn_correlation_axis *axes = correlation->axes;
    int64_t rows = correlation_covered(&axes[HEIGHT], tile->rows);
    int64_t columns = correlation_covered(&axes[WIDTH], tile->columns);
    int64_t first_row = tile->row * axes[HEIGHT].stride - axes[HEIGHT].before;
    int64_t first_column = tile->column * axes[WIDTH].stride - axes[WIDTH].before;
    for (int64_t d = 0; d < axes[DEPTH].kernel; d++) {
        int64_t z = tile->depth * axes[DEPTH].stride - axes[DEPTH].before + d * axes[DEPTH].dilation;
        for (int64_t r = 0; r < rows; r++) {
            int64_t y = first_row + r;
            bool inside = z >= 0 && z < axes[DEPTH].input && y >= 0 && y < axes[HEIGHT].input;
            int64_t line = (z * axes[HEIGHT].input + y) * axes[WIDTH].input * correlation->inputs;
            correlation_copy_line(correlation, inside ? input + line : NULL, first_column, columns,
                                  buffer + d * correlation->slice + r * correlation->line);
        }
    }
}

/* Where the first window of a tile lies. */
static const nn_real *correlation_find(const nn_correlation *correlation, const nn_real *input,
                                       const correlation_tile *tile, nn_real *buffer)
{
    const nn_correlation_axis *axes = correlation->axes;
    if (correlation->terms == 0) return input;
    if (!correlation->direct) {
        correlation_gather(correlation, input, tile, buffer);
        return buffer;
    }
    int64_t z = tile->depth * axes[DEPTH].stride - axes[DEPTH].before;
    int64_t y = tile->row * axes[HEIGHT].stride - axes[HEIGHT].before;
    int64_t x = tile->column * axes[WIDTH].stride - axes[WIDTH].before;
    return input + ((z * axes[HEIGHT].input + y) * axes[WIDTH].input + x) * correlation->inputs;
}

/* The next tile of one sample; false behind the last. Begin with zeros. */
static bool correlation_next(const nn_correlation *correlation, correlation_tile *tile)
{
    const nn_correlation_axis *axes = correlation->axes;
    tile->column += tile->columns;
    if (tile->column >= axes[WIDTH].count) {
        tile->column = 0;
        tile->row += tile->rows;
    }
    if (tile->row >= axes[HEIGHT].count) {
        tile->row = 0;
        tile->depth++;
    }
    tile->rows = least(correlation->tile_rows, axes[HEIGHT].count - tile->row);
    tile->columns = least(correlation->tile_columns, axes[WIDTH].count - tile->column);
    return tile->depth < axes[DEPTH].count && tile->rows > 0 && tile->columns > 0;
}

/* Number of an output position in the tensor of results. */
static int64_t correlation_position(const nn_correlation *correlation, int64_t d, int64_t h, int64_t w)
{
    const nn_correlation_axis *axes = correlation->axes;
    int64_t z = axes[DEPTH].first + d * axes[DEPTH].step;
    int64_t y = axes[HEIGHT].first + h * axes[HEIGHT].step;
    int64_t x = axes[WIDTH].first + w * axes[WIDTH].step;
    return (z * axes[HEIGHT].output + y) * axes[WIDTH].output + x;
}

/* ---- running ---- */

static void correlation_multiply(const nn_correlation *correlation, const correlation_tile *tile,
                                 const nn_real *packed, nn_real *output)
{
    const nn_correlation_axis *axes = correlation->axes;
    int64_t inputs = correlation->inputs / correlation->groups;
    int64_t outputs = correlation->outputs / correlation->groups, lanes = correlation->kernels->lanes;
    nn_tile_product product = {.rows = tile->columns,
                               .lda = axes[WIDTH].stride * correlation->inputs,
                               .ldc = axes[WIDTH].step * correlation->outputs,
                               .run_count = correlation->run_count,
                               .runs = correlation->runs,
                               .panel = packed};
    for (int64_t column = 0; column < correlation->outputs; column += product.columns) {
        int64_t group = column / outputs;
        product.columns = least(outputs - column % outputs, correlation->panel_columns);
        for (int64_t r = 0; r < tile->rows; r++) {
            product.a = tile->inputs + r * axes[HEIGHT].stride * correlation->line + group * inputs;
            product.c = output + column +
                        correlation->outputs *
                            correlation_position(correlation, tile->depth, tile->row + r, tile->column);
            correlation->kernels->product(&product);
        }
        product.panel += (correlation->terms + 1) * ((product.columns + lanes - 1) / lanes * lanes);
    }
}

void nn_correlation_run(const nn_correlation *correlation, const nn_real *input, const nn_real *packed,
                        nn_real *buffer, nn_real *output)
{
    correlation_tile tile = {0};
    while (correlation_next(correlation, &tile)) {
        tile.inputs = correlation_find(correlation, input, &tile, buffer);
        correlation_multiply(correlation, &tile, packed, output);
    }
}

/* ---- the gradient of the weights ---- */

/* Rows of the gradient that are one stretch of inputs go together; short ones are looked up one by one. */
static void correlation_add_rows(const nn_correlation *correlation, nn_tile_gradient call, int64_t begin,
                                 int64_t end)
{
    const nn_real *inputs = call.a;
    int64_t length = correlation->runs[0].length;
    if (length < correlation->kernels->rows) {
        call.rows = end - begin;
        call.offsets = correlation->offsets + begin;
        correlation->kernels->gradient(&call);
        return;
    }
    for (int64_t row = begin; row < end; row += call.rows, call.c += call.rows * call.ldc) {
        call.rows = least(length - row % length, end - row);
        call.a = inputs + correlation->offsets[row];
        correlation->kernels->gradient(&call);
    }
}

void nn_correlation_gradient(const nn_correlation *correlation, const nn_real *input,
                             const nn_real *output_gradient, int64_t begin, int64_t end, nn_real *buffer,
                             nn_real *sums)
{
    const nn_correlation_axis *axes = correlation->axes;
    int64_t inputs = correlation->inputs / correlation->groups;
    int64_t outputs = correlation->outputs / correlation->groups;
    correlation_tile tile = {0};
    while (correlation_next(correlation, &tile)) {
        tile.inputs = correlation_find(correlation, input, &tile, buffer);
        int64_t position = correlation_position(correlation, tile.depth, tile.row, tile.column);
        nn_tile_gradient call = {.lines = tile.rows,
                                 .length = tile.columns,
                                 .line_a = axes[HEIGHT].stride * correlation->line,
                                 .lda = axes[WIDTH].stride * correlation->inputs,
                                 .line_b = axes[WIDTH].output * correlation->outputs,
                                 .ldb = correlation->outputs,
                                 .ldc = correlation->outputs};
        for (int64_t column = 0; column < correlation->outputs; column += call.columns) {
            call.columns = least(outputs - column % outputs, correlation->panel_columns);
            call.a = tile.inputs + column / outputs * inputs;
            call.b = output_gradient + position * correlation->outputs + column;
            call.c = sums + column;
            correlation_add_rows(correlation, call, begin, end);
        }
    }
}
