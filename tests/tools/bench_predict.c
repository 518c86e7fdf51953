/*
 * The speed of prediction from C, for scripts/bench_predict.sh.
 *
 *     bench_predict MODEL latency SECONDS            microseconds per sample, one at a time
 *     bench_predict MODEL batch SAMPLES SECONDS      GFLOP/s of that many samples, and of sgemm in between,
 * and their ratio
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "host/clock.h"
#include "model/predictor.h"
#include "tensor/peak.h"

#define CALLS 2000     /* between two looks at the clock */
#define SIZED 256      /* samples of a call of the matrix library */
#define PEAK_SIZE 1024 /* of the matrices that sgemm multiplies */
#define PEAK_SECONDS 0.1

static void *bench_values(size_t count)
{
    float *values;
    if (NN_ALLOCATE(&values, count, "values") != NN_OK) exit(EXIT_FAILURE);
    for (size_t i = 0; i < count; i++) values[i] = (float)(i % 17) / 8 - 1;
    return values;
}

/* The median of the times of CALLS calls each. */
static double bench_latency(nn_predictor *predictor, const float *inputs, float *outputs, double seconds)
{
    enum { MOST = 1000 };
    double times[MOST], begin = nn_seconds();
    int count = 0;
    do {
        double start = nn_seconds();
        for (int i = 0; i < CALLS; i++)
            if (nn_predictor_run(predictor, 1, inputs, outputs) != NN_OK) exit(EXIT_FAILURE);
        double time = (nn_seconds() - start) / CALLS;
        int at = count++;
        for (; at > 0 && times[at - 1] > time; at--) times[at] = times[at - 1];
        times[at] = time;
    } while (count < MOST && nn_seconds() - begin < seconds);
    return times[count / 2];
}

/* The best of the calls within the time, as for sgemm. */
static void bench_batch(nn_predictor *predictor, size_t samples, double seconds)
{
    const nn_network *network = predictor->core->model->network;
    float *inputs = bench_values(samples * nn_predictor_input_count(predictor));
    float *outputs = bench_values(samples * nn_predictor_output_count(predictor));
    double begin = nn_seconds(), best = 0, peak = 0, flops = network->flops_forward * (double)samples;
    do {
        double start = nn_seconds();
        if (nn_predictor_run(predictor, samples, inputs, outputs) != NN_OK) exit(EXIT_FAILURE);
        double rate = flops / (nn_seconds() - start);
        if (rate > best) best = rate;
        rate = nn_peak(NN_ENGINE_BLAS, PEAK_SIZE, PEAK_SECONDS);
        if (rate > peak) peak = rate;
    } while (nn_seconds() - begin < seconds);
    printf("%.1f %.1f %.3f\n", best / 1e9, peak / 1e9, best / peak);
    nn_free(inputs);
    nn_free(outputs);
}

int main(int argc, char **argv)
{
    nn_predictor *predictor;
    bool batch = argc == 5 && strcmp(argv[2], "batch") == 0;
    if (!batch && !(argc == 4 && strcmp(argv[2], "latency") == 0)) {
        fprintf(stderr, "bench_predict MODEL latency SECONDS | MODEL batch SAMPLES SECONDS\n");
        return 2;
    }
    if (nn_predictor_open_sized(argv[1], batch ? SIZED : 0, &predictor) != NN_OK) {
        fprintf(stderr, "%s\n", nn_error_text());
        return 1;
    }
    if (batch) {
        bench_batch(predictor, (size_t)atoll(argv[3]), strtod(argv[4], NULL));
    } else {
        float *inputs = bench_values(nn_predictor_input_count(predictor));
        float *outputs = bench_values(nn_predictor_output_count(predictor));
        printf("%.3f\n", 1e6 * bench_latency(predictor, inputs, outputs, strtod(argv[3], NULL)));
        nn_free(inputs);
        nn_free(outputs);
    }
    nn_predictor_close(predictor);
    return 0;
}
