/* Kernels of normalisation per row: each row has its own mean and variance. */
#include <math.h>
#include <stddef.h>

#include "tensor/norm.h"
#include "tensor/reduce.h"
#include "tensor/vectorize.h"

/* ---- forward ---- */

NN_INLINE double norm_squares_about(int64_t count, const nn_real *x, double mean)
{
    double lanes[NN_LANES] = {0};
    int64_t whole = count - count % NN_LANES;
    for (int64_t i = 0; i < whole; i += NN_LANES)
        for (int lane = 0; lane < NN_LANES; lane++) {
            double deviation = (double)x[i + lane] - mean;
            lanes[lane] += deviation * deviation;
        }
    double rest = 0;
    for (int64_t i = whole; i < count; i++) rest += ((double)x[i] - mean) * ((double)x[i] - mean);
    return whole > 0 ? reduce_fold(lanes) + rest : rest;
}

NN_VECTORIZED
void nn_norm_rows(int64_t rows, int64_t columns, double epsilon, const nn_real *scale, const nn_real *shift,
                  const nn_real *x, nn_real *mean, nn_real *inverse, nn_real *y)
{
    for (int64_t row = 0; row < rows; row++) {
        const nn_real *from = x + row * columns;
        nn_real *to = y + row * columns;
        double middle = reduce_sum(columns, from) / (double)columns;
        double variance = norm_squares_about(columns, from, middle) / (double)columns;
        nn_real center = (nn_real)middle, factor = (nn_real)(1 / sqrt(variance + epsilon));
        mean[row] = center;
        inverse[row] = factor;
        NN_INDEPENDENT
        for (int64_t i = 0; i < columns; i++) to[i] = (from[i] - center) * factor * scale[i] + shift[i];
    }
}

/* ---- backward ---- */

/* The sums of g = dy scale, and of g (x - mean). */
NN_INLINE void norm_row_sums(int64_t columns, const nn_real *scale, double mean, const nn_real *x,
                             const nn_real *dy, double *sum, double *product)
{
    double sums[NN_LANES] = {0}, products[NN_LANES] = {0};
    int64_t whole = columns - columns % NN_LANES;
    for (int64_t i = 0; i < whole; i += NN_LANES)
        for (int lane = 0; lane < NN_LANES; lane++) {
            double g = (double)dy[i + lane] * (double)scale[i + lane];
            sums[lane] += g;
            products[lane] += g * ((double)x[i + lane] - mean);
        }
    double rest = 0, rest_product = 0;
    for (int64_t i = whole; i < columns; i++) {
        double g = (double)dy[i] * (double)scale[i];
        rest += g;
        rest_product += g * ((double)x[i] - mean);
    }
    *sum = (whole > 0 ? reduce_fold(sums) : 0) + rest;
    *product = (whole > 0 ? reduce_fold(products) : 0) + rest_product;
}

/* With n columns: dx = inverse (g - sum / n - (x - mean) inverse^2 product / n). */
NN_INLINE void norm_row_gradient(int64_t columns, const nn_real *scale, nn_real mean, nn_real inverse,
                                 const nn_real *x, const nn_real *dy, nn_real *dx)
{
    double sum, product, factor = (double)inverse / (double)columns;
    norm_row_sums(columns, scale, (double)mean, x, dy, &sum, &product);
    nn_real constant = (nn_real)(sum * factor);
    nn_real slope = (nn_real)(product * factor * (double)inverse * (double)inverse);
    NN_INDEPENDENT
    for (int64_t i = 0; i < columns; i++)
        dx[i] = inverse * (dy[i] * scale[i]) - constant - (x[i] - mean) * slope;
}

#define NORM_PRODUCT(row)                                                                                    \
    ((double)dy[(row)*columns + i] *                                                                         \
     (((double)x[(row)*columns + i] - (double)mean[row]) * (double)inverse[row]))
#define NORM_PAIR(row) ((double)dy[(row)*columns + i] + (double)dy[((row) + 1) * columns + i])

/* Adds four rows, as a tree, to the sums of the columns. */
NN_INLINE void norm_add_four_rows(int64_t columns, const nn_real *mean, const nn_real *inverse,
                                  const nn_real *x, const nn_real *dy, double *sums, double *products)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < columns; i++) {
        sums[i] += NORM_PAIR(0) + NORM_PAIR(2);
        products[i] += (NORM_PRODUCT(0) + NORM_PRODUCT(1)) + (NORM_PRODUCT(2) + NORM_PRODUCT(3));
    }
}

NN_INLINE void norm_add_one_row(int64_t columns, const nn_real *mean, const nn_real *inverse,
                                const nn_real *x, const nn_real *dy, double *sums, double *products)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < columns; i++) {
        sums[i] += (double)dy[i];
        products[i] += NORM_PRODUCT(0);
    }
}

NN_VECTORIZED
void nn_norm_rows_gradient(int64_t rows, int64_t columns, const nn_real *scale, const nn_real *mean,
                           const nn_real *inverse, const nn_real *x, const nn_real *dy, nn_real *dx,
                           double *sums)
{
    int64_t together;
    for (int64_t row = 0; row < rows; row += together) {
        int64_t at = row * columns;
        together = row + 4 <= rows ? 4 : 1;
        if (together == 4)
            norm_add_four_rows(columns, mean + row, inverse + row, x + at, dy + at, sums, sums + columns);
        else
            norm_add_one_row(columns, mean + row, inverse + row, x + at, dy + at, sums, sums + columns);
        for (int64_t r = row; dx && r < row + together; r++)
            norm_row_gradient(columns, scale, mean[r], inverse[r], x + r * columns, dy + r * columns,
                              dx + r * columns);
    }
}
