/* Element-wise sums and products, and reductions over arrays and over the rows of a matrix. */
#include <string.h>

#include "tensor/elementary.h"
#include "tensor/kernels.h"
#include "tensor/reduce.h"
#include "tensor/vectorize.h"

/* Columns summed at a time: their sums stay in the first-level cache. */
#define BASIC_COLUMNS 256

/* Values tested between checks whether to stop. */
#define BASIC_BLOCK 4096

NN_VECTORIZED
void nn_add(int64_t count, const nn_real *a, nn_real *sum)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) sum[i] += a[i];
}

NN_VECTORIZED
void nn_multiply(int64_t count, const nn_real *a, nn_real *product)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) product[i] *= a[i];
}

NN_VECTORIZED
void nn_scale(int64_t count, nn_real factor, nn_real *values)
{
    for (int64_t i = 0; i < count; i++) values[i] *= factor;
}

NN_VECTORIZED
void nn_clip(int64_t count, nn_real limit, nn_real *values)
{
    for (int64_t i = 0; i < count; i++) {
        nn_real value = values[i] > limit ? limit : values[i];
        values[i] = value < -limit ? -limit : value;
    }
}

NN_VECTORIZED
void nn_blend(int64_t count, double kept, const nn_real *values, nn_real *average)
{
    nn_real keep = (nn_real)kept, take = (nn_real)(1.0 - kept);
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) average[i] = keep * average[i] + take * values[i];
}

NN_VECTORIZED
void nn_add_bias(int64_t rows, int64_t columns, const nn_real *bias, nn_real *matrix)
{
    for (int64_t row = 0; row < rows; row++) {
        nn_real *values = matrix + row * columns;
        NN_INDEPENDENT
        for (int64_t column = 0; column < columns; column++) values[column] += bias[column];
    }
}

NN_INLINE void basic_sum_columns(int64_t rows, int64_t columns, const nn_real *matrix, int64_t ld,
                                 bool accumulate, nn_real *sums)
{
    nn_real totals[BASIC_COLUMNS];
    memset(totals, 0, sizeof(totals));
    for (int64_t row = 0; row < rows; row++) {
        const nn_real *values = matrix + row * ld;
        for (int64_t column = 0; column < columns; column++) totals[column] += values[column];
    }
    for (int64_t column = 0; column < columns; column++) {
        sums[column] = accumulate ? sums[column] + totals[column] : totals[column];
    }
}

NN_VECTORIZED
void nn_sum_rows(int64_t rows, int64_t columns, const nn_real *matrix, int64_t ld, bool accumulate,
                 nn_real *sums)
{
    for (int64_t first = 0; first < columns; first += BASIC_COLUMNS) {
        int64_t width = columns - first < BASIC_COLUMNS ? columns - first : BASIC_COLUMNS;
        basic_sum_columns(rows, width, matrix + first, ld, accumulate, sums + first);
    }
}

NN_VECTORIZED
double nn_sum_squares(int64_t count, const nn_real *values)
{
    return reduce_dot(count, values, values);
}

NN_VECTORIZED
bool nn_all_finite(int64_t count, const nn_real *values)
{
    const elementary_bits infinity = elementary_to_bits(ELEMENTARY_INFINITY);
    for (int64_t first = 0; first < count; first += BASIC_BLOCK) {
        int64_t end = count - first < BASIC_BLOCK ? count : first + BASIC_BLOCK;
        elementary_bits found = 0;
        for (int64_t i = first; i < end; i++) {
            found |= (elementary_to_bits(values[i]) & infinity) == infinity ? 1u : 0u;
        }
        if (found != 0) return false;
    }
    return true;
}
