/*
 * Speed of recurrent layers relative to their matrix products alone: two layers with `output: sequence` on
 * 128 features; forward, backward and gradients of one microbatch at a time, on one thread, by CPU time, so
 * that results hold on a busy machine.
 *
 *   bench_recurrent [LAYER [UNITS [STEPS [SAMPLES [SECONDS]]]]]     lstm 256 64 16 5
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "config/config.h"
#include "nn/network.h"
#include "tensor/matrix.h"

enum { FEATURES = 128, LAYERS = 2, ROUNDS = 5, PEAK_SIZE = 1024, PEAK_REPEATS = 8 };

typedef struct bench {
    nn_network *network;
    nn_microbatch *microbatch;
    nn_real *weights, *gradient, *scratch, *peak;
    double forward, backward, gradients; /* seconds */
} bench;

static double bench_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static nn_status bench_add_layer(nn_network_spec *spec, const char *layer, int units)
{
    char text[256];
    snprintf(text, sizeof text, "network:\n  - %s: {units: %d, output: sequence}\n", layer, units);
    nn_config *config;
    NN_TRY(nn_config_parse(text, "bench.yaml", NULL, 0, &config));
    nn_config_node *node = NULL;
    const char *name = nn_config_read_choice(
        config, nn_config_item(nn_config_get(nn_config_root(config), "network"), 0), &node);
    nn_layer_spec made = {.type = name ? nn_layer_find(NN_SCALAR_REAL, name) : NULL};
    nn_status status = NN_OK;
    if (!made.type) status = nn_fail(NN_ERROR_USAGE, "there is no layer %s", layer);
    if (status == NN_OK) status = nn_allocate(&made.options, made.type->options_size, 1, "options");
    if (status == NN_OK) {
        nn_config_read(config, node, "network.0", made.type->options, NULL, NULL, made.options);
        status = nn_config_finish(config);
    }
    nn_config_destroy(config);
    NN_TRY(status);
    return nn_network_spec_add(spec, made);
}

static nn_status bench_create(bench *b, const char *layer, int units, int steps, int samples)
{
    nn_network_spec spec = {.input = {.name = "x", .shape = {2, {steps, FEATURES}}},
                            .microbatch_size = samples};
    for (int l = 0; l < LAYERS; l++) NN_TRY(bench_add_layer(&spec, layer, units));
    NN_TRY(nn_network_create(&spec, &b->network));
    NN_TRY(nn_microbatch_create(b->network, samples, true, &b->microbatch));
    NN_TRY(NN_ALLOCATE(&b->weights, b->network->value_count, "weights"));
    NN_TRY(NN_ALLOCATE(&b->gradient, b->network->value_count, "gradient"));
    NN_TRY(NN_ALLOCATE(&b->scratch, b->network->scratch_values, "scratch"));
    b->microbatch->samples = b->microbatch->batch_samples = samples;
    for (int l = 1; l <= LAYERS; l++)
        for (int p = 0; p < b->network->layers[l].parameter_count; p++)
            NN_TRY(nn_network_initialize(b->network, 1, l, p, b->weights));
    NN_TRY(NN_ALLOCATE(&b->peak, 3 * PEAK_SIZE * PEAK_SIZE, "a product"));
    nn_random stream = {.seed = 1, .purpose = 1, .step = 0};
    for (int64_t i = 0; i < (int64_t)samples * steps * FEATURES; i++)
        b->microbatch->outputs[0][i] = (nn_real)nn_random_normal(stream, (uint64_t)i);
    return NN_OK;
}

/* FLOP/s of a large matrix product, the best of a few, by the same clock as the layers. */
static double bench_peak(const bench *b)
{
    double best = 0;
    for (int repeat = 0; repeat < PEAK_REPEATS; repeat++) {
        double start = bench_clock();
        nn_matrix_product(NN_PLAIN, NN_PLAIN, PEAK_SIZE, PEAK_SIZE, PEAK_SIZE, b->peak, PEAK_SIZE,
                          b->peak + PEAK_SIZE * PEAK_SIZE, PEAK_SIZE, false,
                          b->peak + 2 * PEAK_SIZE * PEAK_SIZE, PEAK_SIZE);
        double rate = 2.0 * PEAK_SIZE * PEAK_SIZE * PEAK_SIZE / (bench_clock() - start);
        if (rate > best) best = rate;
    }
    return best;
}

/* The output gradient is all ones. */
static void bench_run(bench *b)
{
    const nn_network *network = b->network;
    double start = bench_clock();
    for (int l = 1; l <= LAYERS; l++) nn_network_forward(network, l, b->weights, b->microbatch, b->scratch);
    b->forward += bench_clock() - start;
    int64_t outputs = b->microbatch->samples * nn_shape_count(network->layers[LAYERS].output_shape);
    for (int64_t i = 0; i < outputs; i++) b->microbatch->gradients[LAYERS][i] = 1;
    for (int l = LAYERS; l > 0; l--) {
        start = bench_clock();
        nn_network_backward(network, l, b->weights, b->microbatch, b->scratch);
        b->backward += bench_clock() - start;
        start = bench_clock();
        for (int p = 0; p < network->layers[l].part_count; p++)
            nn_network_gradient(network, l, p, b->weights, b->microbatch, b->scratch, true,
                                b->gradient + network->layers[l].offset + network->layers[l].part_begin[p]);
        b->gradients += bench_clock() - start;
    }
}

/* Alternates both, so that they see the same machine; the best round counts. */
static void bench_measure(bench *b, double seconds)
{
    double peak = 0, best = 0, share[3] = {0};
    for (int round = 0; round < ROUNDS; round++) {
        double found = bench_peak(b), start = bench_clock();
        int repeats = 0;
        b->forward = b->backward = b->gradients = 0;
        for (; repeats == 0 || bench_clock() - start < seconds / ROUNDS; repeats++) bench_run(b);
        double took = b->forward + b->backward + b->gradients, rate = repeats / took;
        if (found > peak) peak = found;
        if (rate <= best) continue;
        best = rate;
        share[0] = b->forward / took;
        share[1] = b->backward / took;
        share[2] = b->gradients / took;
    }
    double samples = (double)b->microbatch->samples, needed = b->network->flops_training * samples;
    printf("%.1f samples/s, %.1f GFLOP/s of %.1f: %.1f %% (forward %.0f %%, backward %.0f %%, gradients %.0f "
           "%%)\n",
           best * samples, needed * best * 1e-9, peak * 1e-9, 100 * needed * best / peak, 100 * share[0],
           100 * share[1], 100 * share[2]);
}

int main(int argc, char **argv)
{
    const char *layer = argc > 1 ? argv[1] : "lstm";
    int units = argc > 2 ? atoi(argv[2]) : 256, steps = argc > 3 ? atoi(argv[3]) : 64;
    int samples = argc > 4 ? atoi(argv[4]) : 16;
    double seconds = argc > 5 ? atof(argv[5]) : 5;
    bench b = {0};
    nn_status status = nn_matrix_setup();
    if (status == NN_OK) status = bench_create(&b, layer, units, steps, samples);
    if (status == NN_OK)
        bench_measure(&b, seconds);
    else
        fprintf(stderr, "bench_recurrent: %s\n", nn_error_text());
    nn_network_destroy(b.network);
    nn_microbatch_destroy(b.microbatch);
    nn_free(b.weights);
    nn_free(b.gradient);
    nn_free(b.scratch);
    nn_free(b.peak);
    return status == NN_OK ? 0 : 1;
}
