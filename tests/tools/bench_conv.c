/*
 * Speed of convolutions: GFLOP/s by CPU time of forward, input gradient and weight gradient of one layer, and
 * of all three together relative to a square BLAS matrix product in the same run.
 *
 *     bench_conv [MICROBATCH]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "nn/convolution.h"
#include "nn/network.h"
#include "tensor/matrix.h"
#include "tensor/tile.h"

#define PRODUCT_SIZE 2048
#define SECONDS 0.4 /* of CPU time per measurement */

typedef struct bench_case {
    int64_t channels, filters, extent, kernel, stride;
    bool depthwise;
} bench_case;

static const bench_case bench_cases[] = {
    {32, 64, 28, 3, 1, false},  {64, 64, 8, 3, 1, false},    {32, 32, 16, 3, 1, false},
    {16, 16, 32, 3, 1, false},  {1, 32, 28, 3, 1, false},    {3, 16, 32, 3, 1, false},
    {16, 32, 32, 3, 2, false},  {32, 64, 16, 3, 2, false},   {16, 32, 32, 1, 2, false},
    {64, 128, 28, 1, 1, false}, {256, 256, 14, 3, 1, false}, {512, 512, 7, 3, 1, false},
    {3, 64, 112, 7, 2, false},  {64, 64, 56, 3, 1, true},    {20, 50, 12, 5, 1, false},
};

static double bench_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static nn_real *bench_values(int64_t count)
{
    nn_real *values;
    if (NN_ALLOCATE(&values, count, "a benchmark") != NN_OK) exit(EXIT_FAILURE);
    for (int64_t i = 0; i < count; i++) values[i] = (nn_real)(i % 17) / 16 - (nn_real)0.5;
    return values;
}

static double bench_product(void)
{
    const int64_t n = PRODUCT_SIZE;
    nn_real *a = bench_values(n * n), *b = bench_values(n * n), *c = bench_values(n * n);
    double best = 0;
    for (int i = 0; i < 8; i++) {
        double start = bench_clock();
        nn_matrix_product(NN_PLAIN, NN_PLAIN, n, n, n, a, n, b, n, false, c, n);
        double rate = 2e-9 * (double)n * (double)n * (double)n / (bench_clock() - start);
        if (rate > best) best = rate;
    }
    nn_free(a);
    nn_free(b);
    nn_free(c);
    return best;
}

/* ---- one layer ---- */

typedef struct bench {
    nn_network *network;
    nn_microbatch *microbatch;
    nn_real *weights, *gradient, *scratch;
} bench;

static nn_layer_spec bench_layer(int64_t filters, int64_t kernel, int64_t stride, bool depthwise)
{
    nn_convolution_options *options;
    const nn_layer_type *type = nn_layer_find(NN_SCALAR_REAL, "conv2d");
    if (NN_ALLOCATE(&options, 1, "a benchmark") != NN_OK) exit(EXIT_FAILURE);
    options->filters = filters;
    options->window.kernel = (nn_integer_list){.count = 1, .items = {kernel}};
    options->window.stride = (nn_integer_list){.count = 1, .items = {stride}};
    options->window.padding = (nn_integer_list){.count = 1, .items = {kernel / 2}};
    options->groups = (nn_integer_list){.count = depthwise ? 0 : 1, .items = {1}};
    options->activation = kernel > 1;
    options->bias = true;
    return (nn_layer_spec){.type = type, .options = options};
}

/* Layer 2 is measured; the layer below makes it compute its input gradient. */
static bench bench_create(const bench_case *what, int64_t microbatch)
{
    bench b;
    nn_network_spec spec = {.input = {.shape = {3, {what->extent, what->extent, what->channels}}},
                            .microbatch_size = microbatch};
    nn_status status = nn_network_spec_add(&spec, bench_layer(what->channels, 1, 1, true));
    if (status == NN_OK)
        status = nn_network_spec_add(&spec,
                                     bench_layer(what->filters, what->kernel, what->stride, what->depthwise));
    if (status == NN_OK) status = nn_network_create(&spec, &b.network);
    if (status == NN_OK) status = nn_microbatch_create(b.network, microbatch, true, &b.microbatch);
    if (status != NN_OK) {
        fprintf(stderr, "bench_conv: %s\n", nn_error_text());
        exit(EXIT_FAILURE);
    }
    b.microbatch->samples = b.microbatch->batch_samples = microbatch;
    b.microbatch->training = true;
    b.weights = bench_values(b.network->value_count);
    b.gradient = bench_values(b.network->value_count);
    b.scratch = bench_values(b.network->scratch_values);
    for (int64_t i = 0; i < microbatch * what->extent * what->extent * what->channels; i++)
        b.microbatch->outputs[1][i] = (nn_real)(i % 19) / 16 - (nn_real)0.5;
    return b;
}

static void bench_destroy(bench *b)
{
    nn_microbatch_destroy(b->microbatch);
    nn_network_destroy(b->network);
    nn_free(b->weights);
    nn_free(b->gradient);
    nn_free(b->scratch);
}

enum { FORWARD, BACKWARD, GRADIENT, STEPS };

static void bench_step(const bench *b, int step)
{
    const nn_layer *layer = &b->network->layers[2];
    if (step == FORWARD) nn_network_forward(b->network, 2, b->weights, b->microbatch, b->scratch);
    if (step == BACKWARD) nn_network_backward(b->network, 2, b->weights, b->microbatch, b->scratch);
    for (int part = 0; step == GRADIENT && part < layer->part_count; part++)
        nn_network_gradient(b->network, 2, part, b->weights, b->microbatch, b->scratch, false,
                            b->gradient + layer->offset + layer->part_begin[part]);
}

/* CPU seconds of each pass, the best of many. */
static void bench_measure(const bench *b, double *seconds)
{
    for (int step = 0; step < STEPS; step++) seconds[step] = 1e9;
    for (double begin = bench_clock(); bench_clock() - begin < SECONDS;)
        for (int step = 0; step < STEPS; step++) {
            double start = bench_clock();
            bench_step(b, step);
            double time = bench_clock() - start;
            if (time < seconds[step]) seconds[step] = time;
        }
}

static void bench_run(const bench_case *what, int64_t microbatch, double product)
{
    bench b = bench_create(what, microbatch);
    double seconds[STEPS], flops = 1e-9 * b.network->layers[2].flops_forward * (double)microbatch;
    bench_measure(&b, seconds);
    double rate = 3 * flops / (seconds[FORWARD] + seconds[BACKWARD] + seconds[GRADIENT]);
    printf(
        "%4d -> %4d  %3d x %-3d  kernel %d stride %d%s: forward %6.1f  input %6.1f  weight %6.1f  all %6.1f "
        "GFLOP/s  ratio %.2f\n",
        (int)what->channels, (int)what->filters, (int)what->extent, (int)what->extent, (int)what->kernel,
        (int)what->stride, what->depthwise ? " depthwise" : "", flops / seconds[FORWARD],
        flops / seconds[BACKWARD], flops / seconds[GRADIENT], rate, rate / product);
    bench_destroy(&b);
}

int main(int argc, char **argv)
{
    int64_t microbatch = argc > 1 ? strtoll(argv[1], NULL, 10) : 16;
    if (microbatch < 1 || nn_matrix_setup() != NN_OK) return EXIT_FAILURE;
    double product = bench_product();
    printf("%s %d^3: %.1f GFLOP/s; tiles: %s; microbatch %d\n", nn_matrix_kernels(), PRODUCT_SIZE, product,
           nn_tile_kernels_at(0)->name, (int)microbatch);
    for (size_t i = 0; i < sizeof bench_cases / sizeof *bench_cases; i++)
        bench_run(&bench_cases[i], microbatch, product);
    return EXIT_SUCCESS;
}
