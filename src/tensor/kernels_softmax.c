/*
 * Softmax of the rows of a matrix. Rows are processed in groups that fill vectors and stay in cache, so that
 * ten classes cost no more per number than a thousand.
 */
#include "tensor/elementary.h"
#include "tensor/kernels.h"
#include "tensor/reduce.h"
#include "tensor/vectorize.h"

#define SOFTMAX_GROUP 2048 /* numbers per group of rows */

NN_INLINE void softmax_shift(int64_t columns, const nn_real *x, nn_real *y)
{
    nn_real maximum = reduce_maximum(columns, x);
    NN_INDEPENDENT
    for (int64_t i = 0; i < columns; i++) y[i] = x[i] - maximum;
}

NN_INLINE void softmax_exp(int64_t count, nn_real *y)
{
    for (int64_t i = 0; i < count; i++) y[i] = elementary_exp(y[i]);
}

NN_INLINE void softmax_normalize(int64_t columns, nn_real *y)
{
    nn_real sum = (nn_real)reduce_sum(columns, y);
    for (int64_t i = 0; i < columns; i++) y[i] /= sum;
}

NN_INLINE void softmax_rows(int64_t rows, int64_t columns, const nn_real *x, nn_real *y)
{
    for (int64_t row = 0; row < rows; row++) softmax_shift(columns, x + row * columns, y + row * columns);
    softmax_exp(rows * columns, y);
    for (int64_t row = 0; row < rows; row++) softmax_normalize(columns, y + row * columns);
}

NN_VECTORIZED
void nn_softmax_rows(int64_t rows, int64_t columns, const nn_real *x, nn_real *y)
{
    if (columns == 0) return;
    int64_t group = columns < SOFTMAX_GROUP ? SOFTMAX_GROUP / columns : 1;
    for (int64_t first = 0; first < rows; first += group) {
        int64_t together = rows - first < group ? rows - first : group;
        softmax_rows(together, columns, x + first * columns, y + first * columns);
    }
}

NN_VECTORIZED
void nn_softmax_gradient_rows(int64_t rows, int64_t columns, const nn_real *y, const nn_real *dy, nn_real *dx)
{
    for (int64_t row = 0; row < rows; row++) {
        const nn_real *y_row = y + row * columns;
        const nn_real *dy_row = dy + row * columns;
        nn_real *dx_row = dx + row * columns;
        nn_real mean = (nn_real)reduce_dot(columns, y_row, dy_row);
        NN_INDEPENDENT
        for (int64_t i = 0; i < columns; i++) dx_row[i] = y_row[i] * (dy_row[i] - mean);
    }
}

/* Rows that fit into one group. */
NN_INLINE void softmax_exp_rows(int64_t rows, int64_t columns, const nn_real *x, nn_real *y, nn_real *maxima,
                                double *sums)
{
    for (int64_t row = 0; row < rows; row++) {
        maxima[row] = reduce_maximum(columns, x + row * columns);
        NN_INDEPENDENT
        for (int64_t i = 0; i < columns; i++) y[row * columns + i] = x[row * columns + i] - maxima[row];
    }
    softmax_exp(rows * columns, y);
    for (int64_t row = 0; row < rows; row++) sums[row] = reduce_sum(columns, y + row * columns);
}

/* A row longer than a group, in pieces. */
NN_INLINE void softmax_exp_long_row(int64_t columns, const nn_real *x, nn_real *y, nn_real *buffer,
                                    nn_real *maximum, double *sum)
{
    *maximum = reduce_maximum(columns, x);
    *sum = 0;
    for (int64_t first = 0; first < columns; first += SOFTMAX_GROUP) {
        int64_t count = columns - first < SOFTMAX_GROUP ? columns - first : SOFTMAX_GROUP;
        nn_real *piece = y ? y + first : buffer;
        NN_INDEPENDENT
        for (int64_t i = 0; i < count; i++) piece[i] = x[first + i] - *maximum;
        softmax_exp(count, piece);
        *sum += reduce_sum(count, piece);
    }
}

NN_VECTORIZED
void nn_exp_rows(int64_t rows, int64_t columns, const nn_real *x, nn_real *y, nn_real *maxima, double *sums)
{
    nn_real buffer[SOFTMAX_GROUP];
    int64_t group = columns <= SOFTMAX_GROUP ? SOFTMAX_GROUP / columns : 1;
    for (int64_t first = 0; first < rows; first += group) {
        int64_t together = rows - first < group ? rows - first : group;
        const nn_real *from = x + first * columns;
        nn_real *to = y ? y + first * columns : NULL;
        if (columns > SOFTMAX_GROUP)
            softmax_exp_long_row(columns, from, to, buffer, maxima + first, sums + first);
        else
            softmax_exp_rows(together, columns, from, to ? to : buffer, maxima + first, sums + first);
    }
}
