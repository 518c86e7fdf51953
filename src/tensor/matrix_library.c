/* The BLAS library: its name and its threads. */
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* dladdr */
#endif
#include <cblas.h>
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tensor/matrix.h"

#define MATRIX_NAME_SIZE 128

#ifdef OPENBLAS_VERSION

/* Sets the number of threads; returns the number that the library then reports. */
static int blas_set_threads(int threads)
{
    openblas_set_num_threads(threads);
    return openblas_get_num_threads();
}

static int blas_threads(void)
{
    return openblas_get_num_threads();
}

/* The file of the library that has this function; NULL: unknown. */
static const char *blas_file(uintptr_t function)
{
    Dl_info found;
    return dladdr((void *)function, &found) != 0 ? found.dli_fname : NULL;
}

/* A program that is linked with another BLAS, too, may have taken the products from that one. */
static nn_status blas_expect_one(void)
{
    const char *own = blas_file((uintptr_t)openblas_get_config);
    const char *single = blas_file((uintptr_t)cblas_sgemm), *twice = blas_file((uintptr_t)cblas_dgemm);
    const char *other = single && own && strcmp(single, own) != 0 ? single : twice;
    if (!own || !other || strcmp(other, own) == 0) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE,
            "the matrix products of this program come from %s, and not from the OpenBLAS that nntrain was "
            "built with (%s): the bits would be others; link the program with OpenBLAS before the other "
            "library (-lopenblas), or start it with LD_PRELOAD=%s",
            other, own, own);
}

/* "OpenBLAS 0.3.21 Zen": the first two words of the library's configuration, and the kernel set chosen for
 * this CPU. */
static void blas_describe(char *text, size_t size)
{
    const char *configuration = openblas_get_config();
    size_t name = strcspn(configuration, " ");
    size_t version = configuration[name] == ' ' ? 1 + strcspn(configuration + name + 1, " ") : 0;
    snprintf(text, size, "%.*s %s", (int)(name + version), configuration, openblas_get_corename());
}

/* On x86-64 the kernels for CPUs that OpenBLAS does not know are those for Prescott, of 2004. */
static const char *blas_missed(void)
{
#ifdef __x86_64__
    if (getenv("OPENBLAS_CORETYPE") || strcmp(openblas_get_corename(), "Prescott") != 0) return NULL;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
        return "SkylakeX";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
#endif
    return NULL;
}

#else

static nn_status blas_expect_one(void)
{
    return NN_OK;
}

/* CBLAS itself has no threads to set. */
static int blas_set_threads(int threads)
{
    return threads;
}

static int blas_threads(void)
{
    return 1;
}

static void blas_describe(char *text, size_t size)
{
    snprintf(text, size, "CBLAS");
}

static const char *blas_missed(void)
{
    return NULL;
}

#endif

nn_status nn_matrix_setup(void)
{
    NN_TRY(blas_expect_one());
    int threads = blas_set_threads(1);
    if (threads != 1) {
        NN_FAIL(NN_ERROR_USAGE,
                "%s uses %d threads although it was set to 1; set OPENBLAS_NUM_THREADS=1 in the environment, "
                "or load another build of the library",
                nn_matrix_kernels(), threads);
    }
    nn_matrix_kernels(); /* composes the text before there are threads */
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

const char *nn_matrix_missed_kernels(void)
{
    return blas_missed();
}
