/* Matrix products by BLAS, one thread per call. */
#include "tensor/matrix.h"

#include <limits.h>

#include "tensor/blas.h"

/* The largest size that BLAS accepts. */
static int64_t matrix_limit = sizeof(blas_integer) >= sizeof(int64_t) ? INT64_MAX : INT_MAX;

void nn_matrix_set_limit(int64_t limit)
{
    matrix_limit = limit;
}

/* The arguments of nn_matrix_product. */
typedef struct matrix_call {
    nn_transpose transpose_a, transpose_b;
    int64_t rows, columns, inner;
    const nn_real *a, *b;
    nn_real *c;
    int64_t lda, ldb, ldc;
    bool accumulate;
} matrix_call;

/* A leading dimension: BLAS requires at least the length of a row, and at least 1. Beyond the limit it does
 * not matter: the matrix then has only one row. */
static blas_integer matrix_leading(int64_t dimension, int64_t row)
{
    if (dimension > matrix_limit) dimension = row;
    return dimension > 0 ? (blas_integer)dimension : 1;
}

static void matrix_multiply(const matrix_call *call)
{
    int64_t row_a = call->transpose_a == NN_TRANSPOSED ? call->rows : call->inner;
    int64_t row_b = call->transpose_b == NN_TRANSPOSED ? call->inner : call->columns;
    BLAS_GEMM(CblasRowMajor, call->transpose_a == NN_TRANSPOSED ? CblasTrans : CblasNoTrans,
              call->transpose_b == NN_TRANSPOSED ? CblasTrans : CblasNoTrans, (blas_integer)call->rows,
              (blas_integer)call->columns, (blas_integer)call->inner, 1, call->a,
              matrix_leading(call->lda, row_a), call->b, matrix_leading(call->ldb, row_b),
              call->accumulate ? 1 : 0, call->c, matrix_leading(call->ldc, call->columns));
}

static bool matrix_must_cut(int64_t size, bool apart)
{
    return size > matrix_limit || (apart && size > 1);
}

/* Halves sizes and leading dimensions that exceed the integers of BLAS; how depends only on the shape. */
static void matrix_cut(const matrix_call *call)
{
    bool turned_a = call->transpose_a == NN_TRANSPOSED, turned_b = call->transpose_b == NN_TRANSPOSED;
    bool far_a = call->lda > matrix_limit, far_b = call->ldb > matrix_limit, far_c = call->ldc > matrix_limit;
    matrix_call first = *call, second = *call;
    if (matrix_must_cut(call->rows, far_c || (far_a && !turned_a))) {
        first.rows = call->rows / 2;
        second.rows = call->rows - first.rows;
        second.a += first.rows * (turned_a ? 1 : call->lda);
        second.c += first.rows * call->ldc;
    } else if (matrix_must_cut(call->columns, far_b && turned_b)) {
        first.columns = call->columns / 2;
        second.columns = call->columns - first.columns;
        second.b += first.columns * (turned_b ? call->ldb : 1);
        second.c += first.columns;
    } else if (matrix_must_cut(call->inner, (far_a && turned_a) || (far_b && !turned_b))) {
        first.inner = call->inner / 2;
        second.inner = call->inner - first.inner;
        second.a += first.inner * (turned_a ? call->lda : 1);
        second.b += first.inner * (turned_b ? 1 : call->ldb);
        second.accumulate = true;
    } else {
        matrix_multiply(call);
        return;
    }
    matrix_cut(&first);
    matrix_cut(&second);
}

void nn_matrix_product(nn_transpose transpose_a, nn_transpose transpose_b, int64_t rows, int64_t columns,
                       int64_t inner, const nn_real *a, int64_t lda, const nn_real *b, int64_t ldb,
                       bool accumulate, nn_real *c, int64_t ldc)
{
    if (rows == 0 || columns == 0) return;
    matrix_cut(&(matrix_call){.transpose_a = transpose_a,
                              .transpose_b = transpose_b,
                              .rows = rows,
                              .columns = columns,
                              .inner = inner,
                              .a = a,
                              .b = b,
                              .c = c,
                              .lda = lda,
                              .ldb = ldb,
                              .ldc = ldc,
                              .accumulate = accumulate});
}
