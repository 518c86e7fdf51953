/* Every layer, composite, loss and metric of the lists: a model with it is written to an image, restored from
 * the image alone, and takes a training step. */
#include "model/model_values.h"
#include "trial.h"

#include <math.h>

static void compare_values(const char *yaml, const char *what, int64_t count, const nn_real *written,
                           const nn_real *read)
{
    if (memcmp(written, read, (size_t)count * sizeof *read) != 0)
        fail_msg("other %s after reading:\n%s", what, yaml);
}

static void compare_models(const nn_model *written, const nn_model *read)
{
    assert_int_equal(read->network->layer_count, written->network->layer_count);
    for (int l = 0; l < written->network->layer_count; l++) {
        assert_string_equal(read->network->layers[l].name, written->network->layers[l].name);
        assert_ptr_equal(read->network->layers[l].type, written->network->layers[l].type);
    }
    assert_int_equal(read->network->value_count, written->network->value_count);
    assert_ptr_equal(read->heads[0].loss, written->heads[0].loss);
    assert_true(read->heads[0].target.classes == written->heads[0].target.classes);
    assert_int_equal(read->metric_count, written->metric_count);
    for (int m = 0; m < written->metric_count; m++) {
        assert_ptr_equal(read->metrics[m].type, written->metrics[m].type);
        assert_string_equal(read->metrics[m].name, written->metrics[m].name);
    }
}

static void compare_steps(const char *yaml, trial *written, trial *read)
{
    trial_step(written);
    trial_step(read);
    assert_true(!isnan(written->loss) && written->loss == read->loss);
    assert_memory_equal(written->state, read->state, sizeof read->state);
    compare_values(yaml, "gradient", written->model->network->value_count, written->gradient, read->gradient);
    double sum = 0;
    for (int64_t i = 0; i < written->model->network->value_count; i++)
        sum += (double)written->gradient[i] * (double)written->gradient[i];
    if (!(sum > 0 && sum < 1e20)) fail_msg("a gradient of norm %g:\n%s", sum, yaml);
}

/* The predictions of a trial in the target's own units, owned by the caller. */
static double *predict(trial *t)
{
    double *values;
    static const bool bad[SAMPLES];
    int64_t count = nn_model_output_count(t->model);
    expect_ok(NN_ALLOCATE(&values, SAMPLES * count, "predictions"));
    nn_model_array outputs = {.doubles = true, .values = values, .stride = count};
    trial_forward(t, false);
    nn_model_store(t->model, &(nn_model_call){.outputs = &outputs}, 0, t->microbatch, bad);
    return values;
}

static void compare_predictions(const char *yaml, trial *written, trial *read)
{
    double *expected = predict(written), *found = predict(read);
    size_t count = (size_t)(SAMPLES * nn_model_output_count(written->model));
    if (memcmp(expected, found, count * sizeof *found) != 0) fail_msg("other predictions:\n%s", yaml);
    nn_free(expected);
    nn_free(found);
}

/* False: the network, loss or metric does not fit the problem. */
static bool check_saved(const char *yaml, nn_shape shape, const problem *of, int64_t indices)
{
    trial written;
    nn_text config = {0};
    void *bytes;
    size_t size;
    bool fits = trial_build(yaml, shape, of, &config, &written) == NN_OK;
    if (fits) {
        trial_allocate(&written, indices);
        trial_fill_weights(&written);
        image_write(&written, &config, &bytes, &size);
        trial read = image_read(bytes, size, indices);
        compare_models(written.model, read.model);
        compare_values(yaml, "weights", written.model->network->value_count, written.weights, read.weights);
        compare_predictions(yaml, &written, &read);
        compare_steps(yaml, &written, &read);
        trial_destroy(&read);
        trial_destroy(&written);
        nn_free(bytes);
    }
    nn_text_free(&config);
    return fits;
}

/* ---- the lists ---- */

static void write_network(const char *entry, const problem *of, const char *loss, const char *metrics,
                          size_t size, char *yaml)
{
    snprintf(yaml, size,
             "network:\n  - %s\n  - flatten\n  - dense: {units: %s}\nloss:\n  %s\nmetrics: [%s]\n"
             "training: {epochs: 3}\n",
             entry, of->units, loss, metrics);
}

/* Fails when a layer (its example) differs after it is restored from a checkpoint: an option, a parameter or
 * a shape is lost, and with it the output or a training step. */
static void test_layers(void **state)
{
    (void)state;
    for (const nn_layer_type *const *entry = nn_layer_types(NN_SCALAR_REAL); *entry; entry++) {
        const nn_layer_type *type = *entry;
        char yaml[512], example[256];
        if (!type->forward) continue;
        snprintf(example, sizeof example, "%s", type->example);
        if (type->example_inputs > 0) snprintf(example, sizeof example, "%s: {inputs: [input", type->example);
        for (int i = 1; i < type->example_inputs; i++) strcat(example, ", input");
        if (type->example_inputs > 0) strcat(example, "]}");
        nn_shape shape = type->example_shape.dimensions > 0 ? type->example_shape : (nn_shape){2, {2, 4}};
        write_network(example, &problems[0], problems[0].loss, "accuracy", sizeof yaml, yaml);
        if (!check_saved(yaml, shape, &problems[0], type->example_indices)) fail_msg("%s", nn_error_text());
    }
}

/* Fails when a composite (its example) cannot be built or trained, or is restored from a checkpoint as other
 * layers. */
static void test_composites(void **state)
{
    (void)state;
    static const nn_shape shapes[] = {{2, {3, 4}}, {3, {4, 4, 16}}};
    for (const nn_composite_type *const *type = nn_composite_types(); *type; type++) {
        char yaml[512];
        write_network((*type)->example, &problems[0], problems[0].loss, "accuracy", sizeof yaml, yaml);
        if (!check_saved(yaml, shapes[0], &problems[0], 0) && !check_saved(yaml, shapes[1], &problems[0], 0))
            fail_msg("%s", nn_error_text());
    }
}

static void check_loss(const char *loss)
{
    size_t fits = 0;
    for (size_t p = 0; p < PROBLEMS; p++) {
        char yaml[512];
        write_network("flatten", &problems[p], loss, "", sizeof yaml, yaml);
        fits += check_saved(yaml, (nn_shape){2, {2, 4}}, &problems[p], 0);
    }
    if (fits == 0) fail_msg("%s fits no problem: %s", loss, nn_error_text());
}

/* Fails when a loss, its options, its weight or the weights of its classes are lost in a checkpoint. */
static void test_losses(void **state)
{
    (void)state;
    static const char *const variants[] = {
        "cross_entropy: {label_smoothing: 0.2, weight: 3}",
        "cross_entropy: {class_weights: [1, 2, 0.5]}",
        "cross_entropy: {class_weights: balanced}",
        "binary_cross_entropy: {class_weights: [1, 4]}",
        "huber: {delta: 0.1}",
        "quantile: {q: 0.2, weight: 0.3}",
    };
    for (const nn_loss_type *const *type = nn_loss_types(NN_SCALAR_REAL); *type; type++)
        check_loss((*type)->example);
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) check_loss(variants[i]);
}

/* Fails when a metric or its options are lost in a checkpoint. */
static void test_metrics(void **state)
{
    (void)state;
    for (const nn_metric_type *const *type = nn_metric_types(NN_SCALAR_REAL); *type; type++) {
        size_t fits = 0;
        for (size_t p = 0; p < PROBLEMS; p++) {
            char yaml[512];
            write_network("flatten", &problems[p], problems[p].loss, (*type)->example, sizeof yaml, yaml);
            fits += check_saved(yaml, (nn_shape){2, {2, 4}}, &problems[p], 0);
        }
        if (fits == 0) fail_msg("%s fits no problem: %s", (*type)->name, nn_error_text());
    }
}

static void compare_inputs(const nn_model *written, const nn_model *read)
{
    size_t bytes = (size_t)written->input_scaling.columns * sizeof(double);
    assert_int_equal(read->has_lengths, written->has_lengths);
    assert_true(nn_shape_equal(read->input.shape, written->input.shape));
    assert_int_equal(read->input_scaling.columns, written->input_scaling.columns);
    assert_memory_equal(read->input_scaling.scale, written->input_scaling.scale, bytes);
    assert_memory_equal(read->input_scaling.offset, written->input_scaling.offset, bytes);
    assert_int_equal(read->input.part_count, written->input.part_count);
    for (int p = 0; p < written->input.part_count; p++) {
        assert_string_equal(read->input.parts[p].name, written->input.parts[p].name);
        assert_int_equal(read->input.parts[p].begin, written->input.parts[p].begin);
        assert_true(nn_shape_equal(read->input.parts[p].shape, written->input.parts[p].shape));
        assert_int_equal(read->input.parts[p].features, written->input.parts[p].features);
    }
}

static void check_input(const char *entry, nn_field input, bool has_lengths)
{
    char yaml[512];
    nn_model_spec spec;
    nn_text config = {0};
    nn_scaling scaling = {4, scale, offset};
    nn_model_target facts = {&problems[0].target, NULL, NULL, NULL};
    trial written = {0};
    void *bytes;
    size_t size;
    write_network(entry, &problems[0], problems[0].loss, "", sizeof yaml, yaml);
    read_spec(yaml, &config, &spec);
    expect_ok(nn_model_create(&spec, &input, &scaling, &facts, has_lengths, SAMPLES, &written.model));
    trial_allocate(&written, 0);
    trial_fill_weights(&written);
    image_write(&written, &config, &bytes, &size);
    trial read = image_read(bytes, size, 0);
    compare_models(written.model, read.model);
    compare_inputs(written.model, read.model);
    trial_destroy(&read);
    trial_destroy(&written);
    nn_free(bytes);
    nn_text_free(&config);
}

/* Fails when the length of a sequence with several inputs is taken from all their values. */
static void test_steps(void **state)
{
    (void)state;
    nn_field parts[] = {{.name = "a", .shape = {2, {5, 2}}}, {.name = "b", .shape = {1, {3}}, .begin = 10}};
    const nn_model joined = {.input = {.shape = {1, {13}}, .parts = parts, .part_count = 2}};
    const nn_model single = {.input = {.shape = {2, {7, 4}}}};
    assert_int_equal(nn_model_steps(&joined), 5);
    assert_int_equal(nn_model_steps(&single), 7);
}

/* Fails when a checkpoint forgets how its inputs are normalised, which of them are joined, or that samples
 * have lengths. */
static void test_inputs(void **state)
{
    (void)state;
    nn_field parts[] = {{.name = "a", .shape = {1, {3}}}, {.name = "b", .shape = {1, {1}}, .begin = 3}};
    check_input("concat: {inputs: [a, b]}",
                (nn_field){.name = "x", .shape = {1, {4}}, .parts = parts, .part_count = 2}, false);
    nn_field sequences[] = {{.name = "a", .shape = {2, {3, 1}}},
                            {.name = "b", .shape = {1, {3}}, .begin = 3, .features = true}};
    check_input("dense: {units: 2, inputs: input}",
                (nn_field){.name = "x", .shape = {1, {6}}, .parts = sequences, .part_count = 2}, true);
    check_input("gru: {units: 2}", (nn_field){.name = "x", .shape = {2, {5, 4}}}, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layers),  cmocka_unit_test(test_composites), cmocka_unit_test(test_losses),
        cmocka_unit_test(test_metrics), cmocka_unit_test(test_inputs),     cmocka_unit_test(test_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
