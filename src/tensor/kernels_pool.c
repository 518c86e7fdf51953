/* Maxima and means of windows. */
#include <string.h>

#include "tensor/pool.h"
#include "tensor/vectorize.h"

/* Channels processed at a time: their state stays in the first-level cache. */
#define POOL_CHANNELS 128

static int64_t pool_positions(const nn_pool_box *box)
{
    return box->extents[0] * box->extents[1] * box->extents[2];
}

static int64_t pool_width(const nn_pool_box *box, int64_t first)
{
    return box->channels - first < POOL_CHANNELS ? box->channels - first : POOL_CHANNELS;
}

NN_INLINE void pool_max_tap(int64_t width, const nn_real *x, nn_real tap, nn_real *best, nn_real *taps)
{
    for (int64_t c = 0; c < width; c++) {
        int larger = !(x[c] <= best[c]) & (best[c] == best[c]);
        best[c] = larger ? x[c] : best[c];
        taps[c] = larger ? tap : taps[c];
    }
}

NN_INLINE void pool_max_channels(const nn_pool_box *box, int64_t width, const nn_real *x, nn_real *best,
                                 nn_real *taps)
{
    nn_real tap = 0;
    memcpy(best, x, (size_t)width * sizeof *best);
    memset(taps, 0, (size_t)width * sizeof *taps);
    for (int64_t i = 0; i < box->extents[0]; i++)
        for (int64_t j = 0; j < box->extents[1]; j++)
            for (int64_t k = 0; k < box->extents[2]; k++, tap += 1)
                pool_max_tap(width, x + i * box->strides[0] + j * box->strides[1] + k * box->strides[2], tap,
                             best, taps);
}

NN_VECTORIZED
void nn_pool_max(const nn_pool_box *box, const nn_real *x, nn_real *y, nn_real *taps)
{
    nn_real best[POOL_CHANNELS], won[POOL_CHANNELS];
    memset(y, 0, (size_t)box->channels * sizeof *y);
    if (pool_positions(box) == 0) return;
    for (int64_t first = 0; first < box->channels; first += POOL_CHANNELS) {
        int64_t width = pool_width(box, first);
        pool_max_channels(box, width, x + first, best, won);
        memcpy(y + first, best, (size_t)width * sizeof *y);
        if (taps) memcpy(taps + first, won, (size_t)width * sizeof *taps);
    }
}

NN_VECTORIZED
void nn_pool_max_gradient(const nn_pool_box *box, const nn_real *taps, const nn_real *dy, nn_real *dx)
{
    nn_real tap = 0;
    for (int64_t i = 0; i < box->extents[0]; i++)
        for (int64_t j = 0; j < box->extents[1]; j++)
            for (int64_t k = 0; k < box->extents[2]; k++, tap += 1) {
                nn_real *to = dx + i * box->strides[0] + j * box->strides[1] + k * box->strides[2];
                NN_INDEPENDENT
                for (int64_t c = 0; c < box->channels; c++) to[c] += taps[c] == tap ? dy[c] : 0;
            }
}

NN_VECTORIZED
void nn_pool_max_tangent(const nn_pool_box *box, const nn_real *taps, const nn_real *x, nn_real *y)
{
    nn_real tap = 0;
    memset(y, 0, (size_t)box->channels * sizeof *y);
    for (int64_t i = 0; i < box->extents[0]; i++)
        for (int64_t j = 0; j < box->extents[1]; j++)
            for (int64_t k = 0; k < box->extents[2]; k++, tap += 1) {
                const nn_real *from = x + i * box->strides[0] + j * box->strides[1] + k * box->strides[2];
                NN_INDEPENDENT
                for (int64_t c = 0; c < box->channels; c++) y[c] = taps[c] == tap ? from[c] : y[c];
            }
}

NN_VECTORIZED
void nn_pool_average(const nn_pool_box *box, const nn_real *x, nn_real *y)
{
    nn_real positions = (nn_real)pool_positions(box);
    memset(y, 0, (size_t)box->channels * sizeof *y);
    if (pool_positions(box) == 0) return;
    for (int64_t i = 0; i < box->extents[0]; i++)
        for (int64_t j = 0; j < box->extents[1]; j++)
            for (int64_t k = 0; k < box->extents[2]; k++) {
                const nn_real *from = x + i * box->strides[0] + j * box->strides[1] + k * box->strides[2];
                NN_INDEPENDENT
                for (int64_t c = 0; c < box->channels; c++) y[c] += from[c];
            }
    for (int64_t c = 0; c < box->channels; c++) y[c] /= positions;
}

NN_VECTORIZED
void nn_pool_average_gradient(const nn_pool_box *box, const nn_real *dy, nn_real *dx)
{
    nn_real positions = (nn_real)pool_positions(box);
    for (int64_t i = 0; i < box->extents[0]; i++)
        for (int64_t j = 0; j < box->extents[1]; j++)
            for (int64_t k = 0; k < box->extents[2]; k++) {
                nn_real *to = dx + i * box->strides[0] + j * box->strides[1] + k * box->strides[2];
                NN_INDEPENDENT
                for (int64_t c = 0; c < box->channels; c++) to[c] += dy[c] / positions;
            }
}
