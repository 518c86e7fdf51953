/* Plans correlations and packs their weights. */
#include "nn/correlation.h"

#include <string.h>

#include "base/least.h"
#include "tensor/tile_pack.h"

/* Input values gathered per tile: they stay in a core's second-level cache. */
#define TILE_VALUES 49152

/* ---- planning ---- */

/* Without overlap (a 1 x 1 kernel without stride or padding), all positions form one long row. */
static void correlation_flatten(nn_correlation *correlation)
{
    nn_correlation_axis *axes = correlation->axes;
    for (int i = 0; i < NN_WINDOW_AXES; i++) {
        const nn_correlation_axis *axis = &axes[i];
        if (axis->kernel != 1 || axis->taps != 1 || axis->stride != 1 || axis->before != 0 ||
            axis->step != 1 || axis->count != axis->input || axis->output != axis->count)
            return;
    }
    int64_t all = axes[NN_DEPTH].count * axes[NN_HEIGHT].count * axes[NN_WIDTH].count;
    axes[NN_WIDTH].input = axes[NN_WIDTH].count = axes[NN_WIDTH].output = all;
    for (int i = 0; i < NN_WIDTH; i++) axes[i].input = axes[i].count = axes[i].output = 1;
}

static bool correlation_is_direct(const nn_correlation *correlation)
{
    for (int i = 0; i < NN_WINDOW_AXES; i++) {
        const nn_correlation_axis *axis = &correlation->axes[i];
        int64_t end =
            (axis->count - 1) * axis->stride - axis->before + nn_window_span(axis->kernel, axis->dilation);
        if (axis->before > 0 || end > axis->input) return false;
    }
    return true;
}

int64_t nn_correlation_covered(const nn_correlation_axis *axis, int64_t count)
{
    return (count - 1) * axis->stride + nn_window_span(axis->kernel, axis->dilation);
}

/* Whether a tile would gather more inputs than TILE_VALUES. */
static bool correlation_is_large(const nn_correlation *correlation, int64_t rows, int64_t columns)
{
    const nn_correlation_axis *axes = correlation->axes;
    double height = (double)nn_correlation_covered(&axes[NN_HEIGHT], rows);
    double width = (double)nn_correlation_covered(&axes[NN_WIDTH], columns);
    return height * width * (double)axes[NN_DEPTH].kernel * (double)correlation->inputs > TILE_VALUES;
}

static void correlation_size_tiles(nn_correlation *correlation)
{
    const nn_correlation_axis *axes = correlation->axes;
    int64_t columns = axes[NN_WIDTH].count, rows = axes[NN_HEIGHT].count;
    while (columns > 1 && correlation_is_large(correlation, 1, columns)) columns = (columns + 1) / 2;
    while (rows > 1 && correlation_is_large(correlation, rows, columns)) rows = (rows + 1) / 2;
    int64_t width = nn_correlation_covered(&axes[NN_WIDTH], columns);
    correlation->tile_columns = columns;
    correlation->tile_rows = rows;
    correlation->line = width * correlation->inputs;
    correlation->slice = correlation->line * nn_correlation_covered(&axes[NN_HEIGHT], rows);
    correlation->gathered_values = correlation->slice * axes[NN_DEPTH].kernel;
}

static void correlation_read_directly(nn_correlation *correlation)
{
    const nn_correlation_axis *axes = correlation->axes;
    correlation->tile_columns = axes[NN_WIDTH].count;
    correlation->tile_rows = axes[NN_HEIGHT].count;
    correlation->line = axes[NN_WIDTH].input * correlation->inputs;
    correlation->slice = correlation->line * axes[NN_HEIGHT].input * axes[NN_DEPTH].dilation;
}

/* Neighbouring taps form one run if there are no groups. */
static bool correlation_joins_taps(const nn_correlation *correlation)
{
    const nn_correlation_axis *width = &correlation->axes[NN_WIDTH];
    return correlation->groups == 1 && width->dilation == 1 && width->kernel > 0;
}

static int64_t correlation_taps(const nn_correlation *correlation)
{
    const nn_correlation_axis *axes = correlation->axes;
    return axes[NN_DEPTH].kernel * axes[NN_HEIGHT].kernel * axes[NN_WIDTH].kernel;
}

static int64_t correlation_runs(const nn_correlation *correlation)
{
    return correlation->terms / correlation->run_length;
}

/* The most chains of terms that there can be: runs of odd length count as one term more. */
static int64_t correlation_cuts(const nn_correlation *correlation)
{
    return 1 + (correlation->terms + correlation_runs(correlation)) / NN_TILE_CHAIN;
}

/* Terms, panels and lists. */
static void correlation_size_sums(nn_correlation *correlation)
{
    int64_t taps = correlation_taps(correlation), channels = correlation->inputs / correlation->groups;
    int64_t lanes = correlation->kernels->lanes, columns = correlation->outputs / correlation->groups;
    correlation->terms = taps * channels;
    correlation->run_length =
        correlation_joins_taps(correlation) ? correlation->axes[NN_WIDTH].kernel * channels : channels;
    correlation->panel_rows = correlation_runs(correlation) *
                              nn_tile_pack_height(correlation->kernels->operands, correlation->run_length);
    correlation->panel_columns = correlation->channelwise ? correlation->outputs : lanes * NN_TILE_VECTORS;
    int64_t width = correlation->channelwise ? 1 : (columns + lanes - 1) / lanes * lanes;
    correlation->packed_values = correlation->groups * (correlation->panel_rows + 1) * width;
    int64_t cuts = correlation_cuts(correlation);
    correlation->list_bytes = (size_t)cuts * sizeof *correlation->chains +
                              (size_t)(taps + cuts) * sizeof *correlation->runs +
                              (size_t)correlation->terms * sizeof *correlation->offsets;
}

void nn_correlation_plan(nn_correlation *correlation)
{
    correlation->channelwise = correlation->groups > 1 && correlation->groups == correlation->inputs &&
                               correlation->groups == correlation->outputs;
    correlation->kernels =
        correlation->channelwise ? nn_tile_kernels_at(0) : nn_tile_kernels_of(correlation->engine);
    bool plain = correlation->kernels->operands == NN_TILE_PLAIN;
    correlation_flatten(correlation);
    correlation->direct = plain && correlation_is_direct(correlation);
    if (correlation->direct)
        correlation_read_directly(correlation);
    else
        correlation_size_tiles(correlation);
    correlation_size_sums(correlation);
    correlation->buffer_values = correlation->gathered_values;
    if (!plain) correlation->buffer_values += correlation->line + NN_TILE_CHAIN * correlation->panel_columns;
}

/* All runs, in the order of the terms. */
static void correlation_list_runs(const nn_correlation *correlation, nn_tile_run *run)
{
    const nn_correlation_axis *axes = correlation->axes;
    int64_t across = correlation_joins_taps(correlation) ? 1 : axes[NN_WIDTH].kernel;
    for (int64_t d = 0; d < axes[NN_DEPTH].kernel; d++)
        for (int64_t h = 0; h < axes[NN_HEIGHT].kernel; h++)
            for (int64_t w = 0; w < across; w++)
                *run++ =
                    (nn_tile_run){d * correlation->slice + h * axes[NN_HEIGHT].dilation * correlation->line +
                                      w * axes[NN_WIDTH].dilation * correlation->inputs,
                                  correlation->run_length};
}

/* Cuts the runs, which lie behind where they go, into chains. Channelwise sums are one chain. */
static void correlation_cut_runs(nn_correlation *correlation, int run_count, const nn_tile_run *runs)
{
    nn_tile_chains cut = {.operands = correlation->kernels->operands, .run_count = run_count, .runs = runs};
    nn_correlation_chain *chain = correlation->chains;
    nn_tile_run *to = correlation->runs;
    correlation->chain_count = 1;
    if (correlation->channelwise) {
        memmove(to, runs, (size_t)run_count * sizeof *to);
        *chain = (nn_correlation_chain){.end = run_count};
        return;
    }
    for (int count; nn_tile_chains_next(&cut, to, &count); to += count, chain++) {
        int begin = (int)(to - correlation->runs);
        *chain = (nn_correlation_chain){begin, begin + count, cut.row};
    }
    correlation->chain_count = (int)(chain - correlation->chains);
}

void nn_correlation_place(nn_correlation *correlation, void *lists)
{
    int64_t taps = correlation_taps(correlation), cuts = correlation_cuts(correlation);
    correlation->chains = lists;
    correlation->runs = (nn_tile_run *)(correlation->chains + cuts);
    correlation->offsets = (int64_t *)(correlation->runs + taps + cuts);
    nn_tile_run *all = correlation->runs + cuts;
    int64_t *offset = correlation->offsets;
    int run_count = (int)correlation_runs(correlation);
    correlation_list_runs(correlation, all);
    for (int t = 0; t < run_count; t++)
        for (int64_t k = 0; k < all[t].length; k++) *offset++ = all[t].offset + k;
    correlation_cut_runs(correlation, run_count, all);
}

/* ---- weights ---- */

/* Index of tap (d, h, w) in the weights' kernel. */
static int64_t correlation_tap(const nn_correlation_axis *axes, int64_t d, int64_t h, int64_t w)
{
    int64_t in_depth = axes[NN_DEPTH].tap + d * axes[NN_DEPTH].tap_step;
    int64_t in_height = axes[NN_HEIGHT].tap + h * axes[NN_HEIGHT].tap_step;
    int64_t in_width = axes[NN_WIDTH].tap + w * axes[NN_WIDTH].tap_step;
    return (in_depth * axes[NN_HEIGHT].taps + in_height) * axes[NN_WIDTH].taps + in_width;
}

/* The weights of row `row` of the terms and of the first output of a group. */
static const nn_real *correlation_weights(const nn_correlation *correlation, const nn_real *weights,
                                          int64_t group, int64_t row)
{
    const nn_correlation_axis *axes = correlation->axes;
    int64_t inputs = correlation->inputs / correlation->groups;
    int64_t outputs = correlation->outputs / correlation->groups;
    int64_t tap = row / inputs, channel = row % inputs, width = axes[NN_WIDTH].kernel;
    int64_t height = axes[NN_HEIGHT].kernel;
    int64_t at = correlation_tap(axes, tap / width / height, tap / width % height, tap % width);
    if (correlation->turned) return weights + at * outputs * correlation->inputs + group * inputs + channel;
    return weights + (at * inputs + channel) * correlation->outputs + group * outputs;
}

/* Packs the rows [first, first + run_length) of a panel's columns [begin, begin + columns): as many rows at a
 * time as belong to one tap, or two of two taps. */
static nn_real *correlation_pack_run(const nn_correlation *correlation, const nn_real *weights, int64_t group,
                                     int64_t first, int64_t begin, int64_t columns, nn_real *panel)
{
    nn_tile_operands operands = correlation->kernels->operands;
    int64_t lanes = correlation->kernels->lanes, width = (columns + lanes - 1) / lanes * lanes;
    int64_t inputs = correlation->inputs / correlation->groups, end = first + correlation->run_length;
    int64_t step = correlation->turned ? correlation->inputs : 1;
    for (int64_t row = first, rows; row < end; row += rows) {
        int64_t left = inputs - row % inputs;
        rows = nn_smaller(left > 1 ? left / 2 * 2 : 2, end - row);
        const nn_real *from = correlation_weights(correlation, weights, group, row);
        int64_t apart = rows > 1 ? correlation_weights(correlation, weights, group, row + 1) - from : 0;
        nn_tile_pack_panel(operands, rows, columns, width, from + begin * step, apart, step, panel);
        panel += nn_tile_pack_height(operands, rows) * width;
    }
    return panel;
}

static nn_real *correlation_pack_panel(const nn_correlation *correlation, const nn_real *weights,
                                       const nn_real *bias, int64_t group, int64_t begin, nn_real *panel)
{
    int64_t lanes = correlation->kernels->lanes, outputs = correlation->outputs / correlation->groups;
    int64_t columns = nn_smaller(outputs - begin, correlation->panel_columns);
    int64_t width = (columns + lanes - 1) / lanes * lanes;
    for (int64_t c = 0; c < width; c++)
        panel[c] = bias && c < columns ? bias[group * outputs + begin + c] : 0;
    panel += width;
    for (int64_t row = 0; row < correlation->terms; row += correlation->run_length)
        panel = correlation_pack_run(correlation, weights, group, row, begin, columns, panel);
    return panel;
}

/* One row of all channels for the bias, and one per tap. */
static void correlation_pack_channels(const nn_correlation *correlation, const nn_real *weights,
                                      const nn_real *bias, nn_real *packed)
{
    const nn_correlation_axis *axes = correlation->axes;
    size_t row = (size_t)correlation->outputs * sizeof *packed;
    if (bias)
        memcpy(packed, bias, row);
    else
        memset(packed, 0, row);
    for (int64_t d = 0; d < axes[NN_DEPTH].kernel; d++)
        for (int64_t h = 0; h < axes[NN_HEIGHT].kernel; h++)
            for (int64_t w = 0; w < axes[NN_WIDTH].kernel; w++) {
                packed += correlation->outputs;
                memcpy(packed, weights + correlation_tap(axes, d, h, w) * correlation->outputs, row);
            }
}

void nn_correlation_pack(const nn_correlation *correlation, const nn_real *weights, const nn_real *bias,
                         nn_real *packed)
{
    if (correlation->channelwise) {
        correlation_pack_channels(correlation, weights, bias, packed);
        return;
    }
    int64_t outputs = correlation->outputs / correlation->groups;
    for (int64_t group = 0; group < correlation->groups; group++)
        for (int64_t begin = 0; begin < outputs; begin += correlation->panel_columns)
            packed = correlation_pack_panel(correlation, weights, bias, group, begin, packed);
}
