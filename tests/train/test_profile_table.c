/* The table of --profile and its numbers in the metrics. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "train/profiling.h"

/* The input, and two layers; of the second, the weights are frozen. */
#define LAYERS 3

static nn_layer layers[LAYERS] = {
    {.name = "x"},
    {.name = "wide", .flops_forward = 1e6, .flops_gradient = 1e6, .flops_input_gradient = 1e6},
    {.name = "head",
     .flops_forward = 2e6,
     .flops_gradient = 2e6,
     .flops_input_gradient = 2e6,
     .needs_input_gradient = true,
     .frozen = true},
};
static const nn_network network = {.layer_count = LAYERS, .layers = layers, .flops_training = 6e6};

/* 10 steps of 100 samples in 4 s on 2 threads: 8 s of both together. */
static nn_profiling_sums sums_of(double *seconds)
{
    memset(seconds, 0, (size_t)nn_profile_places(LAYERS) * sizeof *seconds);
    seconds[nn_profile_place(LAYERS, NN_PROFILE_FORWARD, 1)] = 1;
    seconds[nn_profile_place(LAYERS, NN_PROFILE_GRADIENT, 1)] = 1;
    seconds[nn_profile_place(LAYERS, NN_PROFILE_FORWARD, 2)] = 0.5;
    seconds[nn_profile_place(LAYERS, NN_PROFILE_BACKWARD, 2)] = 1.5;
    seconds[nn_profile_place(LAYERS, NN_PROFILE_UPDATE, 0)] = 2;
    seconds[nn_profile_place(LAYERS, NN_PROFILE_STEP, 0)] = 8;
    return (nn_profiling_sums){seconds, 10, 1000};
}

static void expect_line(const nn_text *table, const char *line)
{
    if (!strstr(table->bytes, line)) fail_msg("no line '%s' in\n%s", line, table->bytes);
}

/* Fails when a number is of another unit, layer or pass, a layer's rate counts work that it does not do, or
 * the lines do not add up to the step: 400 ms. */
static void test_table(void **state)
{
    double seconds[64];
    nn_profiling_sums sums = sums_of(seconds);
    nn_text table = {0};
    (void)state;
    nn_profiling_table(&network, &sums, 2, 4e9, &table);
    expect_line(&table, "profile of 10 steps, in milliseconds per step, averaged over 2 threads\n");
    expect_line(&table, " forward  backward  gradient     total   of step  GFLOP/s  of peak\n");
    expect_line(&table, "    50.000         -    50.000   100.000    25.0 %      1.0     50 %\n");
    expect_line(&table, "    25.000    75.000         -   100.000    25.0 %      2.0    100 %\n");
    expect_line(&table, "  update ");
    expect_line(&table, "   100.000    25.0 %\n  idle threads ");
    expect_line(&table, "   100.000    25.0 %\n  step ");
    expect_line(&table, "   400.000   100.0 %      0.8     38 %\n");
    expect_line(&table, "2.0\n");
    assert_null(strstr(table.bytes, "agreement"));
    nn_text_free(&table);
}

/* Fails when shares of a peak that was not measured are shown. */
static void test_no_peak(void **state)
{
    double seconds[64];
    nn_profiling_sums sums = sums_of(seconds);
    nn_text table = {0};
    (void)state;
    nn_profiling_table(&network, &sums, 2, 0, &table);
    assert_null(strstr(table.bytes, "peak"));
    expect_line(&table, "   100.000    25.0 %      2.0\n");
    nn_text_free(&table);
}

/* Fails when a program that cuts the times out of a line of the metrics would cut elsewhere: at nested
 * braces. */
static void test_json(void **state)
{
    double seconds[64];
    nn_profiling_sums sums = sums_of(seconds);
    nn_text json = {0};
    (void)state;
    nn_profiling_json(&network, &sums, 2, 4e9, &json);
    expect_line(&json, ",\"profile_layers\":[\"wide\",\"head\"],\"profile_forward_ms\":[50.0000,25.0000]");
    expect_line(&json, ",\"profile_backward_ms\":[0.0000,75.0000],\"profile_gradient_ms\":[50.0000,0.0000]");
    expect_line(&json, ",\"profile_gflops\":[1.000,2.000],\"profile_of_peak\":[0.5000,1.0000]");
    expect_line(&json, ",\"profile_data_wait_ms\":0.0000");
    expect_line(&json, ",\"profile_step_ms\":400.0000,\"profile_idle_threads_ms\":100.0000");
    assert_null(strpbrk(json.bytes, "{}"));
    nn_text_free(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_no_peak),
        cmocka_unit_test(test_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
