#include "tensor/peak.h"

#include "base/least.h"
#include "base/memory.h"
#include "host/clock.h"
#include "tensor/panels.h"
#include "tensor/trial.h"

#define PEAK_LEAST_REPEATS 2
#define PEAK_OWN 512 /* the size of our own products */

/* Square operands of one size, and the result. */
typedef struct peak_matrices {
    int64_t n;     /* of the BLAS product */
    nn_panels own; /* the right operand of ours */
    nn_real *a, *b, *c, *packed, *buffer;
} peak_matrices;

/* Multiplies once; returns the number of operations. */
typedef double peak_product(const peak_matrices *matrices);

static double peak_count(int64_t n)
{
    return 2.0 * (double)n * (double)n * (double)n;
}

static double peak_blas(const peak_matrices *matrices)
{
    int64_t n = matrices->n;
    nn_matrix_product(NN_PLAIN, NN_PLAIN, n, n, n, matrices->a, n, matrices->b, n, false, matrices->c, n);
    return peak_count(n);
}

static double peak_tiles(const peak_matrices *matrices)
{
    int64_t n = matrices->own.columns;
    nn_panels_product(&matrices->own, n, matrices->a, n, matrices->packed, matrices->buffer, matrices->c, n);
    return peak_count(n);
}

/* The products of a precision; NULL after the last. */
static peak_product *const peak_products[] = {peak_blas, peak_tiles, NULL};
static peak_product *const peak_mixed_products[] = {peak_tiles, NULL};

/* The rate of one product. */
static double peak_measure(peak_product *product, const peak_matrices *matrices, double *spent)
{
    double began = nn_seconds(), operations = product(matrices), seconds = nn_seconds() - began;
    *spent += seconds;
    return seconds > 0 ? operations / seconds : 0;
}

static double peak_best(peak_product *const *products, const peak_matrices *matrices, double seconds)
{
    double best = 0, spent = 0, round = 0;
    for (int repeat = 0; repeat < PEAK_LEAST_REPEATS || spent + round < seconds; repeat++) {
        round = spent;
        for (peak_product *const *product = products; *product; product++) {
            double rate = peak_measure(*product, matrices, &spent);
            if (rate > best) best = rate;
        }
        round = spent - round;
    }
    return best;
}

double nn_peak(nn_engine engine, int64_t n, double seconds)
{
    peak_product *const *products = engine == NN_ENGINE_MIXED ? peak_mixed_products : peak_products;
    peak_matrices matrices = {.n = n};
    int64_t own = nn_smaller(n, PEAK_OWN);
    const nn_tile_kernels *kernels = nn_tile_kernels_of(engine);
    nn_real *block;
    if (!kernels) return 0;
    matrices.own = nn_panels_of(kernels, own, own);
    int64_t packed = nn_panels_values(&matrices.own), buffer = nn_panels_product_buffer(&matrices.own);
    if (NN_ALLOCATE(&block, 3 * n * n + packed + buffer, "measuring the rate of matrix products") != NN_OK) {
        nn_error_clear();
        return 0;
    }
    matrices.packed = block;
    matrices.buffer = block + packed;
    matrices.a = matrices.buffer + buffer;
    matrices.b = matrices.a + n * n;
    matrices.c = matrices.b + n * n;
    nn_trial_fill(0, -1, 1, 2 * n * n, matrices.a);
    nn_panels_start(&matrices.own, 0, NULL, matrices.packed);
    nn_panels_pack(&matrices.own, 0, NN_PLAIN, matrices.b, own, matrices.packed);
    double best = peak_best(products, &matrices, seconds);
    nn_free(block);
    return best;
}
