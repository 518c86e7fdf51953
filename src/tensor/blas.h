/*
 * What differs between BLAS libraries and precisions: the width of the integers, and the product. Included
 * only by matrix.c.
 */
#ifndef NN_TENSOR_BLAS_H
#define NN_TENSOR_BLAS_H

#include <cblas.h>

#include "base/real.h"

#ifdef NN_REAL_DOUBLE
#define BLAS_GEMM cblas_dgemm
#else
#define BLAS_GEMM cblas_sgemm
#endif

#ifdef OPENBLAS_VERSION
typedef blasint blas_integer;
#else
typedef int blas_integer;
#endif

#endif
