/* Every layer of the list, by its example: documentation, gradients, exact sums, memory shared only where
 * nothing is lost. */
#include "examples.h"

#include <math.h>

/* Fails when a layer or one of its options is undocumented, or its example is for another layer. */
static void test_documented(void **state)
{
    (void)state;
    for (const nn_layer_type *const *entry = nn_layer_types(NN_SCALAR_REAL); *entry; entry++) {
        const nn_layer_type *type = *entry;
        assert_ptr_equal(nn_layer_find(NN_SCALAR_REAL, type->name), type);
        assert_true(type->summary && type->summary[0]);
        assert_true(strncmp(type->example, type->name, strlen(type->name)) == 0);
        assert_non_null(type->options);
        assert_int_equal(type->options[0].name != NULL, type->options_size > 0);
        for (const nn_option *option = type->options; option->name; option++) {
            assert_true(option->help && option->help[0]);
            assert_true(option->offset < type->options_size);
        }
    }
    assert_null(nn_layer_find(NN_SCALAR_REAL, "no such layer"));
}

static void compare_with_differences(run *r, const char *yaml)
{
    run_backward(r);
    for (int64_t w = 0; w < r->network->value_count; w++) {
        if (is_statistic(r, w)) continue;
        double difference = run_difference(r, w, 1e-5), gradient = (double)r->gradient[w];
        if (fabs(difference - gradient) > 1e-7 * (1 + fabs(gradient)))
            fail_msg("%s: value %lld of the gradient is %.12g, by differences %.12g", yaml, (long long)w,
                     gradient, difference);
    }
}

static void check_gradient(const char *yaml)
{
    run above = run_tested(yaml);
    compare_with_differences(&above, yaml);
    run_destroy(&above);
    run lowest = run_on_input(yaml);
    compare_with_differences(&lowest, yaml);
    run_destroy(&lowest);
}

/* Fails when the gradient of a parameter or of an input is not the derivative. */
static void test_gradients(void **state)
{
    (void)state;
    if (!IS_DOUBLE) skip();
    for_all_layers(check_gradient);
}

/* Adds every part to `sum`, a copy of `old`, and compares with old + fresh, rounded once. */
static void compare_sum(run *r, int l, const nn_real *old, nn_real *sum)
{
    int64_t values = r->network->value_count;
    memcpy(sum, old, (size_t)values * sizeof *sum);
    run_parts(r, l, true, sum);
    for (int64_t i = 0; i < values; i++) {
        int64_t in_layer = i - r->network->layers[l].offset;
        bool written = in_layer >= 0 && in_layer < r->network->layers[l].value_count;
        nn_real expected = written ? old[i] + r->gradient[i] : old[i];
        if (memcmp(&sum[i], &expected, sizeof expected) != 0)
            fail_msg("layer %s, value %lld: %.17g instead of %.17g", r->network->layers[l].name, (long long)i,
                     (double)sum[i], (double)expected);
    }
}

static void check_sums_of(run *r)
{
    nn_real *old, *sum;
    int64_t values = r->network->value_count;
    expect_ok(NN_ALLOCATE(&old, values, "a sum"));
    expect_ok(NN_ALLOCATE(&sum, values, "a sum"));
    fill_random(9, values, old);
    for (int l = 1; l < r->network->layer_count; l++) {
        const nn_layer *layer = &r->network->layers[l];
        for (int p = 0; p < layer->parameter_count; p++) {
            int64_t end = layer->parameters[p].offset + layer->parameters[p].count;
            for (; end % NN_PARAMETER_ALIGNMENT; end++) old[layer->offset + end] = 0;
        }
    }
    int last = r->network->layer_count - 1;
    int64_t outputs = r->microbatch->samples * run_outputs(r);
    run_forward(r);
    memcpy(r->microbatch->gradients[last], r->coefficients, (size_t)outputs * sizeof(nn_real));
    for (int l = last; l > 0; l--) {
        nn_network_backward(r->network, l, r->weights, r->microbatch, r->scratch);
        run_parts(r, l, false, r->gradient);
        compare_sum(r, l, old, sum);
    }
    nn_free(old);
    nn_free(sum);
}

static void check_sums(const char *yaml)
{
    static const int64_t counts[] = {SAMPLES, SAMPLES - 1, 1};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        run r = run_tested(yaml);
        r.microbatch->samples = counts[i];
        check_sums_of(&r);
        run_destroy(&r);
    }
}

/* Fails when accumulating a gradient differs, by a bit, from adding it afterwards; or when a part writes
 * beyond its range. */
static void test_accumulates_exactly(void **state)
{
    (void)state;
    for_all_layers(check_sums);
}

static void check_sums_of_parts(const char *yaml, nn_shape shape)
{
    static const int64_t counts[] = {32, 31, 17, 1};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        nn_network_spec spec = make_spec(shape, 32);
        add_layer(&spec, yaml, NULL, NULL);
        add_layer(&spec, "dense: {units: 10}", NULL, NULL);
        run r = run_create(&spec, counts[i]);
        assert_true(r.network->layers[1].part_count > 3);
        check_sums_of(&r);
        run_destroy(&r);
    }
}

/* The same for a layer with several parts, with full and smaller microbatches. */
static void test_parts_accumulate_exactly(void **state)
{
    (void)state;
    check_sums_of_parts("dense: {units: 411, activation: relu}", (nn_shape){2, {70, 10}});
    check_sums_of_parts("lstm: {units: 190}", (nn_shape){2, {3, 10}});
    check_sums_of_parts("gru: {units: 220}", (nn_shape){2, {20, 10}});
}

static void check_gaps(const char *yaml)
{
    run r = run_tested(yaml);
    for (int64_t i = 0; i < r.network->value_count; i++) r.gradient[i] = 5;
    run_backward(&r);
    for (int l = 1; l < r.network->layer_count; l++) {
        const nn_layer *layer = &r.network->layers[l];
        for (int p = 0; p < layer->parameter_count; p++) {
            int64_t end = layer->parameters[p].offset + layer->parameters[p].count;
            for (; end % NN_PARAMETER_ALIGNMENT; end++) assert_true(r.gradient[layer->offset + end] == 0);
        }
    }
    run_destroy(&r);
}

/* Fails when the padding after a tensor keeps old values of the buffer: norms would depend on them. */
static void test_gaps_are_zero(void **state)
{
    (void)state;
    for_all_layers(check_gaps);
}

/* Fails when a layer's type, or its parts, break the rules that callers rely on. */
static void check_build(const char *yaml)
{
    run r = run_on_input(yaml);
    const nn_layer *layer = &r.network->layers[1];
    assert_int_equal(layer->part_count > 0, layer->value_count > 0);
    assert_int_equal(layer->type->gradient != NULL || layer->value_count == 0, 1);
    if (layer->part_count > 0) assert_int_equal(layer->part_begin[layer->part_count], layer->value_count);
    for (int p = 0; p < layer->parameter_count; p++)
        assert_int_equal(layer->parameters[p].offset % NN_PARAMETER_ALIGNMENT, 0);
    assert_false(layer->needs_input_gradient);
    assert_string_equal(layer->name, "tested");
    assert_null(r.microbatch->gradients[0]);
    run_destroy(&r);
}

static void test_builds(void **state)
{
    (void)state;
    for_all_layers(check_build);
}

/* ---- shared memory ---- */

/* The chain contains only layers that are interchangeable. */
static bool fits_chain(const char *yaml)
{
    const nn_layer_type *type = type_of(yaml);
    if (strstr(yaml, "per_step")) return false;
    return type->example_shape.dimensions == 0 && type->example_inputs <= 1 && type->example_indices == 0;
}

static run run_chain(const char *yaml)
{
    nn_network_spec spec = make_spec((nn_shape){1, {8}}, SAMPLES);
    add_layer(&spec, "dense: {units: 8}", NULL, NULL);
    add_layer(&spec, yaml, NULL, NULL);
    add_layer(&spec, "flatten", NULL, NULL);
    add_layer(&spec, "activation: tanh", NULL, NULL);
    add_layer(&spec, yaml, NULL, NULL);
    add_layer(&spec, "dropout: 0.3", NULL, NULL);
    add_layer(&spec, "flatten", NULL, NULL);
    add_layer(&spec, "dense: {units: 2}", NULL, NULL);
    return run_create(&spec, SAMPLES);
}

static void check_shared(const char *yaml)
{
    if (!fits_chain(yaml)) return;
    run shared = run_chain(yaml), apart = run_chain(yaml);
    run_release_values(&apart);
    for (int l = 0; l < apart.network->layer_count; l++) apart.network->layers[l].in_place = false;
    run_allocate(&apart, SAMPLES, SAMPLES);
    assert_true(nn_microbatch_memory(shared.network, SAMPLES, true) <
                nn_microbatch_memory(apart.network, SAMPLES, true));
    run_backward(&shared);
    run_backward(&apart);
    int last = shared.network->layer_count - 1;
    assert_memory_equal(shared.microbatch->outputs[last], apart.microbatch->outputs[last],
                        (size_t)(SAMPLES * run_outputs(&shared)) * sizeof(nn_real));
    assert_memory_equal(shared.gradient, apart.gradient,
                        (size_t)shared.network->value_count * sizeof(nn_real));
    run_destroy(&shared);
    run_destroy(&apart);
}

/* Fails when an in_place layer overwrites values that are still read. */
static void test_in_place(void **state)
{
    (void)state;
    for_all_layers(check_shared);
}

/* ---- dropout ---- */

#define DROPOUT_VALUES 7
#define DROPOUT_SAMPLES 500

static run run_dropout(double rate)
{
    nn_network_spec spec = make_spec((nn_shape){1, {DROPOUT_VALUES}}, DROPOUT_SAMPLES);
    char text[64];
    snprintf(text, sizeof text, "dropout: %g", rate);
    add_layer(&spec, text, NULL, NULL);
    run r = run_create(&spec, DROPOUT_SAMPLES);
    for (int64_t i = 0; i < DROPOUT_VALUES * DROPOUT_SAMPLES; i++) r.microbatch->outputs[0][i] = 1;
    return r;
}

/* Fails when the dropped values depend on how a batch is split into microbatches. */
static void test_dropout_any_split(void **state)
{
    (void)state;
    run whole = run_dropout(0.4), piece = run_dropout(0.4);
    whole.microbatch->first_sample = 3;
    const nn_real *expected = run_forward(&whole);
    for (int64_t size = 1; size < 40; size += 6)
        for (int64_t begin = 0; begin + size <= DROPOUT_SAMPLES; begin += 13) {
            piece.microbatch->first_sample = 3 + begin;
            piece.microbatch->samples = size;
            assert_memory_equal(run_forward(&piece), expected + begin * DROPOUT_VALUES,
                                (size_t)(size * DROPOUT_VALUES) * sizeof(nn_real));
        }
    run_destroy(&whole);
    run_destroy(&piece);
}

/* Fails when dropout keeps another fraction than documented, changes the mean, repeats itself from step to
 * step, or acts in prediction. */
static void test_dropout_values(void **state)
{
    (void)state;
    run r = run_dropout(0.25);
    const nn_real kept = (nn_real)(1 / 0.75);
    nn_real first[DROPOUT_VALUES * DROPOUT_SAMPLES];
    int dropped = 0;
    memcpy(first, run_forward(&r), sizeof first);
    for (int64_t i = 0; i < DROPOUT_VALUES * DROPOUT_SAMPLES; i++) {
        if (first[i] == 0) dropped++;
        assert_true(first[i] == 0 || first[i] == kept);
    }
    double part = (double)dropped / (DROPOUT_VALUES * DROPOUT_SAMPLES);
    assert_true(fabs(part - 0.25) < 0.03);
    r.microbatch->step++;
    assert_memory_not_equal(run_forward(&r), first, sizeof first);
    r.microbatch->training = false;
    assert_memory_equal(run_forward(&r), r.microbatch->outputs[0], sizeof first);
    run_destroy(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documented),
        cmocka_unit_test(test_builds),
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_accumulates_exactly),
        cmocka_unit_test(test_parts_accumulate_exactly),
        cmocka_unit_test(test_gaps_are_zero),
        cmocka_unit_test(test_in_place),
        cmocka_unit_test(test_dropout_any_split),
        cmocka_unit_test(test_dropout_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
