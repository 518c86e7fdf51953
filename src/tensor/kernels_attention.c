/* The element-wise parts of attention. A tile is small enough to stay in cache from one loop to the next. */
#include "tensor/kernels_attention.h"

#include "tensor/elementary.h"
#include "tensor/reduce.h"
#include "tensor/vectorize.h"

NN_INLINE void attention_hide(nn_scores_tile tile, int64_t row, nn_real *scores)
{
    for (int64_t j = tile.visible + row; j < tile.columns; j++) scores[j] = -ELEMENTARY_INFINITY;
}

NN_INLINE void attention_shift(nn_scores_tile tile, nn_real shift, nn_real *scores)
{
    for (int64_t j = 0; j < tile.columns; j++) scores[j] = scores[j] * tile.scale - shift;
}

/* The lanes are folded in halves, which remain vectors. */
NN_INLINE nn_real attention_sum(int64_t count, const nn_real *values)
{
    nn_real lanes[NN_LANES] = {0};
    int64_t whole = count - count % NN_LANES;
    for (int64_t i = 0; i < whole; i += NN_LANES) {
        for (int lane = 0; lane < NN_LANES; lane++) lanes[lane] += values[i + lane];
    }
    for (int64_t i = whole; i < count; i++) lanes[i - whole] += values[i];
    for (int lane = 0; lane < 8; lane++) lanes[lane] += lanes[lane + 8];
    for (int lane = 0; lane < 4; lane++) lanes[lane] += lanes[lane + 4];
    return (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
}

NN_INLINE nn_real attention_larger(nn_real a, nn_real b)
{
    return a > b ? a : b;
}

NN_INLINE nn_real attention_maximum(int64_t count, const nn_real *values)
{
    nn_real lanes[NN_LANES];
    int64_t whole = count - count % NN_LANES;
    for (int lane = 0; lane < NN_LANES; lane++) lanes[lane] = values[0];
    for (int64_t i = 0; i < whole; i += NN_LANES) {
        for (int lane = 0; lane < NN_LANES; lane++)
            lanes[lane] = attention_larger(values[i + lane], lanes[lane]);
    }
    for (int64_t i = whole; i < count; i++) lanes[i - whole] = attention_larger(values[i], lanes[i - whole]);
    for (int lane = 0; lane < 8; lane++) lanes[lane] = attention_larger(lanes[lane + 8], lanes[lane]);
    for (int lane = 0; lane < 4; lane++) lanes[lane] = attention_larger(lanes[lane + 4], lanes[lane]);
    return attention_larger(attention_larger(lanes[0], lanes[2]), attention_larger(lanes[1], lanes[3]));
}

/* All rows in one loop: all vectors except the last are full. */
NN_INLINE void attention_exp_all(nn_scores_tile tile, nn_real *scores)
{
    for (int64_t i = 0; i < tile.rows * tile.columns; i++) scores[i] = elementary_exp(scores[i]);
}

NN_VECTORIZED
void nn_scores_exp(nn_scores_tile tile, nn_real *scores, nn_real *shifts, nn_real *sums)
{
    for (int64_t row = 0; row < tile.rows; row++) {
        nn_real *values = scores + row * tile.columns;
        attention_hide(tile, row, values);
        shifts[row] = attention_maximum(tile.columns, values) * tile.scale;
        attention_shift(tile, shifts[row], values);
    }
    attention_exp_all(tile, scores);
    for (int64_t row = 0; row < tile.rows; row++)
        sums[row] = attention_sum(tile.columns, scores + row * tile.columns);
}

NN_VECTORIZED
void nn_scores_exp_again(nn_scores_tile tile, const nn_real *shifts, nn_real *scores)
{
    for (int64_t row = 0; row < tile.rows; row++) {
        nn_real *values = scores + row * tile.columns;
        attention_hide(tile, row, values);
        attention_shift(tile, shifts[row], values);
    }
    attention_exp_all(tile, scores);
}

NN_VECTORIZED
void nn_scores_gradient(nn_scores_tile tile, const nn_real *sums, const nn_real *means, nn_real *weights,
                        nn_real *gradient)
{
    for (int64_t row = 0; row < tile.rows; row++) {
        nn_real *p = weights + row * tile.columns, *dp = gradient + row * tile.columns;
        nn_real inverse = 1 / sums[row], mean = means[row];
        NN_INDEPENDENT
        for (int64_t j = 0; j < tile.columns; j++) {
            nn_real weight = p[j] * inverse;
            p[j] = weight;
            dp[j] = weight * (dp[j] - mean) * tile.scale;
        }
    }
}

NN_VECTORIZED
void nn_scores_divide_rows(int64_t rows, int64_t columns, int64_t ld, const nn_real *divisors,
                           nn_real *matrix)
{
    for (int64_t row = 0; row < rows; row++) {
        nn_real *values = matrix + row * ld, inverse = 1 / divisors[row];
        for (int64_t column = 0; column < columns; column++) values[column] *= inverse;
    }
}

NN_VECTORIZED
void nn_scores_row_products(int64_t rows, int64_t columns, int64_t ld, const nn_real *a, const nn_real *b,
                            nn_real *products)
{
    for (int64_t row = 0; row < rows; row++)
        products[row] = (nn_real)reduce_dot(columns, a + row * ld, b + row * ld);
}
