/* A look at a microbatch finds where NaN or Inf begins; and a microbatch goes through a file unchanged. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "precision.h"
#include "settings/settings.h"
#include "step/heads.h"
#include "train/nonfinite_file.h"

#define MICROBATCH 6

static const char *const text = "data:\n"
                                "  file: " NN_SOURCE_DIR "/scripts/examples/digits/digits.h5\n"
                                "  train: {x: x_train, y: {label: y_train, size: y_train}}\n"
                                "  fields: {size: {kind: value}}\n"
                                "network:\n"
                                "  - flatten\n"
                                "  - dense: {units: 30, activation: relu, name: body}\n"
                                "  - dropout: {rate: 0.3, name: drop}\n"
                                "  - batch_norm: {name: norm}\n"
                                "  - dense: {units: classes, name: label}\n"
                                "  - dense: {units: 1, name: size, inputs: norm}\n"
                                "losses: {label: cross_entropy, size: mse}\n";

typedef struct bench {
    nn_comm *comm;
    nn_config *config;
    nn_settings settings;
    nn_dataset *data;
    nn_model *model;
    nn_workers *workers;
    nn_real *weights;
    nn_inspection inspection;
} bench;

static const double denominators[] = {12, 12};

static void expect_ok(nn_status status)
{
    if (status != NN_OK) fail_msg("%s", nn_error_text());
}

static int bench_open(void **state)
{
    static bench made;
    bench *b = &made;
    nn_target_wanted wanted[] = {{.name = "label", .classes = true}, {.name = "size"}};
    expect_ok(nn_comm_start(NULL, NULL, &b->comm));
    expect_ok(nn_config_parse(text, "test", own_precision, 1, &b->config));
    expect_ok(nn_settings_read(b->config, &b->settings));
    expect_ok(nn_dataset_open(
        b->comm, &b->settings.data,
        &(nn_dataset_setup){
            .scalar = NN_SCALAR_REAL, .directory = ".", .seed = 1, .wanted = wanted, .wanted_count = 2},
        &b->data));
    expect_ok(nn_heads_model(&b->settings.model, b->data, MICROBATCH, &b->model));
    expect_ok(NN_ALLOCATE(&b->weights, b->model->network->value_count, "weights"));
    expect_ok(nn_workers_create(b->model, b->data, &(nn_workers_request){1, 2, MICROBATCH, 1e9, 7, 0, NULL},
                                &b->workers));
    expect_ok(nn_inspection_create(b->model, MICROBATCH, &b->inspection));
    *state = b;
    return 0;
}

static int bench_close(void **state)
{
    bench *b = *state;
    nn_inspection_release(&b->inspection);
    nn_workers_destroy(b->workers);
    nn_free(b->weights);
    nn_model_destroy(b->model);
    nn_dataset_close(b->data);
    nn_settings_release(&b->settings);
    nn_config_destroy(b->config);
    nn_comm_destroy(b->comm);
    return 0;
}

static const nn_batch whole = {.epoch = 2, .first = 100, .samples = 2 * MICROBATCH - 1, .microbatches = 2};
static const nn_tree_node share = {0, 2};

static nn_loaded *load(const bench *b)
{
    return nn_workers_reload(b->workers, whole, 5, share, 1, b->inspection.carried);
}

/* The step that the leaf is of: the workers then have the statistics of its batch. */
static void compute(const bench *b)
{
    double figures[2 * 64];
    nn_real *gradient;
    assert_in_range(nn_results_width(b->model, true), 1, 64);
    expect_ok(NN_ALLOCATE(&gradient, b->model->network->value_count, "a gradient"));
    nn_gradient_call call = {.batch = whole,
                             .step = 5,
                             .share = share,
                             .nodes = &share,
                             .node_count = 1,
                             .weights = b->weights,
                             .denominators = denominators,
                             .partials = &gradient,
                             .results = figures};
    expect_ok(nn_workers_gradient(b->workers, &call));
    nn_free(gradient);
}

static int layer_of(const bench *b, const char *name)
{
    int l = 0;
    while (strcmp(b->model->network->layers[l].name, name) != 0) l++;
    return l;
}

/* Puts a value into the weights of a layer, or into the inputs of a sample, and expects where it is found. */
static void expect_found(const bench *b, const char *layer, double value, nn_found_kind kind,
                         const char *found)
{
    nn_inspection inspection = b->inspection;
    expect_ok(nn_workers_initialize(b->workers, b->weights));
    nn_loaded *leaf = load(b);
    if (layer) b->weights[b->model->network->layers[layer_of(b, layer)].offset] = (nn_real)value;
    nn_inspect(b->model, leaf, b->weights, denominators, &inspection);
    assert_int_equal(inspection.found.kind, kind);
    if (found) assert_int_equal(inspection.found.index, layer_of(b, found));
}

/* Fails when another layer than the first in the order of computing is blamed. */
static void the_first_place_is_found(void **state)
{
    const bench *b = *state;
    expect_found(b, NULL, 0, NN_FOUND_NOTHING, NULL);
    expect_found(b, "body", (double)NAN, NN_FOUND_OUTPUT, "body");
    expect_found(b, "size", (double)INFINITY, NN_FOUND_OUTPUT, "size");
    expect_found(b, "label", (double)NAN, NN_FOUND_OUTPUT, "label");
}

/* Fails when the sample is not the one that has it. */
static void the_sample_is_found(void **state)
{
    const bench *b = *state;
    nn_inspection inspection = b->inspection;
    expect_ok(nn_workers_initialize(b->workers, b->weights));
    nn_loaded *leaf = load(b);
    int64_t values = nn_shape_count(b->model->input.shape);
    leaf->microbatch->outputs[0][3 * values + 9] = (nn_real)INFINITY;
    leaf->microbatch->outputs[0][4 * values] = (nn_real)NAN;
    nn_inspect(b->model, leaf, b->weights, denominators, &inspection);
    assert_int_equal(inspection.found.kind, NN_FOUND_OUTPUT);
    assert_int_equal(inspection.found.index, 0);
    assert_int_equal(inspection.found.sample, 3);
    assert_int_equal(inspection.layers[0].output.nans, 1);
    assert_int_equal(inspection.layers[0].output.infinities, 1);
}

/* Fails when a gradient that overflows behind finite losses is not seen, or the way back is walked the other
 * way round. */
static void a_gradient_is_found(void **state)
{
    const bench *b = *state;
    nn_inspection inspection = b->inspection;
    expect_ok(nn_workers_initialize(b->workers, b->weights));
    nn_loaded *leaf = load(b);
    nn_inspect(b->model, leaf, b->weights, (const double[]){12, 1e-320}, &inspection);
    assert_int_equal(inspection.found.kind, NN_FOUND_OUTPUT_GRADIENT);
    assert_int_equal(inspection.found.index, layer_of(b, "size"));
    assert_true(isfinite(inspection.losses[0]) && isfinite(inspection.losses[1]));
}

static void expect_same(const bench *b, const nn_inspection *one, const nn_inspection *other)
{
    size_t layers = (size_t)b->model->network->layer_count;
    assert_memory_equal(one->layers, other->layers, layers * sizeof *one->layers);
    assert_memory_equal(one->losses, other->losses, sizeof one->losses);
}

/* Fails when the file lacks something that the computation depends on: samples, targets, random numbers,
 * statistics of the batch. */
static void a_file_brings_the_same_values(void **state)
{
    bench *b = *state;
    void *bytes;
    size_t size;
    nn_store_file *file;
    nn_loaded read = {0};
    nn_inspection again;
    expect_ok(nn_workers_initialize(b->workers, b->weights));
    compute(b);
    nn_loaded *leaf = load(b);
    nn_nonfinite_parts parts = {.model = b->model,
                                .config = b->config,
                                .data = b->data,
                                .weights = b->weights,
                                .microbatch_size = MICROBATCH,
                                .step = 6,
                                .epoch = 3,
                                .found = {NN_FOUND_LOSS, 1, -1},
                                .message = "a test",
                                .denominators = {12, 12}};
    expect_ok(nn_nonfinite_build(&parts, leaf, &bytes, &size));
    nn_inspect(b->model, leaf, b->weights, denominators, &b->inspection);
    nn_nonfinite_parts got = {.model = b->model};
    expect_ok(nn_store_open_image(bytes, size, "test", &file));
    nn_loaded_needs needs = nn_nonfinite_needs(file);
    expect_ok(nn_loaded_create(b->model, &needs, MICROBATCH, &read));
    expect_ok(nn_inspection_create(b->model, MICROBATCH, &again));
    expect_ok(nn_nonfinite_get(file, &read, again.carried, again.statistics, &got));
    assert_true(got.step == 6 && got.epoch == 3 && got.found.kind == NN_FOUND_LOSS && got.found.index == 1);
    assert_int_equal(read.microbatch->samples, MICROBATCH - 1);
    assert_true(again.statistics[0] == 2 * MICROBATCH - 1); /* values of each channel */
    assert_memory_equal(read.samples, leaf->samples, (MICROBATCH - 1) * sizeof *read.samples);
    nn_inspect(b->model, &read, b->weights, got.denominators, &again);
    expect_same(b, &b->inspection, &again);
    nn_inspection_release(&again);
    nn_loaded_destroy(&read);
    nn_store_close(file);
    nn_free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_place_is_found), cmocka_unit_test(the_sample_is_found),
        cmocka_unit_test(a_gradient_is_found), cmocka_unit_test(a_file_brings_the_same_values)};
    return cmocka_run_group_tests(tests, bench_open, bench_close);
}
