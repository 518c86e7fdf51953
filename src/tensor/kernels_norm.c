/* Kernels of normalisation over rows: sums of channels, and applying the results. */
#include <stddef.h>
#include <string.h>

#include "tensor/norm.h"
#include "tensor/vectorize.h"

/* Rows with fewer values are joined until they have this many. */
#define NORM_WIDE 32

/* ---- sums of channels ---- */

/* The terms of the two sums; w NULL: the value is the deviation. */
#define NORM_DEVIATION(row) ((double)x[(row)*width + i] - origin)
#define NORM_VALUE(row, deviation) (w ? (double)w[(row)*width + i] : (deviation))

/* Adds eight rows, as a tree, to the sums of their columns. */
NN_INLINE void norm_add_eight_rows(int64_t width, const nn_real *w, const nn_real *x, const nn_real *shift,
                                   double *values, double *products)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < width; i++) {
        double origin = (double)shift[i];
        double d0 = NORM_DEVIATION(0), d1 = NORM_DEVIATION(1), d2 = NORM_DEVIATION(2), d3 = NORM_DEVIATION(3);
        double d4 = NORM_DEVIATION(4), d5 = NORM_DEVIATION(5), d6 = NORM_DEVIATION(6), d7 = NORM_DEVIATION(7);
        double v0 = NORM_VALUE(0, d0), v1 = NORM_VALUE(1, d1), v2 = NORM_VALUE(2, d2), v3 = NORM_VALUE(3, d3);
        double v4 = NORM_VALUE(4, d4), v5 = NORM_VALUE(5, d5), v6 = NORM_VALUE(6, d6), v7 = NORM_VALUE(7, d7);
        values[i] += ((v0 + v1) + (v2 + v3)) + ((v4 + v5) + (v6 + v7));
        products[i] +=
            ((v0 * d0 + v1 * d1) + (v2 * d2 + v3 * d3)) + ((v4 * d4 + v5 * d5) + (v6 * d6 + v7 * d7));
    }
}

NN_INLINE void norm_add_row(int64_t width, const nn_real *w, const nn_real *x, const nn_real *shift,
                            double *values, double *products)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < width; i++) {
        double deviation = (double)x[i] - (double)shift[i], value = w ? (double)w[i] : deviation;
        values[i] += value;
        products[i] += value * deviation;
    }
}

NN_INLINE void norm_add_rows(int64_t rows, int64_t width, const nn_real *w, const nn_real *x,
                             const nn_real *shift, double *values, double *products)
{
    int64_t row = 0;
    for (; row + 8 <= rows; row += 8)
        norm_add_eight_rows(width, w ? w + row * width : NULL, x + row * width, shift, values, products);
    for (; row < rows; row++)
        norm_add_row(width, w ? w + row * width : NULL, x + row * width, shift, values, products);
}

/* Few channels: `together` rows are treated as one row with separate channels, whose sums are added at the
 * end. */
NN_INLINE void norm_add_narrow(int64_t rows, int64_t channels, int64_t together, const nn_real *w,
                               const nn_real *x, const nn_real *shift, double *sums)
{
    nn_real shifts[2 * NORM_WIDE];
    double values[2 * NORM_WIDE] = {0}, products[2 * NORM_WIDE] = {0};
    int64_t width = channels * together;
    for (int64_t i = 0; i < width; i++) shifts[i] = i < channels ? shift[i] : shifts[i - channels];
    norm_add_rows(rows / together, width, w, x, shifts, values, products);
    for (int64_t begin = 0; begin < width; begin += channels)
        for (int64_t c = 0; c < channels; c++) {
            sums[c] += values[begin + c];
            sums[channels + c] += products[begin + c];
        }
    int64_t done = rows / together * width;
    norm_add_rows(rows % together, channels, w ? w + done : NULL, x + done, shift, sums, sums + channels);
}

NN_INLINE void norm_add_sums(int64_t rows, int64_t channels, const nn_real *w, const nn_real *x,
                             const nn_real *shift, double *sums)
{
    int64_t together = 1;
    while (together * channels < NORM_WIDE) together *= 2;
    if (together > 1)
        norm_add_narrow(rows, channels, together, w, x, shift, sums);
    else
        norm_add_rows(rows, channels, w, x, shift, sums, sums + channels);
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

/* ---- element-wise ---- */

void nn_norm_repeat(int64_t channels, int64_t period, const nn_real *values, nn_real *repeated)
{
    if (values != repeated) memcpy(repeated, values, (size_t)channels * sizeof *values);
    for (int64_t done = channels; done < period; done *= 2) {
        int64_t more = period - done < done ? period - done : done;
        memcpy(repeated + done, repeated, (size_t)more * sizeof *repeated);
    }
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
            to[i] = factor[i] * from[i] - constant[i] - (value[i] - mean[i]) * slope[i];
    }
}
