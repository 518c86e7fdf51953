/*
 * Products with a matrix that is used many times, such as the recurrent weight in all steps: it is packed
 * once into panels for the kernels of tile.h. Each element of a product is one chain of fused multiply-adds
 * that starts with its column's initial value: it has the same bits on every kernel set and for every number
 * of rows. Unlike those of a BLAS library, these products are fast for small shapes too.
 */
#ifndef NN_TENSOR_PANELS_H
#define NN_TENSOR_PANELS_H

#include "tensor/matrix.h"
#include "tensor/tile.h"

/* Size of the panels of an inner x columns matrix, in values. */
int64_t nn_panels_values(int64_t inner, int64_t columns);

/* Sets the initial values of the columns' sums: 0 below column `begin`, then first[0], first[1], ...; first
 * NULL: 0. */
void nn_panels_start(int64_t inner, int64_t columns, int64_t begin, const nn_real *first, nn_real *panels);

/* Packs op(matrix), which is rows x columns, as rows [begin, begin + rows) of the inner x columns matrix. */
void nn_panels_pack(int64_t inner, int64_t columns, int64_t begin, int64_t rows, nn_transpose transpose,
                    const nn_real *matrix, int64_t ld, nn_real *panels);

/* Copies a rows x columns matrix to rows of `width` values, which end with zeros. */
void nn_panels_copy(int64_t rows, int64_t columns, int64_t width, const nn_real *matrix, int64_t ld,
                    nn_real *to);

/* C (rows x columns, leading dimension ldc) = first + A times the packed matrix. Row r of A consists of the
 * runs, `inner` values in all, relative to a + r x lda. */
void nn_panels_product(int64_t rows, int64_t inner, int64_t columns, int run_count, const nn_tile_run *runs,
                       const nn_real *a, int64_t lda, const nn_real *panels, nn_real *c, int64_t ldc);

/* Size of the buffer of nn_panels_gradient, in values. */
int64_t nn_panels_buffer(void);

/* C (rows x columns, leading dimension ldc) = A^T B, where A is inner x rows and B is inner x columns. Each
 * element is the sum, in order, of chains of NN_PANELS_CHAIN terms. */
#define NN_PANELS_CHAIN 256
void nn_panels_gradient(int64_t rows, int64_t columns, int64_t inner, const nn_real *a, int64_t lda,
                        const nn_real *b, int64_t ldb, nn_real *buffer, nn_real *c, int64_t ldc);

#endif
