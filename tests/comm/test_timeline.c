/* The forecast of communication agrees with what was simulated, message by
 * message, on up to 4,096 ranks: the lines of tests/fixtures/scale.json, which
 * scripts/scale.sh has written. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../tools/scale_network.h"
#include "step/stops.h"

/* The described nodes and the usual way between them (scripts/scale.sh). */
#define FLOPS 2e12
#define MEMORY 400e9
#define LATENCY 1e-6
/* What communication adds to a step may differ by this much of it, or of the
 * step where it is next to nothing. */
#define TOLERANCE 0.25
#define LITTLE 0.004

typedef struct simulated_run {
    char network[64], scaling[16], mode[16];
    double link, step, compute;
    int ranks, samples, microbatch;
} simulated_run;

static bool read_run(FILE *file, simulated_run *run)
{
    char line[512];
    return fgets(line, sizeof line, file) &&
           sscanf(line,
                  "{\"network\": \"%63[^\"]\", \"scaling\": \"%15[^\"]\", "
                  "\"link\": %lf, \"mode\": "
                  "\"%15[^\"]\", "
                  "\"samples\": %d, \"microbatch\": %d, \"ranks\": %d, "
                  "\"parameters\": %*d, \"buckets\": %*d, "
                  "\"step\": %lf, \"compute\": %lf}",
                  run->network, run->scaling, &run->link, run->mode, &run->samples, &run->microbatch,
                  &run->ranks, &run->step, &run->compute) == 9;
}

static nn_timeline forecast(const simulated_run *run)
{
    static scale_network network;
    nn_stops stops;
    char path[512];
    int alone[4096];
    int64_t leaves = (int64_t)run->ranks * run->samples / run->microbatch;
    nn_timeline timeline;
    network = (scale_network){0};
    snprintf(path, sizeof path, "%s/fixtures/scale_%s.txt", NN_TEST_SOURCE_DIR, run->network);
    assert_int_equal(scale_read(path, NULL, &network), NN_OK);
    for (int rank = 0; rank < run->ranks; rank++) alone[rank] = rank;
    assert_int_equal(nn_stops_make(&network.network, &network.buckets, run->samples / FLOPS,
                                   run->microbatch < NN_LAYER_SAMPLES_ENOUGH, &stops),
                     NN_OK);
    nn_reduction_layout layout = nn_buckets_layout(&network.network, &network.buckets, &leaves, 1);
    nn_timeline_call call = {.ranks = {.size = run->ranks, .leaders = alone, .domains = alone},
                             .layout = &layout,
                             .node = {run->link, LATENCY, MEMORY},
                             .forward = stops.forward,
                             .backward = stops.backward,
                             .forward_count = stops.forward_count,
                             .backward_count = stops.backward_count};
    assert_int_equal(nn_timeline_forecast(&call, &timeline), NN_OK);
    nn_stops_release(&stops);
    scale_release(&network);
    return timeline;
}

static void test_simulated(void **state)
{
    simulated_run run;
    int runs = 0, wrong = 0, most = 0;
    (void)state;
    FILE *file = fopen(NN_TEST_SOURCE_DIR "/fixtures/scale.json", "r");
    assert_non_null(file);
    while (read_run(file, &run)) {
        if (strcmp(run.mode, "exact") != 0 || run.ranks < 2) continue;
        nn_timeline of = forecast(&run);
        double simulated = run.step - run.compute, found = of.step - run.compute;
        bool agrees = fabs(found - simulated) <= fmax(TOLERANCE * simulated, LITTLE * run.step);
        print_message("%s%s, %s, %g bytes/s, %d ranks: communication adds %.2f ms, "
                      "simulated %.2f, to %.2f ms\n",
                      agrees ? "" : "wrong: ", run.network, run.scaling, run.link, run.ranks, 1e3 * found,
                      1e3 * simulated, 1e3 * run.compute);
        runs++;
        wrong += !agrees;
        if (run.ranks > most) most = run.ranks;
    }
    assert_true(feof(file));
    fclose(file);
    assert_true(runs >= 40 && most >= 4096);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_simulated)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
