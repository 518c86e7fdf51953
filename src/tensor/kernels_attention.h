/*
 * The element-wise parts of attention on a tile of scores: rows are queries, columns keys, without gaps. Row
 * i sees the first visible + i columns, at most all; what it does not see has the weight 0.
 */
#ifndef NN_TENSOR_KERNELS_ATTENTION_H
#define NN_TENSOR_KERNELS_ATTENTION_H

#include <stdint.h>

#include "base/real.h"

typedef struct nn_attention_tile {
    int64_t rows, columns;
    int64_t visible; /* columns that row 0 sees; 1 at least */
    nn_real scale;   /* factor on scores, above 0 */
} nn_attention_tile;

/* e(i, j) = exp(scale x score - shift(i)) in place of the scores, where shift is the row's largest scale x
 * score; sums(i) is that of e(i, j) over j, 1 at least. */
void nn_attention_exp(nn_attention_tile tile, nn_real *scores, nn_real *shifts, nn_real *sums);

/* The same numbers once more, given the shifts. */
void nn_attention_exp_again(nn_attention_tile tile, const nn_real *shifts, nn_real *scores);

/* From e to the weights p = e / sum, in place, and from their gradients dp, given the rows' means(i) =
 * sum over j of p dp, to those of the scores: p x (dp - mean) x scale, in place. */
void nn_attention_score_gradient(nn_attention_tile tile, const nn_real *sums, const nn_real *means,
                                 nn_real *weights, nn_real *gradient);

/* Divides row i of a matrix by divisors(i). */
void nn_attention_divide_rows(int64_t rows, int64_t columns, int64_t ld, const nn_real *divisors,
                              nn_real *matrix);

/* products(i) = the inner product of row i of two matrices. */
void nn_attention_row_products(int64_t rows, int64_t columns, int64_t ld, const nn_real *a, const nn_real *b,
                               nn_real *products);

#endif
