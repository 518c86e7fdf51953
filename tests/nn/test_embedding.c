/* Embeddings and positions: what the gradient tests of all layers do not cover. */
#include "build.h"

#include <math.h>

enum { SAMPLES = 5, STEPS = 7, SYMBOLS = 900, UNITS = 401 };

static run run_embedding(const char *yaml, nn_shape shape)
{
    nn_network_spec spec = make_spec(shape, SAMPLES);
    add_layer(&spec, yaml, NULL, NULL);
    return run_create(&spec, SAMPLES);
}

/* Numbers from the entire table, some of them several times. */
static run run_large(void)
{
    char text[64];
    snprintf(text, sizeof text, "embedding: {symbols: %d, units: %d}", SYMBOLS, UNITS);
    run r = run_embedding(text, (nn_shape){1, {STEPS}});
    for (int64_t i = 0; i < SAMPLES * STEPS; i++)
        r.microbatch->outputs[0][i] = (nn_real)(i % 3 == 0 ? 326 + i % 2 : i * 677 % SYMBOLS);
    r.microbatch->outputs[0][4] = SYMBOLS - 1;
    return r;
}

/* Fails when the output does not consist of the selected rows. */
static void test_rows(void **state)
{
    (void)state;
    run r = run_large();
    const nn_real *output = run_forward(&r);
    assert_int_equal(r.network->layers[1].output_shape.dimensions, 2);
    assert_int_equal(r.network->layers[1].output_shape.extents[0], STEPS);
    for (int64_t i = 0; i < SAMPLES * STEPS; i++)
        assert_memory_equal(output + i * UNITS, r.weights + (int64_t)r.microbatch->outputs[0][i] * UNITS,
                            UNITS * sizeof(nn_real));
    run_destroy(&r);
}

/* Fails when a row's gradient is not the sum over its places, or a part adds to rows of another part. */
static void test_gradient_of_parts(void **state)
{
    (void)state;
    run r = run_large();
    nn_real *expected, *sum;
    int64_t values = r.network->value_count;
    assert_true(r.network->layers[1].part_count > 2);
    expect_ok(NN_ALLOCATE(&expected, values, "a gradient"));
    expect_ok(NN_ALLOCATE(&sum, values, "a gradient"));
    for (int64_t i = 0; i < SAMPLES * STEPS; i++)
        for (int64_t unit = 0; unit < UNITS; unit++)
            expected[(int64_t)r.microbatch->outputs[0][i] * UNITS + unit] += r.coefficients[i * UNITS + unit];
    run_backward(&r);
    assert_memory_equal(r.gradient, expected, (size_t)values * sizeof *expected);
    fill_random(5, values, sum);
    for (int64_t i = 0; i < values; i++) expected[i] += sum[i];
    run_parts(&r, 1, true, sum);
    assert_memory_equal(sum, expected, (size_t)(SYMBOLS * UNITS) * sizeof *expected);
    nn_free(expected);
    nn_free(sum);
    run_destroy(&r);
}

/* Fails when an invalid number goes unnoticed, changes other rows, or reads out of bounds. */
static void test_no_such_symbol(void **state)
{
    (void)state;
    static const double numbers[] = {-1, 3, 2.5, 1e30, -1e30, NAN, INFINITY};
    run r = run_embedding("embedding: {symbols: 3, units: 4}", (nn_shape){0, {0}});
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        for (int64_t sample = 0; sample < SAMPLES; sample++) r.microbatch->outputs[0][sample] = 2;
        r.microbatch->outputs[0][1] = (nn_real)numbers[i];
        const nn_real *output = run_forward(&r);
        for (int64_t v = 0; v < SAMPLES * 4; v++) assert_int_equal(isnan(output[v]) != 0, v / 4 == 1);
        run_backward(&r);
        for (int64_t v = 0; v < 12; v++) assert_true(isfinite(r.gradient[v]));
    }
    run_destroy(&r);
}

/* Fails when two embeddings with one table do not both train it. */
static void test_shared_table(void **state)
{
    (void)state;
    nn_network_spec spec = make_spec((nn_shape){1, {1}}, SAMPLES);
    add_layer(&spec, "embedding: {symbols: 3, units: 2}", "first", NULL);
    add_layer(&spec, "dense: {units: 1}", NULL, NULL);
    add_layer(&spec, "embedding: {symbols: 3, units: 2}", "second", "input");
    spec.layers[2].share = copy_text("first");
    expect_ok(NN_ALLOCATE(&spec.outputs.items, 2, "outputs"));
    spec.outputs.items[spec.outputs.count++] = copy_text("dense1");
    spec.outputs.items[spec.outputs.count++] = copy_text("second");
    run r = run_create(&spec, SAMPLES);
    for (int64_t i = 0; i < SAMPLES; i++) r.microbatch->outputs[0][i] = (nn_real)(i % 3);
    run_forward(&r);
    for (int64_t i = 0; i < SAMPLES; i++) r.microbatch->gradients[2][i] = 1;
    for (int64_t i = 0; i < 2 * SAMPLES; i++) r.microbatch->gradients[3][i] = 10;
    for (int l = 3; l > 0; l--) {
        nn_network_backward(r.network, l, r.weights, r.microbatch, r.scratch);
        run_parts(&r, l, false, r.gradient);
    }
    const nn_real *slope = r.weights + r.network->layers[2].offset;
    for (int64_t i = 0; i < 6; i++) {
        nn_real places = i / 2 == 2 ? 1 : 2; /* samples that selected the row */
        assert_true(fabs((double)(r.gradient[i] - places * (10 + slope[i % 2]))) < 1e-5);
    }
    run_destroy(&r);
}

/* Fails when a dense layer that shares the table as its weight does not compute its derivative. */
static void test_tied_table(void **state)
{
    (void)state;
    if (!IS_DOUBLE) skip();
    nn_network_spec spec = make_spec((nn_shape){1, {STEPS}}, SAMPLES);
    add_layer(&spec, "embedding: {symbols: 6, units: 4}", "words", NULL);
    add_layer(&spec, "multi_head_attention: {heads: 2, causal: true}", NULL, NULL);
    add_layer(&spec, "dense: {units: 6, per_step: true, bias: false}", NULL, NULL);
    spec.layers[2].share = copy_text("words");
    run r = run_create(&spec, SAMPLES);
    for (int64_t i = 0; i < SAMPLES * STEPS; i++) r.microbatch->outputs[0][i] = (nn_real)(i * i % 6);
    run_backward(&r);
    for (int64_t w = 0; w < r.network->value_count; w++) {
        double gradient = (double)r.gradient[w];
        assert_true(fabs(run_difference(&r, w, 1e-5) - gradient) < 1e-7 * (1 + fabs(gradient)));
    }
    run_destroy(&r);
}

/* Fails when the waves are not those of the paper. */
static void test_waves(void **state)
{
    (void)state;
    enum { LENGTH = 50, FEATURES = 5 };
    nn_network_spec spec = make_spec((nn_shape){2, {LENGTH, FEATURES}}, SAMPLES);
    add_layer(&spec, "positional_encoding: sinusoidal", NULL, NULL);
    run r = run_create(&spec, SAMPLES);
    memset(r.microbatch->outputs[0], 0, SAMPLES * LENGTH * FEATURES * sizeof(nn_real));
    const nn_real *output = run_forward(&r);
    for (int64_t i = 0; i < SAMPLES * LENGTH * FEATURES; i++) {
        int64_t feature = i % FEATURES, t = i / FEATURES % LENGTH;
        double angle = (double)t / pow(10000, (double)(feature / 2 * 2) / FEATURES);
        double expected = feature % 2 ? cos(angle) : sin(angle);
        assert_true(fabs((double)output[i] - expected) < (IS_DOUBLE ? 1e-13 : 1e-7));
    }
    run_destroy(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),           cmocka_unit_test(test_gradient_of_parts),
        cmocka_unit_test(test_no_such_symbol), cmocka_unit_test(test_shared_table),
        cmocka_unit_test(test_tied_table),     cmocka_unit_test(test_waves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
