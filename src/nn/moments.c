/* Computes and merges the moments of channels over rows. */
#include "nn/moments.h"

#include <string.h>

#include "nn/rows.h"
#include "tensor/norm.h"

int64_t nn_moments_values(int64_t channels)
{
    return 1 + 2 * channels;
}

static double *moments_of(const nn_layer_call *call)
{
    return (void *)call->scratch;
}

/* The first row of the microbatch that is not padding: deviations are taken from it, which keeps them small.
 */
static const nn_real *moments_origin(const nn_rows *rows, const nn_layer_call *call)
{
    int64_t i = -call->first;
    while (nn_rows_real(rows, call, i) == 0) i++;
    return call->inputs[0] + i * rows->rows * rows->channels;
}

static void moments_add(const nn_layer *layer, const nn_layer_call *call, int64_t row, int64_t count)
{
    nn_rows rows = nn_rows_of(layer->input_shapes[0]);
    nn_norm_add_moments(count, rows.channels, call->inputs[0] + row * rows.channels,
                        moments_origin(&rows, call), moments_of(call) + 1);
}

/* The sums of all rows of a call, in scratch after the count. */
static double *moments_clear(const nn_layer_call *call, int64_t channels)
{
    double *moments = moments_of(call);
    memset(moments, 0, (size_t)nn_moments_values(channels) * sizeof *moments);
    return moments + 1;
}

void nn_moments_sum(const nn_layer *layer, const nn_layer_call *call, int64_t begin, int64_t end,
                    double *sums)
{
    nn_rows rows = nn_rows_of(layer->input_shapes[0]);
    const double *own = moments_clear(call, rows.channels);
    for (int64_t i = begin; i < end; i++)
        if (nn_rows_real(&rows, call, i) > 0) nn_rows_walk_sample(&rows, layer, call, i, moments_add);
    memcpy(sums, own, (size_t)(2 * rows.channels) * sizeof *sums);
}

const double *nn_moments_of_sums(const nn_layer *layer, const nn_layer_call *call, const double *sums)
{
    nn_rows rows = nn_rows_of(layer->input_shapes[0]);
    double *moments = moments_of(call), count = (double)nn_rows_count(&rows, call);
    moments[0] = count;
    if (count == 0) return moments;
    const nn_real *origin = moments_origin(&rows, call);
    for (int64_t c = 0; c < rows.channels; c++) {
        double away = sums[c] / count, squares = sums[rows.channels + c] - away * sums[c];
        moments[1 + c] = (double)origin[c] + away;
        moments[1 + rows.channels + c] = squares < 0 ? 0 : squares;
    }
    return moments;
}

const double *nn_moments_measure(const nn_layer *layer, const nn_layer_call *call)
{
    nn_rows rows = nn_rows_of(layer->input_shapes[0]);
    double *sums = moments_clear(call, rows.channels);
    if (nn_rows_count(&rows, call) > 0) nn_rows_walk(&rows, layer, call, moments_add);
    return nn_moments_of_sums(layer, call, sums);
}

void nn_moments_merge(int64_t channels, const double *right, double *left)
{
    if (right[0] == 0) return;
    if (left[0] == 0) {
        memcpy(left, right, (size_t)nn_moments_values(channels) * sizeof *left);
        return;
    }
    double count = left[0] + right[0], share = right[0] / count, weight = left[0] * share;
    left[0] = count;
    for (int64_t c = 1; c <= channels; c++) {
        double away = right[c] - left[c];
        left[c] += away * share;
        left[channels + c] += right[channels + c] + away * away * weight;
    }
}

bool nn_moments_widen(int64_t channels, int64_t c, const double *own, const double *whole)
{
    double away = own[1 + c] - whole[1 + c], squares = own[1 + channels + c] + own[0] * away * away;
    double average = own[0] * (whole[1 + channels + c] / whole[0]);
    return !(squares < average * (1 - 1e-9)); /* rounding may leave the largest slightly below */
}
