/*
 * Products with a matrix that is used many times, such as the recurrent weight in all steps: it is packed
 * once into panels for the kernels of tile.h. Each element of a product is a chain of fused multiply-adds
 * that starts with its column's initial value, or the sum of several (tensor/tile_chain.h): it has the same
 * bits on every kernel set of the engine and for every number of rows. Unlike those of a BLAS library, these
 * products are fast for small shapes too.
 */
#ifndef NN_TENSOR_PANELS_H
#define NN_TENSOR_PANELS_H

#include "tensor/matrix.h"
#include "tensor/tile_chain.h"

#define NN_PANELS_RUNS 2

/* A packed matrix with `columns` columns. A row of the left operand A consists of the runs, relative to a + r
 * x lda; the rows of the packed matrix belong to the values of the runs in that order. Their lengths must
 * remain as they are; packing ignores their offsets. */
typedef struct nn_panels {
    const nn_tile_kernels *kernels;
    int64_t columns;
    int run_count;
    nn_tile_run runs[NN_PANELS_RUNS];
} nn_panels;

/* An inner x columns matrix with one run at offset 0. */
nn_panels nn_panels_of(const nn_tile_kernels *kernels, int64_t inner, int64_t columns);

/* Size of the packed matrix, in values. */
int64_t nn_panels_values(const nn_panels *panels);

/* Sets the initial values of the columns' sums: 0 below column `begin`, then first[0], first[1], ...; first
 * NULL: 0. */
void nn_panels_start(const nn_panels *panels, int64_t begin, const nn_real *first, nn_real *packed);

/* Packs op(matrix), whose rows belong to run `run`. */
void nn_panels_pack(const nn_panels *panels, int run, nn_transpose transpose, const nn_real *matrix,
                    int64_t ld, nn_real *packed);

/* Size of the buffer of nn_panels_product, in values; 0: it may be NULL. */
int64_t nn_panels_product_buffer(const nn_panels *panels);

/* C (rows x columns, leading dimension ldc) = first + A times the packed matrix. */
void nn_panels_product(const nn_panels *panels, int64_t rows, const nn_real *a, int64_t lda,
                       const nn_real *packed, nn_real *buffer, nn_real *c, int64_t ldc);

/* Size of the buffer of nn_panels_gradient, in values. */
int64_t nn_panels_gradient_buffer(const nn_tile_kernels *kernels);

/* C (rows x columns, leading dimension ldc) = A^T B, where A is inner x rows and B is inner x columns. Each
 * element is the sum, in order, of chains of NN_PANELS_CHAIN terms. */
#define NN_PANELS_CHAIN 256
void nn_panels_gradient(const nn_tile_kernels *kernels, int64_t rows, int64_t columns, int64_t inner,
                        const nn_real *a, int64_t lda, const nn_real *b, int64_t ldb, nn_real *buffer,
                        nn_real *c, int64_t ldc);

#endif
