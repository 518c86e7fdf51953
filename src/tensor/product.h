/*
 * Matrix products by the kernels of tile.h, for the engines `portable` and `mixed`: the same bits on every
 * CPU, for any number of rows, and for any division of rows and columns among calls.
 *
 * An element is a sum of chains: chain i has the terms [i x NN_PRODUCT_CHAIN, (i + 1) x NN_PRODUCT_CHAIN),
 * taken in order by fused multiply-adds; the first one starts with the initial value, the others with 0, and
 * they are added from left to right. Chains of bounded length keep the rounding error near that of a blocked
 * product.
 *
 * Operands are copied, block by block, to where the kernels read them quickly (Goto, van de Geijn: Anatomy of
 * high-performance matrix multiplication; ACM TOMS 2008): nothing needs to be packed beforehand.
 */
#ifndef NN_TENSOR_PRODUCT_H
#define NN_TENSOR_PRODUCT_H

#include "tensor/engine.h"
#include "tensor/matrix.h"

#define NN_PRODUCT_CHAIN 512

/* The right operand of a product: op(B), inner x columns, and what the sums start with. Borrowed. */
typedef struct nn_product {
    nn_engine engine; /* portable or mixed */
    int64_t inner, columns;
    nn_transpose transpose;
    const nn_real *b;
    int64_t ldb;
    const nn_real *first; /* by column; NULL: 0 */
} nn_product;

/* Rows of A and of the result C = first + A op(B). Borrowed; C must not overlap the operands. */
typedef struct nn_product_rows {
    int64_t rows;
    const nn_real *a;
    int64_t lda;
    nn_real *c;
    int64_t ldc;
} nn_product_rows;

/* Where threads divide the columns of a product, boundaries that are multiples of this suit all kernels. */
#define NN_PRODUCT_COLUMNS 32

/* Values of the buffer that nn_product_run needs for this number of inner terms. */
int64_t nn_product_buffer(int64_t inner);

/* Computes columns [begin, end) of C for all of the rows. buffer: aligned like any allocation. */
void nn_product_run(const nn_product *product, int count, const nn_product_rows *rows, int64_t begin,
                    int64_t end, nn_real *buffer);

/* The same for a single row without a buffer; false, and nothing is computed, if it needs one: in mixed
 * precision, or if B is transposed. */
bool nn_product_run_single(const nn_product *product, const nn_product_rows *row, int64_t begin, int64_t end);

/* One leaf of a sum over microbatches: A is terms x rows, B is terms x columns. Borrowed. */
typedef struct nn_product_leaf {
    int64_t terms;
    const nn_real *a;
    int64_t lda;
    const nn_real *b;
    int64_t ldb;
} nn_product_leaf;

/* Terms that nn_product_sum takes at once: over all leaves, or of one. */
int64_t nn_product_sum_terms(void);

/* Values of the buffer that nn_product_sum needs. */
int64_t nn_product_sum_buffer(void);

/* C (rows x columns) = the sum of A^T B over `count` leaves, along the canonical tree over them
 * (base/tree.h): the bits of separate products that are added afterwards. The chains of a leaf are cut as
 * above. With `add`, the sum is then added to C. All leaves together have at most nn_product_sum_terms()
 * terms, unless there is one leaf, and `add` is false. buffer: aligned like any allocation. */
void nn_product_sum(nn_engine engine, int64_t rows, int64_t columns, int64_t count,
                    const nn_product_leaf *leaves, bool add, nn_real *buffer, nn_real *c, int64_t ldc);

#endif
