/*
 * Matrix products on row-major matrices. The only place that calls BLAS. One thread a call; the same call
 * with the same sizes gives the same bits, whichever thread or rank makes it.
 */
#ifndef NN_TENSOR_MATRIX_H
#define NN_TENSOR_MATRIX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/real.h"
#include "base/status.h"

typedef enum nn_transpose { NN_PLAIN, NN_TRANSPOSED } nn_transpose;

/* Sets one BLAS thread and reads the number back; fails when it is not 1. Call once, before threads start. */
nn_status nn_matrix_setup(void);

/* The threads of BLAS as they are, and set back: for callers inside a program that uses the same BLAS. */
int nn_matrix_threads(void);
void nn_matrix_set_threads(int threads);

/* The library and kernel set in use, such as "OpenBLAS 0.3.21 Zen". Borrowed. */
const char *nn_matrix_kernels(void);

/* For tests: the largest size handed to BLAS (normally what its integers hold); larger ones are cut. */
void nn_matrix_set_limit(int64_t limit);

/* C (rows x columns, leading dimension ldc) = op(A) op(B) (+ C when accumulate), over `inner`. Sizes of any
 * magnitude. */
void nn_matrix_product(nn_transpose transpose_a, nn_transpose transpose_b, int64_t rows, int64_t columns,
                       int64_t inner, const nn_real *a, int64_t lda, const nn_real *b, int64_t ldb,
                       bool accumulate, nn_real *c, int64_t ldc);

/* Whether an accumulating product of this very shape gives exactly C + (the product alone), each element
 * rounded once: tried on random numbers with the BLAS in use. Answers are remembered (not thread-safe: call
 * it while a network is built). */
bool nn_matrix_accumulates_exactly(nn_transpose transpose_a, nn_transpose transpose_b, int64_t rows,
                                   int64_t columns, int64_t inner);

/* Floating-point operations per second of a square product of `n`, this thread, best of a few within
 * `seconds`; 0 when memory is short. */
double nn_matrix_peak(int64_t n, double seconds);

#endif
