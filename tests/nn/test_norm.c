/* Normalisations against PyTorch, and padding, which they must ignore. */
#include "norm.h"

#define FIXTURE "norm.txt"

/* ---- PyTorch ---- */

static const struct {
    const char *name;
    int64_t samples;
    nn_shape shape;
} shapes[] = {
    {"row", 5, {1, {7}}},   {"image", 3, {3, {4, 3, 5}}}, {"one", 1, {3, {3, 2, 4}}},
    {"wide", 9, {1, {24}}}, {"odd", 2, {2, {2, 67}}},
};

static void read_array(const char *prefix, const char *what, int64_t count, nn_real *values)
{
    char name[96];
    snprintf(name, sizeof name, "%s.%s", prefix, what);
    fixture_read(FIXTURE, name, count, values);
}

static void compare_array(const char *prefix, const char *what, int64_t count, const nn_real *values)
{
    nn_real *expected = make_values(count);
    char name[96];
    snprintf(name, sizeof name, "%s.%s", prefix, what);
    fixture_read(FIXTURE, name, count, expected);
    fixture_compare(name, count, values, expected, TOLERANCE);
    nn_free(expected);
}

static void read_parameter(norm *n, const char *prefix, const char *what, const char *parameter)
{
    const nn_parameter *found = find_parameter(n, parameter);
    if (found) read_array(prefix, what, found->count, n->parameters + found->offset);
}

static void compare_parameter(const norm *n, const char *prefix, const char *what, const char *parameter)
{
    const nn_parameter *found = find_parameter(n, parameter);
    assert_non_null(found);
    compare_array(prefix, what, found->count, n->gradient + found->offset);
}

static void norm_load(norm *n, const char *shape)
{
    read_array(shape, "input", n->values, n->x);
    read_array(shape, "output_gradient", n->values, n->dy);
    read_parameter(n, shape, "scale", "scale");
    read_parameter(n, shape, "shift", "shift");
    read_parameter(n, shape, "mean", "running_mean");
    read_parameter(n, shape, "variance", "running_variance");
}

static void check_fixture(size_t s, const char *yaml, const char *what, bool training)
{
    norm n;
    char prefix[64];
    snprintf(prefix, sizeof prefix, "%s.%s", shapes[s].name, what);
    norm_create(&n, yaml, shapes[s].shape, shapes[s].samples, 1, false);
    n.call.training = training;
    norm_load(&n, shapes[s].name);
    norm_run(&n);
    compare_array(prefix, "output", n.values, n.y);
    compare_array(prefix, "input_gradient", n.values, n.dx);
    compare_parameter(&n, prefix, "scale_gradient", "scale");
    compare_parameter(&n, prefix, "shift_gradient", "shift");
    norm_destroy(&n);
}

/* Fails when batch_norm is not PyTorch's, in training or in prediction. */
static void test_batch_norm(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        check_fixture(s, "batch_norm", "batch_norm.train", true);
        check_fixture(s, "batch_norm", "batch_norm.eval", false);
    }
}

/* Fails when layer_norm is not PyTorch's. */
static void test_layer_norm(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        check_fixture(s, "layer_norm", "layer_norm", true);
        check_fixture(s, "layer_norm", "layer_norm", false);
    }
}

/* Fails when group_norm is not PyTorch's. */
static void test_group_norm(void **state)
{
    (void)state;
    check_fixture(1, "group_norm: {groups: 1}", "group_norm1", true);
    check_fixture(1, "group_norm: {groups: 5}", "group_norm5", true);
    check_fixture(2, "group_norm: {groups: 2}", "group_norm2", true);
    check_fixture(2, "group_norm: {groups: 4}", "group_norm4", false);
    check_fixture(3, "group_norm: {groups: 3}", "group_norm3", true);
}

/* The running statistic after a step, if this microbatch is the batch. */
static void step_statistic(norm *n, const char *name)
{
    const nn_parameter *parameter = find_parameter(n, name);
    assert_true(parameter->statistic);
    assert_true(parameter->decay == 0.9);
    for (int64_t i = parameter->offset; i < parameter->offset + parameter->count; i++)
        n->gradient[i] = (nn_real)(0.9 * (double)n->parameters[i] + 0.1 * (double)n->gradient[i]);
}

/* Fails when a step leaves other running statistics than PyTorch. */
static void test_running_statistics(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        norm n;
        norm_create(&n, "batch_norm", shapes[s].shape, shapes[s].samples, 1, false);
        norm_load(&n, shapes[s].name);
        norm_run(&n);
        step_statistic(&n, "running_mean");
        step_statistic(&n, "running_variance");
        compare_parameter(&n, shapes[s].name, "batch_norm.running_mean", "running_mean");
        compare_parameter(&n, shapes[s].name, "batch_norm.running_variance", "running_variance");
        norm_destroy(&n);
    }
}

/* ---- sequences of different length ---- */

enum { LENGTH_SAMPLES = 4, STEPS = 3, PADDED = 5, FEATURES = 6 };

static void expect_close(const nn_real *a, const nn_real *b, int64_t count)
{
    fixture_compare("values", count, a, b, TOLERANCE);
}

/* Copies the first STEPS steps of each sample from `from`, which has from_steps, to `to`, which has
 * to_steps. */
static void copy_steps(const nn_real *from, int64_t from_steps, nn_real *to, int64_t to_steps)
{
    for (int64_t i = 0; i < LENGTH_SAMPLES; i++)
        memcpy(to + i * to_steps * FEATURES, from + i * from_steps * FEATURES, STEPS * FEATURES * sizeof *to);
}

static void check_lengths(const char *yaml)
{
    norm whole, padded;
    norm_create(&whole, yaml, (nn_shape){2, {STEPS, FEATURES}}, LENGTH_SAMPLES, 1, false);
    norm_create(&padded, yaml, (nn_shape){2, {PADDED, FEATURES}}, LENGTH_SAMPLES, 1, false);
    int64_t lengths[LENGTH_SAMPLES] = {STEPS, STEPS, STEPS, STEPS};
    padded.call.lengths = lengths;
    memset(padded.dy, 0, (size_t)padded.values * sizeof(nn_real));
    for (int64_t i = 0; i < padded.values; i++) padded.x[i] = 1000; /* so that reading it is detected */
    copy_steps(whole.x, STEPS, padded.x, PADDED);
    copy_steps(whole.dy, STEPS, padded.dy, PADDED);
    norm_run(&whole);
    norm_run(&padded);
    nn_real *kept = make_values(whole.values);
    copy_steps(padded.y, PADDED, kept, STEPS);
    expect_close(kept, whole.y, whole.values);
    copy_steps(padded.dx, PADDED, kept, STEPS);
    expect_close(kept, whole.dx, whole.values);
    expect_close(padded.gradient, whole.gradient, whole.layer->value_count);
    for (int64_t i = 0; i < padded.values; i++)
        if (i / FEATURES % PADDED >= STEPS) assert_true(padded.dx[i] == 0);
    nn_free(kept);
    norm_destroy(&whole);
    norm_destroy(&padded);
}

/* Fails when values past the end of a sequence count, or get a gradient. */
static void test_lengths(void **state)
{
    (void)state;
    check_lengths("batch_norm");
    check_lengths("batch_norm: {activation: gelu}");
    check_lengths("layer_norm");
    check_lengths("group_norm: {groups: 3}");
}

/* Fails when a layer is built that cannot work. */
static void test_refused(void **state)
{
    (void)state;
    nn_network *network;
    nn_network_spec spec = make_spec((nn_shape){1, {8}}, 1);
    add_layer(&spec, "batch_norm: {over: microbatch}", NULL, NULL);
    assert_int_not_equal(nn_network_create(&spec, &network), NN_OK);
    assert_non_null(strstr(nn_error_text(), "over: batch"));
    spec = make_spec((nn_shape){1, {8}}, 4);
    add_layer(&spec, "dense: {units: 7}", "other", NULL);
    add_layer(&spec, "batch_norm", NULL, "input other");
    assert_int_not_equal(nn_network_create(&spec, &network), NN_OK);
    assert_non_null(strstr(nn_error_text(), "same shape"));
    spec = make_spec((nn_shape){1, {8}}, 4);
    add_layer(&spec, "group_norm: {groups: 3}", NULL, NULL);
    assert_int_not_equal(nn_network_create(&spec, &network), NN_OK);
    assert_non_null(strstr(nn_error_text(), "8 channels"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batch_norm), cmocka_unit_test(test_layer_norm),
        cmocka_unit_test(test_group_norm), cmocka_unit_test(test_running_statistics),
        cmocka_unit_test(test_lengths),    cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
