/* Kernels of normalisation over rows: sums of channels, and what is done with the results. */
#include <stddef.h>

#include "tensor/norm.h"
#include "tensor/reduce.h"
#include "tensor/vectorize.h"

/* Up to so many channels, rows are taken together until they fill whole groups of lanes. */
#define NORM_FEW_CHANNELS 64

/* ---- sums of channels ---- */

/* How many rows make a number of values that NN_LANES divides. */
NN_INLINE int64_t norm_rows_together(int64_t channels)
{
    int64_t rows = 1;
    while (channels <= NORM_FEW_CHANNELS && channels * rows % NN_LANES != 0) rows *= 2;
    return rows;
}

/* Value by value, for what fills no group of lanes: columns first .. channels of each row. */
NN_INLINE void norm_add_rest(int64_t rows, int64_t channels, int64_t first, const nn_real *w,
                             const nn_real *x, const nn_real *shift, double *sums)
{
    for (int64_t row = 0; row < rows; row++)
        for (int64_t column = first; column < channels; column++) {
            double deviation = (double)x[row * channels + column] - (double)shift[column];
            double value = w ? (double)w[row * channels + column] : deviation;
            sums[column] += value;
            sums[channels + column] += value * deviation;
        }
}

/* The sums of NN_LANES neighbouring columns stay in registers while the rows go by. */
NN_INLINE void norm_sum_lanes(int64_t rows, int64_t stride, const nn_real *w, const nn_real *x,
                              const nn_real *shift, double *values, double *products)
{
    double lane_values[NN_LANES] = {0}, lane_products[NN_LANES] = {0};
    for (int64_t row = 0; row < rows; row++)
        for (int lane = 0; lane < NN_LANES; lane++) {
            double deviation = (double)x[row * stride + lane] - (double)shift[lane];
            double value = w ? (double)w[row * stride + lane] : deviation;
            lane_values[lane] += value;
            lane_products[lane] += value * deviation;
        }
    for (int lane = 0; lane < NN_LANES; lane++) {
        values[lane] = lane_values[lane];
        products[lane] = lane_products[lane];
    }
}

/* w NULL: the deviations themselves. */
NN_INLINE void norm_add_sums(int64_t rows, int64_t channels, const nn_real *w, const nn_real *x,
                             const nn_real *shift, double *sums)
{
    int64_t together = norm_rows_together(channels), stride = together * channels;
    int64_t wide_rows = rows / together, columns = stride - stride % NN_LANES;
    int64_t channel = 0;
    for (int64_t column = 0; column < columns; column += NN_LANES) {
        nn_real shifts[NN_LANES];
        double values[NN_LANES], products[NN_LANES];
        int64_t begin = channel;
        for (int lane = 0; lane < NN_LANES; lane++) {
            shifts[lane] = shift[channel];
            channel = channel + 1 < channels ? channel + 1 : 0;
        }
        norm_sum_lanes(wide_rows, stride, w ? w + column : NULL, x + column, shifts, values, products);
        channel = begin;
        for (int lane = 0; lane < NN_LANES; lane++) {
            sums[channel] += values[lane];
            sums[channels + channel] += products[lane];
            channel = channel + 1 < channels ? channel + 1 : 0;
        }
    }
    if (together == 1) norm_add_rest(rows, channels, columns, w, x, shift, sums);
    int64_t done = wide_rows * stride;
    norm_add_rest(rows - wide_rows * together, channels, 0, w ? w + done : NULL, x + done, shift, sums);
}

NN_VECTORIZED
void nn_norm_add_moments(int64_t rows, int64_t channels, const nn_real *x, const nn_real *shift, double *sums)
{
    norm_add_sums(rows, channels, NULL, x, shift, sums);
}

NN_VECTORIZED
void nn_norm_add_products(int64_t rows, int64_t channels, const nn_real *w, const nn_real *x,
                          const nn_real *shift, double *sums)
{
    norm_add_sums(rows, channels, w, x, shift, sums);
}

/* ---- one value after the other ---- */

void nn_norm_repeat(int64_t channels, int64_t period, const nn_real *values, nn_real *repeated)
{
    for (int64_t i = 0; i < period; i++) repeated[i] = i < channels ? values[i] : repeated[i - channels];
}

NN_VECTORIZED
void nn_norm_apply(int64_t count, int64_t period, const nn_real *mean, const nn_real *factor,
                   const nn_real *offset, const nn_real *x, const nn_real *added, nn_real *y)
{
    for (int64_t first = 0; first < count; first += period) {
        int64_t width = count - first < period ? count - first : period;
        const nn_real *from = x + first, *more = added ? added + first : NULL;
        nn_real *to = y + first;
        if (more) {
            NN_INDEPENDENT
            for (int64_t i = 0; i < width; i++)
                to[i] = ((from[i] - mean[i]) * factor[i] + offset[i]) + more[i];
        } else {
            NN_INDEPENDENT
            for (int64_t i = 0; i < width; i++) to[i] = (from[i] - mean[i]) * factor[i] + offset[i];
        }
    }
}

NN_VECTORIZED
void nn_norm_apply_gradient(int64_t count, int64_t period, const nn_real *mean, const nn_real *factor,
                            const nn_real *constant, const nn_real *slope, const nn_real *x,
                            const nn_real *dy, nn_real *dx)
{
    for (int64_t first = 0; first < count; first += period) {
        int64_t width = count - first < period ? count - first : period;
        const nn_real *value = x + first, *from = dy + first;
        nn_real *to = dx + first;
        NN_INDEPENDENT
        for (int64_t i = 0; i < width; i++)
            to[i] = factor[i] * (from[i] - constant[i] - (value[i] - mean[i]) * slope[i]);
    }
}
