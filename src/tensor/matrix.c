/* Matrix products by BLAS, one thread a call. */
#include "tensor/matrix.h"

#include <assert.h>
#include <limits.h>

#include "tensor/blas.h"

#define MATRIX_NAME_SIZE 128

nn_status nn_matrix_setup(void)
{
    int threads = blas_set_threads(1);
    if (threads != 1) {
        NN_FAIL(NN_ERROR_USAGE,
                "%s uses %d threads although it was told to use 1: set OPENBLAS_NUM_THREADS=1 in the "
                "environment, or "
                "load another build of the library",
                nn_matrix_kernels(), threads);
    }
    nn_matrix_kernels(); /* composes the text while there is one thread */
    return NN_OK;
}

int nn_matrix_threads(void)
{
    return blas_threads();
}

void nn_matrix_set_threads(int threads)
{
    (void)blas_set_threads(threads);
}

const char *nn_matrix_kernels(void)
{
    static char name[MATRIX_NAME_SIZE];
    if (name[0] == '\0') blas_describe(name, sizeof(name));
    return name;
}

/* Only element counts go beyond 2^31; a single dimension of a product is at most a microbatch's positions or
 * a layer's width. */
static blas_integer matrix_narrow(int64_t dimension)
{
    assert(dimension >= 0 && (sizeof(blas_integer) >= sizeof(int64_t) || dimension <= INT_MAX));
    return (blas_integer)dimension;
}

/* A leading dimension; BLAS wants 1 at least, for empty matrices too. */
static blas_integer matrix_leading(int64_t dimension)
{
    return dimension > 0 ? matrix_narrow(dimension) : 1;
}

void nn_matrix_product(nn_transpose transpose_a, nn_transpose transpose_b, int64_t rows, int64_t columns,
                       int64_t inner, const nn_real *a, int64_t lda, const nn_real *b, int64_t ldb,
                       bool accumulate, nn_real *c, int64_t ldc)
{
    if (rows == 0 || columns == 0) return;
    BLAS_GEMM(CblasRowMajor, transpose_a == NN_TRANSPOSED ? CblasTrans : CblasNoTrans,
              transpose_b == NN_TRANSPOSED ? CblasTrans : CblasNoTrans, matrix_narrow(rows),
              matrix_narrow(columns), matrix_narrow(inner), 1, a, matrix_leading(lda), b, matrix_leading(ldb),
              accumulate ? 1 : 0, c, matrix_leading(ldc));
}
