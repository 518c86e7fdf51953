/*
 * What differs between BLAS libraries: the width of their integers, and the functions of OpenBLAS for its
 * name and threads. Included only by matrix.c.
 */
#ifndef NN_TENSOR_BLAS_H
#define NN_TENSOR_BLAS_H

#include <cblas.h>
#include <stdio.h>
#include <string.h>

#include "base/real.h"

#ifdef NN_REAL_DOUBLE
#define BLAS_GEMM cblas_dgemm
#else
#define BLAS_GEMM cblas_sgemm
#endif

#ifdef OPENBLAS_VERSION

typedef blasint blas_integer;

/* Sets the number of threads; returns the number that the library then reports. */
static inline int blas_set_threads(int threads)
{
    openblas_set_num_threads(threads);
    return openblas_get_num_threads();
}

static inline int blas_threads(void)
{
    return openblas_get_num_threads();
}

/* "OpenBLAS 0.3.21 Zen": the first two words of the library's configuration, and the kernel set chosen for
 * this CPU. */
static inline void blas_describe(char *text, size_t size)
{
    const char *configuration = openblas_get_config();
    size_t name = strcspn(configuration, " ");
    size_t version = configuration[name] == ' ' ? 1 + strcspn(configuration + name + 1, " ") : 0;
    snprintf(text, size, "%.*s %s", (int)(name + version), configuration, openblas_get_corename());
}

#else

typedef int blas_integer;

/* CBLAS itself has no threads to set. */
static inline int blas_set_threads(int threads)
{
    return threads;
}

static inline int blas_threads(void)
{
    return 1;
}

static inline void blas_describe(char *text, size_t size)
{
    snprintf(text, size, "CBLAS");
}

#endif

#endif
