/*
 * Products with a matrix that many products share, such as the one of all steps of a recurrent layer: it is
 * packed once, into panels for the kernels of tile.h. Each element of a product is one chain of fused
 * multiply-adds, begun with what its column begins with: it has the same bits on every kernel set and for
 * every number of rows. These products need no large shape to be fast, as those of a BLAS library do.
 */
#ifndef NN_TENSOR_PANELS_H
#define NN_TENSOR_PANELS_H

#include "tensor/matrix.h"
#include "tensor/tile.h"

/* Values of the panels of a matrix of inner x columns. */
int64_t nn_panels_values(int64_t inner, int64_t columns);

/* What the sums of each column begin with: 0 below column `begin`, then first[0], first[1], ...; NULL: 0. */
void nn_panels_start(int64_t inner, int64_t columns, int64_t begin, const nn_real *first, nn_real *panels);

/* Packs rows [begin, begin + rows) of the inner x columns: op(matrix), which is rows x columns. */
void nn_panels_pack(int64_t inner, int64_t columns, int64_t begin, int64_t rows, nn_transpose transpose,
                    const nn_real *matrix, int64_t ld, nn_real *panels);

/* C (rows x columns, leading dimension ldc) = first + A times the packed matrix. Row r of A: the runs, of
 * `inner` values together, one behind the other, from a + r x lda. */
void nn_panels_product(int64_t rows, int64_t inner, int64_t columns, int run_count, const nn_tile_run *runs,
                       const nn_real *a, int64_t lda, const nn_real *panels, nn_real *c, int64_t ldc);

/* Values of the buffer of nn_panels_gradient. */
int64_t nn_panels_buffer(void);

/* C (rows x columns, leading dimension ldc) = A^T B, where A has `inner` rows of `rows` values, and B as many
 * of `columns` values. Each element is the sum, in order, of chains of NN_PANELS_CHAIN terms. */
#define NN_PANELS_CHAIN 256
void nn_panels_gradient(int64_t rows, int64_t columns, int64_t inner, const nn_real *a, int64_t lda,
                        const nn_real *b, int64_t ldb, nn_real *buffer, nn_real *c, int64_t ldc);

#endif
