/*
 * Products of row-major matrices. Only this file calls BLAS. One thread per call; the same call with the same
 * sizes gives the same bits on every thread and rank.
 */
#ifndef NN_TENSOR_MATRIX_H
#define NN_TENSOR_MATRIX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/real.h"
#include "base/status.h"

typedef enum nn_transpose { NN_PLAIN, NN_TRANSPOSED } nn_transpose;

/* Sets the number of BLAS threads to 1 and reads it back; fails if it is not 1. Call once, before threads
 * start. */
nn_status nn_matrix_setup(void);

/* Get and set the number of BLAS threads: for callers in a program that uses the same BLAS. */
int nn_matrix_threads(void);
void nn_matrix_set_threads(int threads);

/* The library and kernel set in use, such as "OpenBLAS 0.3.21 Zen". Borrowed. */
const char *nn_matrix_kernels(void);

/* The value of OPENBLAS_CORETYPE that suits this CPU, where OpenBLAS did not recognise it and so computes
 * with its oldest kernels, several times slower; NULL otherwise, or where the variable is set. */
const char *nn_matrix_missed_kernels(void);

/* For tests: the largest size passed to BLAS (by default the maximum of its integers); larger ones are
 * cut. */
void nn_matrix_set_limit(int64_t limit);

/* C (rows x columns, leading dimension ldc) = op(A) op(B) (+ C if accumulate); inner: columns of op(A). Sizes
 * may exceed 2^31. */
void nn_matrix_product(nn_transpose transpose_a, nn_transpose transpose_b, int64_t rows, int64_t columns,
                       int64_t inner, const nn_real *a, int64_t lda, const nn_real *b, int64_t ldb,
                       bool accumulate, nn_real *c, int64_t ldc);

/* Whether an accumulating product of exactly this shape gives C + (the product alone), each element rounded
 * once: tested on random numbers with the BLAS in use. Results are cached (not thread-safe: call it while a
 * network is built). */
bool nn_matrix_accumulates_exactly(nn_transpose transpose_a, nn_transpose transpose_b, int64_t rows,
                                   int64_t columns, int64_t inner);

#endif
