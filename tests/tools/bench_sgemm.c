/*
 * The rate of the BLAS library's sgemm, to which scripts/bench compares: products of 2048 x 2048 on several
 * cores at once, one thread each. Prints FLOP/s of all cores together.
 *
 *     bench_sgemm THREADS SECONDS
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "host/clock.h"
#include "tensor/matrix.h"

#define PRODUCT_SIZE 2048

/* FLOP/s of one thread: the best of the products that fit into the time. */
static double sgemm_rate(double seconds)
{
    const int64_t n = PRODUCT_SIZE;
    nn_real *block;
    if (NN_ALLOCATE(&block, 3 * n * n, "measuring the BLAS library") != NN_OK) exit(EXIT_FAILURE);
    for (int64_t i = 0; i < 2 * n * n; i++) block[i] = (nn_real)(i % 17) / 16 - (nn_real)0.5;
    double begin = nn_seconds(), best = 0;
    do {
        double start = nn_seconds();
        nn_matrix_product(NN_PLAIN, NN_PLAIN, n, n, n, block, n, block + n * n, n, false, block + 2 * n * n,
                          n);
        double rate = 2.0 * (double)n * (double)n * (double)n / (nn_seconds() - start);
        if (rate > best) best = rate;
    } while (nn_seconds() - begin < seconds);
    nn_free(block);
    return best;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "bench_sgemm THREADS SECONDS\n");
        return 2;
    }
    int threads = atoi(argv[1]);
    double seconds = strtod(argv[2], NULL), rate = 0;
    if (threads < 1 || nn_matrix_setup() != NN_OK) return 1;
#pragma omp parallel num_threads(threads) reduction(+ : rate)
    rate += sgemm_rate(seconds);
    printf("%.4g\n", rate);
    return 0;
}
