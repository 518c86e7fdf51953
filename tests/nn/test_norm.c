/* Normalisations: what PyTorch computes, what a microbatch's statistics are, and what takes no part in them.
 */
#include "build.h"

#include <math.h>

#include "../fixtures/fixture.h"

#define FIXTURE "norm.txt"
#define TOLERANCE (IS_DOUBLE ? 1e-12 : 1e-5) /* of the largest value of an array */

/* ---- one layer, called by hand ---- */

typedef struct norm {
    nn_network *network;
    const nn_layer *layer;
    nn_layer_call call;
    const nn_real *inputs[2];
    nn_real *input_gradients[2];
    nn_real *x, *added, *y, *dy, *dx, *dadded, *saved, *scratch, *parameters, *gradient;
    int64_t values; /* of the microbatch */
} norm;

static nn_real *make_values(int64_t count)
{
    nn_real *values;
    expect_ok(NN_ALLOCATE(&values, count + 1, "values"));
    return values;
}

static void norm_allocate(norm *n, int64_t samples)
{
    const nn_layer *layer = n->layer;
    nn_real **arrays[] = {&n->x, &n->added, &n->y, &n->dy, &n->dx, &n->dadded};
    n->values = samples * nn_shape_count(layer->output_shape);
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) *arrays[i] = make_values(n->values);
    n->saved = make_values(samples * layer->saved_per_sample + layer->saved_fixed);
    n->scratch = make_values(n->network->scratch_values);
    n->parameters = make_values(layer->value_count);
    n->gradient = make_values(layer->value_count);
    fill_random(1, n->values, n->x);
    fill_random(2, n->values, n->added);
    fill_random(3, n->values, n->dy);
    for (int p = 0; p < layer->parameter_count; p++) {
        nn_real *values = n->parameters + layer->parameters[p].offset;
        fill_random((uint32_t)(10 + p), layer->parameters[p].count, values);
        for (int64_t i = 0; i < layer->parameters[p].count; i++) values[i] += (nn_real)1.5;
    }
}

/* `inputs` 1 or 2; the values are random. */
static void norm_create(norm *n, const char *yaml, nn_shape shape, int64_t samples, int inputs, bool frozen)
{
    *n = (norm){0};
    nn_network_spec spec = make_spec(shape, samples);
    add_layer(&spec, yaml, "tested", inputs > 1 ? "input input" : "input");
    spec.layers[0].freeze = frozen;
    expect_ok(nn_network_create(&spec, &n->network));
    n->layer = &n->network->layers[1];
    norm_allocate(n, samples);
    n->inputs[0] = n->x;
    n->inputs[1] = n->added;
    n->input_gradients[0] = n->dx;
    n->input_gradients[1] = n->dadded;
    n->call = (nn_layer_call){.samples = samples,
                              .training = true,
                              .parameters = n->parameters,
                              .inputs = n->inputs,
                              .output = n->y,
                              .output_gradient = n->dy,
                              .input_gradients = n->input_gradients,
                              .saved = n->saved,
                              .scratch = n->scratch,
                              .batch_samples = samples};
}

static void norm_destroy(norm *n)
{
    nn_real *arrays[] = {n->x,      n->added, n->y,       n->dy,         n->dx,
                         n->dadded, n->saved, n->scratch, n->parameters, n->gradient};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) nn_free(arrays[i]);
    nn_network_destroy(n->network);
}

static void norm_forward(norm *n)
{
    n->layer->type->forward(n->layer, &n->call);
}

static void norm_run(norm *n)
{
    norm_forward(n);
    n->layer->type->backward(n->layer, &n->call);
    for (int part = 0; part < n->layer->part_count; part++)
        n->layer->type->gradient(n->layer, &n->call, part, false, n->gradient + n->layer->part_begin[part]);
}

/* Where the values of a tensor stand in the parameters, or NULL. */
static const nn_parameter *find_parameter(const norm *n, const char *name)
{
    for (int p = 0; p < n->layer->parameter_count; p++)
        if (strcmp(n->layer->parameters[p].name, name) == 0) return &n->layer->parameters[p];
    return NULL;
}

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

/* What a step makes of a running statistic when this microbatch is the batch. */
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

/* ---- statistics of batch_norm ---- */

static void expect_close(const nn_real *a, const nn_real *b, int64_t count)
{
    fixture_compare("values", count, a, b, TOLERANCE);
}

/* Fails when a microbatch sees more than its own samples, or when the statistics of a batch are not the means
 * of those of its microbatches by samples. */
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

/* Fails when the running mean of two layers that share it is not the mean of what they see. */
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

/* Fails when a frozen layer uses, or follows, the statistics of its microbatch. */
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
    frozen.layer->type->backward(frozen.layer, &frozen.call);
    prediction.layer->type->backward(prediction.layer, &prediction.call);
    assert_memory_equal(frozen.dx, prediction.dx, (size_t)frozen.values * sizeof(nn_real));
    prediction.call.training = true;
    norm_forward(&prediction);
    assert_memory_not_equal(frozen.y, prediction.y, (size_t)frozen.values * sizeof(nn_real));
    norm_destroy(&frozen);
    norm_destroy(&prediction);
}

/* ---- sequences of different length ---- */

enum { LENGTH_SAMPLES = 4, STEPS = 3, PADDED = 5, FEATURES = 6 };

/* Copies the first STEPS steps of each sample from `from`, of `from_steps`, to `to`, of `to_steps`. */
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
    for (int64_t i = 0; i < padded.values; i++) padded.x[i] = 1000; /* so that it would be seen */
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

/* Fails when what stands behind the end of a sequence counts, or gets a gradient. */
static void test_lengths(void **state)
{
    (void)state;
    check_lengths("batch_norm");
    check_lengths("batch_norm: {activation: gelu}");
    check_lengths("layer_norm");
    check_lengths("group_norm: {groups: 3}");
}

/* Fails when a microbatch without one real step does anything to the running statistics. */
static void test_no_steps(void **state)
{
    (void)state;
    norm n;
    norm_create(&n, "batch_norm", (nn_shape){2, {PADDED, FEATURES}}, LENGTH_SAMPLES, 1, false);
    int64_t lengths[LENGTH_SAMPLES] = {0};
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

/* Fails when adding a second input inside of the layer is not, bit for bit, adding it behind the layer. */
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
    outside.layer->type->backward(outside.layer, &outside.call);
    assert_memory_equal(inside.dx, outside.dx, (size_t)inside.values * sizeof(nn_real));
    norm_destroy(&inside);
    norm_destroy(&outside);
}

/* Fails when a layer is built that cannot work. */
static void test_refused(void **state)
{
    (void)state;
    nn_network *network;
    nn_network_spec spec = make_spec((nn_shape){1, {8}}, 1);
    add_layer(&spec, "batch_norm", NULL, NULL);
    assert_int_not_equal(nn_network_create(&spec, &network), NN_OK);
    assert_non_null(strstr(nn_error_text(), "microbatch"));
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
        cmocka_unit_test(test_ghost),      cmocka_unit_test(test_shared_statistics),
        cmocka_unit_test(test_accurate),   cmocka_unit_test(test_frozen),
        cmocka_unit_test(test_lengths),    cmocka_unit_test(test_no_steps),
        cmocka_unit_test(test_added),      cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
