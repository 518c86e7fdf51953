/* Speed of attention: bench_attention [FEATURES HEADS STEPS SAMPLES] prints, for one multi_head_attention
 * layer and one microbatch, the CPU time of forward, backward and gradient (one thread, best of several), and
 * their FLOP rate relative to that of a large matrix product. Without arguments: a selection of sizes. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "config/config.h"
#include "nn/network.h"
#include "tensor/matrix.h"

enum { REPEATS = 15, PRODUCT = 768 };

typedef struct bench {
    nn_network *network;
    nn_microbatch *microbatch;
    nn_real *weights, *gradient, *scratch;
} bench;

typedef struct bench_times {
    double forward, backward, gradient; /* seconds */
} bench_times;

static double bench_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void bench_keep_least(double begin, double *least)
{
    double seconds = bench_clock() - begin;
    if (*least == 0 || seconds < *least) *least = seconds;
}

static void bench_fill(uint32_t purpose, int64_t count, nn_real *values)
{
    nn_random stream = {3, purpose, 0};
    for (int64_t i = 0; i < count; i++)
        values[i] = (nn_real)(0.2 * (2 * nn_random_uniform24(stream, (uint64_t)i) - 1));
}

static nn_status bench_read_options(const char *yaml, nn_layer_spec *layer)
{
    nn_config *config;
    nn_config_node *node = NULL;
    NN_TRY(nn_config_parse(yaml, "bench", NULL, 0, &config));
    nn_config_node *list = nn_config_get(nn_config_root(config), "network");
    layer->type =
        nn_layer_find(NN_SCALAR_REAL, nn_config_read_choice(config, nn_config_item(list, 0), &node));
    NN_TRY(nn_allocate(&layer->options, layer->type->options_size, 1, "options"));
    nn_config_read(config, node, "network.0", layer->type->options, NULL, NULL, layer->options);
    nn_status status = nn_config_finish(config);
    nn_config_destroy(config);
    return status;
}

static nn_status bench_create(int64_t features, int64_t steps, int64_t samples, const char *yaml, bench *b)
{
    nn_network_spec spec = {.input = {.name = "x", .shape = {2, {steps, features}}},
                            .microbatch_size = samples};
    nn_layer_spec first = {0}, layer = {0};
    NN_TRY(bench_read_options("network:\n  - positional_encoding: learned\n", &first));
    NN_TRY(bench_read_options(yaml, &layer));
    NN_TRY(nn_network_spec_add(&spec, first));
    NN_TRY(nn_network_spec_add(&spec, layer));
    NN_TRY(nn_network_create(&spec, &b->network));
    NN_TRY(nn_microbatch_create(b->network, samples, true, &b->microbatch));
    b->microbatch->samples = b->microbatch->batch_samples = samples;
    NN_TRY(NN_ALLOCATE(&b->weights, b->network->value_count, "weights"));
    NN_TRY(NN_ALLOCATE(&b->gradient, b->network->value_count, "gradient"));
    NN_TRY(NN_ALLOCATE(&b->scratch, b->network->scratch_values, "scratch"));
    bench_fill(1, b->network->value_count, b->weights);
    bench_fill(2, samples * steps * features, b->microbatch->outputs[0]);
    return NN_OK;
}

static void bench_destroy(bench *b)
{
    nn_microbatch_destroy(b->microbatch);
    nn_free(b->weights);
    nn_free(b->gradient);
    nn_free(b->scratch);
    nn_network_destroy(b->network);
}

static bench_times bench_run(bench *b, int64_t values)
{
    bench_times times = {0};
    const nn_layer *layer = &b->network->layers[2];
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        nn_network_forward(b->network, 1, b->weights, b->microbatch, b->scratch);
        double begin = bench_clock();
        nn_network_forward(b->network, 2, b->weights, b->microbatch, b->scratch);
        bench_keep_least(begin, &times.forward);
        bench_fill(3, values, b->microbatch->gradients[2]);
        begin = bench_clock();
        nn_network_backward(b->network, 2, b->weights, b->microbatch, b->scratch);
        bench_keep_least(begin, &times.backward);
        begin = bench_clock();
        for (int part = 0; part < layer->part_count; part++)
            nn_network_gradient(b->network, 2, part, b->weights, b->microbatch, b->scratch, true,
                                b->gradient + layer->offset + layer->part_begin[part]);
        bench_keep_least(begin, &times.gradient);
    }
    return times;
}

static nn_status bench_case(double rate, int64_t features, int64_t heads, int64_t steps, int64_t samples,
                            const char *more)
{
    bench b = {0};
    char yaml[128];
    snprintf(yaml, sizeof yaml, "network:\n  - multi_head_attention: {heads: %lld%s}\n", (long long)heads,
             more);
    nn_status status = bench_create(features, steps, samples, yaml, &b);
    if (status == NN_OK) {
        const nn_layer *layer = &b.network->layers[2];
        bench_times times = bench_run(&b, samples * steps * features);
        double flops =
            (double)samples * (layer->flops_forward + layer->flops_input_gradient + layer->flops_gradient);
        double total = times.forward + times.backward + times.gradient;
        printf("features %4lld heads %2lld steps %4lld samples %3lld%-15s forward %7.3f ms  backward %7.3f "
               "ms  gradient %7.3f ms  %4.0f %% of the product's rate\n",
               (long long)features, (long long)heads, (long long)steps, (long long)samples, more,
               1e3 * times.forward, 1e3 * times.backward, 1e3 * times.gradient, 100 * flops / total / rate);
    }
    bench_destroy(&b);
    return status;
}

/* FLOP/s of a large matrix product, by CPU time. */
static double bench_product_rate(void)
{
    nn_real *block;
    int64_t n = PRODUCT;
    double least = 0;
    if (NN_ALLOCATE(&block, 3 * n * n, "a product") != NN_OK) return 0;
    bench_fill(4, 2 * n * n, block);
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        double begin = bench_clock();
        nn_matrix_product(NN_PLAIN, NN_PLAIN, n, n, n, block, n, block + n * n, n, false, block + 2 * n * n,
                          n);
        bench_keep_least(begin, &least);
    }
    nn_free(block);
    return 2.0 * (double)n * (double)n * (double)n / least;
}

static nn_status bench_all(int argc, char **argv)
{
    static const int64_t sizes[][4] = {{128, 4, 64, 8},  {128, 8, 128, 8}, {256, 4, 64, 16},
                                       {256, 8, 128, 8}, {256, 8, 256, 4}, {192, 6, 100, 8}};
    NN_TRY(nn_matrix_setup());
    double rate = bench_product_rate();
    printf("%s: %.1f GFLOP/s\n", nn_matrix_kernels(), rate * 1e-9);
    if (argc == 5) {
        int64_t given[4];
        for (int i = 0; i < 4; i++) given[i] = strtoll(argv[i + 1], NULL, 10);
        NN_TRY(bench_case(rate, given[0], given[1], given[2], given[3], ""));
        NN_TRY(bench_case(rate, given[0], given[1], given[2], given[3], ", causal: true"));
        return bench_case(rate, given[0], given[1], given[2], given[3], ", dropout: 0.1");
    }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        NN_TRY(bench_case(rate, sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3], ""));
        NN_TRY(bench_case(rate, sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3], ", causal: true"));
        NN_TRY(bench_case(rate, sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3], ", dropout: 0.1"));
    }
    return NN_OK;
}

int main(int argc, char **argv)
{
    if (argc != 1 && argc != 5) {
        fprintf(stderr, "usage: bench_attention [FEATURES HEADS STEPS SAMPLES]\n");
        return 2;
    }
    if (bench_all(argc, argv) == NN_OK) return 0;
    fprintf(stderr, "%s\n", nn_error_text());
    return 1;
}
