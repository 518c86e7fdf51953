/* Layers that share the parameters of another: one gradient, the sum of theirs. */
#include "build.h"

#include <math.h>

#define SAMPLES 5

static run run_sharing(const char *first, const char *second, int64_t samples)
{
    nn_network_spec spec = make_spec((nn_shape){1, {6}}, SAMPLES);
    add_layer(&spec, first, "owner", NULL);
    add_sharing(&spec, second, "owner");
    add_sharing(&spec, second, "owner");
    add_layer(&spec, "dense: {units: 2}", NULL, NULL);
    return run_create(&spec, samples);
}

/* Fails when shared parameters are stored twice, or their gradient is not the derivative with respect to all
 * their uses. */
static void test_gradient(void **state)
{
    (void)state;
    run r = run_sharing("dense: {units: 6, activation: tanh}", "dense: {units: 6}", SAMPLES);
    assert_int_equal(r.network->trainable_count, 6 * 6 + 6 + 6 * 2 + 2);
    run_backward(&r);
    for (int64_t w = 0; IS_DOUBLE && w < r.network->value_count; w++)
        assert_true(fabs(run_difference(&r, w, 1e-5) - (double)r.gradient[w]) <
                    1e-7 * (1 + fabs((double)r.gradient[w])));
    run_destroy(&r);
}

/* Fails when accumulating a shared gradient differs, by a bit, from adding it afterwards. */
static void test_accumulates(void **state)
{
    (void)state;
    for (int64_t samples = 1; samples <= SAMPLES; samples++) {
        run r = run_sharing("dense: {units: 6}", "dense: {units: 6, activation: relu}", samples);
        nn_real sum[64];
        int64_t values = r.network->layers[1].value_count;
        assert_in_range(values, 42, 64);
        run_backward(&r);
        fill_random(3, 42, sum);
        for (int64_t i = 36; i < 64; i++) sum[i] = 0;
        nn_real expected[64];
        for (int64_t i = 0; i < values; i++) expected[i] = sum[i] + r.gradient[i];
        run_parts(&r, 1, true, sum);
        assert_memory_equal(sum, expected, (size_t)values * sizeof *sum);
        run_destroy(&r);
    }
}

static void expect_failure(const char *first, const char *second, const char *share, const char *text)
{
    nn_network_spec spec = make_spec((nn_shape){1, {6}}, SAMPLES);
    nn_network *network;
    add_layer(&spec, first, "owner", NULL);
    add_sharing(&spec, second, share);
    assert_int_equal(nn_network_create(&spec, &network), NN_ERROR_USAGE);
    if (!strstr(nn_error_text(), text)) fail_msg("%s", nn_error_text());
}

/* Fails when invalid sharing is accepted, or the message does not say why. */
static void test_messages(void **state)
{
    (void)state;
    expect_failure("dense: {units: 5}", "dense: {units: 5}", "owner",
                   "its parameters do not have the shapes of those of owner");
    expect_failure("dense: {units: 5, bias: false}", "dense: {units: 5}", "owner",
                   "it has 2 parameter tensors, but owner, which it shares, has 1");
    expect_failure("dense: {units: 12, bias: false}", "dense: {units: 6, bias: false}", "owner",
                   "its parameters do not have the shapes of those of owner");
    expect_failure("flatten", "dense: {units: 5}", "owner", "layer owner has no parameters to share");
    expect_failure("dense: {units: 5}", "dropout: 0.1", "owner", "share: it has no parameters; remove share");
    expect_failure("dense: {units: 5}", "dense: {units: 5}", "nobody", "'nobody' is not a layer before it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradient),
        cmocka_unit_test(test_accumulates),
        cmocka_unit_test(test_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
