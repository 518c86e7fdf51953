/* Plans correlations and packs their weights. */
#include "nn/correlation.h"

#include <string.h>

#include "base/least.h"

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
    correlation->buffer_values = correlation->slice * axes[NN_DEPTH].kernel;
}

static void correlation_read_directly(nn_correlation *correlation)
{
    const nn_correlation_axis *axes = correlation->axes;
    correlation->tile_columns = axes[NN_WIDTH].count;
    correlation->tile_rows = axes[NN_HEIGHT].count;
    correlation->line = axes[NN_WIDTH].input * correlation->inputs;
    correlation->slice = correlation->line * axes[NN_HEIGHT].input * axes[NN_DEPTH].dilation;
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
    int64_t taps = axes[NN_DEPTH].kernel * axes[NN_HEIGHT].kernel * axes[NN_WIDTH].kernel;
    int64_t lanes = correlation->kernels->lanes, columns = correlation->outputs / correlation->groups;
    correlation->terms = taps * (correlation->inputs / correlation->groups);
    correlation->channelwise = correlation->groups > 1 && correlation->groups == correlation->inputs &&
                               correlation->groups == correlation->outputs;
    correlation->panel_columns = correlation->channelwise ? correlation->outputs : lanes * NN_TILE_VECTORS;
    int64_t width = correlation->channelwise ? 1 : (columns + lanes - 1) / lanes * lanes;
    correlation->packed_values = correlation->groups * (correlation->terms + 1) * width;
    correlation->list_bytes =
        (size_t)taps * sizeof *correlation->runs + (size_t)correlation->terms * sizeof *correlation->offsets;
}

/* Neighbouring taps form one run if there are no groups. */
static void correlation_list_runs(nn_correlation *correlation)
{
    const nn_correlation_axis *axes = correlation->axes;
    int64_t channels = correlation->inputs / correlation->groups;
    bool joined = correlation->groups == 1 && axes[NN_WIDTH].dilation == 1 && axes[NN_WIDTH].kernel > 0;
    int64_t across = joined ? 1 : axes[NN_WIDTH].kernel;
    int64_t length = joined ? axes[NN_WIDTH].kernel * channels : channels;
    nn_tile_run *run = correlation->runs;
    for (int64_t d = 0; d < axes[NN_DEPTH].kernel; d++)
        for (int64_t h = 0; h < axes[NN_HEIGHT].kernel; h++)
            for (int64_t w = 0; w < across; w++)
                *run++ =
                    (nn_tile_run){d * correlation->slice + h * axes[NN_HEIGHT].dilation * correlation->line +
                                      w * axes[NN_WIDTH].dilation * correlation->inputs,
                                  length};
    correlation->run_count = (int)(run - correlation->runs);
}

void nn_correlation_place(nn_correlation *correlation, void *lists)
{
    const nn_correlation_axis *axes = correlation->axes;
    correlation->runs = lists;
    correlation_list_runs(correlation);
    int64_t taps = axes[NN_DEPTH].kernel * axes[NN_HEIGHT].kernel * axes[NN_WIDTH].kernel;
    int64_t *offset = correlation->offsets = (int64_t *)(correlation->runs + taps);
    for (int t = 0; t < correlation->run_count; t++)
        for (int64_t k = 0; k < correlation->runs[t].length; k++) *offset++ = correlation->runs[t].offset + k;
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

/* Packs columns [begin, begin + columns) of one tap as rows of a panel, `width` values each. */
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
    int64_t columns = nn_smaller(outputs - begin, correlation->panel_columns);
    int64_t width = (columns + lanes - 1) / lanes * lanes;
    int64_t tap_values = correlation->turned ? outputs * correlation->inputs : inputs * correlation->outputs;
    for (int64_t c = 0; c < width; c++)
        panel[c] = bias && c < columns ? bias[group * outputs + begin + c] : 0;
    panel += width;
    for (int64_t d = 0; d < axes[NN_DEPTH].kernel; d++)
        for (int64_t h = 0; h < axes[NN_HEIGHT].kernel; h++)
            for (int64_t w = 0; w < axes[NN_WIDTH].kernel; w++, panel += inputs * width)
                correlation_pack_tap(correlation, weights + correlation_tap(axes, d, h, w) * tap_values,
                                     group, begin, columns, width, panel);
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
