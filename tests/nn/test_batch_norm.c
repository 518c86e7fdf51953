/* The statistics of batch_norm, and its second input. */
#include "norm.h"

/* ---- statistics ---- */

/* Fails when a microbatch uses samples of others, or when the statistics of a batch are not the means of
 * those of its microbatches, weighted by samples. */
static void test_ghost(void **state)
{
    (void)state;
    enum { CHANNELS = 6, FIRST = 5, SECOND = 3 };
    norm first, second;
    norm_create(&first, "batch_norm", (nn_shape){1, {CHANNELS}}, FIRST, 1, false);
    norm_create(&second, "batch_norm", (nn_shape){1, {CHANNELS}}, SECOND, 1, false);
    first.call.batch_samples = second.call.batch_samples = FIRST + SECOND;
    second.call.first_sample = FIRST;
    fill_random(99, second.values, second.x);
    norm_run(&first);
    norm_run(&second);
    const nn_parameter *mean = find_parameter(&first, "running_mean");
    for (int64_t c = 0; c < CHANNELS; c++) {
        double sums[2] = {0};
        for (int64_t i = 0; i < FIRST; i++) sums[0] += (double)first.x[i * CHANNELS + c];
        for (int64_t i = 0; i < SECOND; i++) sums[1] += (double)second.x[i * CHANNELS + c];
        double found = (double)first.gradient[mean->offset + c] + (double)second.gradient[mean->offset + c];
        assert_true(fabs(found - (sums[0] + sums[1]) / (FIRST + SECOND)) < 1e-6);
        double left = 0, offset = (double)first.parameters[find_parameter(&first, "shift")->offset + c];
        for (int64_t i = 0; i < FIRST; i++) left += (double)first.y[i * CHANNELS + c] - offset;
        assert_true(fabs(left) < 1e-5);
    }
    norm_destroy(&first);
    norm_destroy(&second);
}

/* Fails when the running mean shared by two layers is not the mean of their inputs. */
static void test_shared_statistics(void **state)
{
    (void)state;
    enum { CHANNELS = 4, SAMPLES = 6 };
    nn_network_spec spec = make_spec((nn_shape){1, {CHANNELS}}, SAMPLES);
    add_layer(&spec, "batch_norm", "owner", NULL);
    add_layer(&spec, "batch_norm", "second", NULL);
    add_layer(&spec, "dense: {units: 2}", NULL, NULL);
    spec.layers[1].share = copy_text("owner");
    run r = run_create(&spec, SAMPLES);
    run_backward(&r);
    int64_t offset = r.network->layers[1].offset + r.network->layers[1].parameters[2].offset;
    for (int64_t c = 0; c < CHANNELS; c++) {
        double sum = 0;
        for (int64_t i = 0; i < SAMPLES; i++)
            sum += (double)(r.microbatch->outputs[0][i * CHANNELS + c] +
                            r.microbatch->outputs[1][i * CHANNELS + c]);
        assert_true(fabs((double)r.gradient[offset + c] - sum / SAMPLES / 2) < 1e-6);
    }
    run_destroy(&r);
}

/* Fails when values far from 0 lose their variance to rounding, or a channel without variance becomes NaN. */
static void test_accurate(void **state)
{
    (void)state;
    enum { CHANNELS = 3, SAMPLES = 500 };
    norm n;
    norm_create(&n, "batch_norm: {scale: false, shift: false}", (nn_shape){1, {CHANNELS}}, SAMPLES, 1, false);
    for (int64_t i = 0; i < SAMPLES; i++) {
        n.x[i * CHANNELS] = (nn_real)(100000 + i % 2);
        n.x[i * CHANNELS + 1] = (nn_real)1e20;
        n.x[i * CHANNELS + 2] = (nn_real)(i % 2 ? 3 : -3);
    }
    norm_run(&n);
    for (int64_t i = 0; i < SAMPLES; i++) {
        double sign = i % 2 ? 1 : -1;
        assert_true(fabs((double)n.y[i * CHANNELS] - sign) < 1e-4);
        assert_true(n.y[i * CHANNELS + 1] == 0);
        assert_true(fabs((double)n.y[i * CHANNELS + 2] - sign) < 1e-5);
        assert_true(isfinite(n.dx[i * CHANNELS + 1]));
    }
    norm_destroy(&n);
}

/* Fails when a frozen layer uses the statistics of its microbatch, or updates its own. */
static void test_frozen(void **state)
{
    (void)state;
    norm frozen, prediction;
    nn_shape shape = {2, {4, 5}};
    norm_create(&frozen, "batch_norm: {activation: relu}", shape, 6, 1, true);
    norm_create(&prediction, "batch_norm: {activation: relu}", shape, 6, 1, false);
    prediction.call.training = false;
    norm_forward(&frozen);
    norm_forward(&prediction);
    assert_memory_equal(frozen.y, prediction.y, (size_t)frozen.values * sizeof(nn_real));
    norm_pass(&frozen, NN_BACKWARD);
    norm_pass(&prediction, NN_BACKWARD);
    assert_memory_equal(frozen.dx, prediction.dx, (size_t)frozen.values * sizeof(nn_real));
    prediction.call.training = true;
    norm_forward(&prediction);
    assert_memory_not_equal(frozen.y, prediction.y, (size_t)frozen.values * sizeof(nn_real));
    norm_destroy(&frozen);
    norm_destroy(&prediction);
}

/* Fails when a microbatch without any real step changes the running statistics. */
static void test_no_steps(void **state)
{
    (void)state;
    enum { SAMPLES = 4, STEPS = 5, FEATURES = 6 };
    norm n;
    norm_create(&n, "batch_norm", (nn_shape){2, {STEPS, FEATURES}}, SAMPLES, 1, false);
    int64_t lengths[SAMPLES] = {0};
    n.call.lengths = lengths;
    norm_run(&n);
    const char *const names[] = {"running_mean", "running_variance"};
    for (int i = 0; i < 2; i++) {
        int64_t offset = find_parameter(&n, names[i])->offset;
        assert_memory_equal(n.gradient + offset, n.parameters + offset, FEATURES * sizeof(nn_real));
    }
    for (int64_t i = 0; i < n.values; i++) assert_true(n.dx[i] == 0);
    norm_destroy(&n);
}

/* ---- a second input ---- */

/* Fails when adding a second input inside the layer differs, by a bit, from adding it after the layer. */
static void test_added(void **state)
{
    (void)state;
    norm inside, outside;
    nn_shape shape = {3, {4, 5, 6}};
    norm_create(&inside, "batch_norm: {activation: relu}", shape, 7, 2, false);
    norm_create(&outside, "batch_norm", shape, 7, 1, false);
    norm_run(&inside);
    norm_forward(&outside);
    for (int64_t i = 0; i < outside.values; i++) {
        nn_real sum = outside.y[i] + inside.added[i];
        outside.y[i] = sum < 0 ? 0 : sum;
        if (sum <= 0) outside.dy[i] = 0;
    }
    assert_memory_equal(inside.y, outside.y, (size_t)inside.values * sizeof(nn_real));
    assert_memory_equal(inside.dadded, outside.dy, (size_t)inside.values * sizeof(nn_real));
    norm_pass(&outside, NN_BACKWARD);
    assert_memory_equal(inside.dx, outside.dx, (size_t)inside.values * sizeof(nn_real));
    norm_destroy(&inside);
    norm_destroy(&outside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ghost),    cmocka_unit_test(test_shared_statistics),
        cmocka_unit_test(test_accurate), cmocka_unit_test(test_frozen),
        cmocka_unit_test(test_no_steps), cmocka_unit_test(test_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
