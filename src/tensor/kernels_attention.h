/*
 * The element-wise parts of attention on a contiguous tile of scores: rows are queries, columns are keys. Row
 * i sees the first visible + i columns (at most all); hidden columns have weight 0.
 */
#ifndef NN_TENSOR_KERNELS_ATTENTION_H
#define NN_TENSOR_KERNELS_ATTENTION_H

#include <stdint.h>

#include "base/real.h"

typedef struct nn_scores_tile {
    int64_t rows, columns;
    int64_t visible; /* number of columns that row 0 sees, at least 1 */
    nn_real scale;   /* factor on scores, above 0 */
} nn_scores_tile;

/* Replaces the scores by e(i, j) = exp(scale x score - shift(i)), where shift is the row's largest scale x
 * score; sums(i) is the sum of e(i, j) over j, at least 1. */
void nn_scores_exp(nn_scores_tile tile, nn_real *scores, nn_real *shifts, nn_real *sums);

/* Recomputes the same numbers, given the shifts. */
void nn_scores_exp_again(nn_scores_tile tile, const nn_real *shifts, nn_real *scores);

/* Replaces e by the weights p = e / sum, and their gradients dp by those of the scores, p x (dp - mean) x
 * scale, given the rows' means(i) = sum over j of p dp. */
void nn_scores_gradient(nn_scores_tile tile, const nn_real *sums, const nn_real *means, nn_real *weights,
                        nn_real *gradient);

/* Divides row i of a matrix by divisors(i). */
void nn_scores_divide_rows(int64_t rows, int64_t columns, int64_t ld, const nn_real *divisors,
                           nn_real *matrix);

/* products(i) = the inner product of row i of two matrices. */
void nn_scores_row_products(int64_t rows, int64_t columns, int64_t ld, const nn_real *a, const nn_real *b,
                            nn_real *products);

#endif
