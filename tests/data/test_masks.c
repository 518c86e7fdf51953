/* What does not count, or counts more: missing targets, ignored labels, sample weights, and padding after the
 * end of a sequence. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "opened.h"
#include "transforms.h"

/* ---- missing values ---- */

enum { ROWS = 3000, COLUMNS = 2 };

static double given[ROWS * COLUMNS];

/* Every seventh value is missing, and the entire first chunk of column 1. */
static void write_values(double instead)
{
    double *x = calloc(ROWS, sizeof *x);
    for (int64_t i = 0; i < ROWS * COLUMNS; i++) {
        given[i] = 50 + 10 * files_number((uint64_t)i);
        if (i % 7 == 3 || (i % COLUMNS == 1 && i < 1100 * COLUMNS)) given[i] = NAN;
    }
    for (int64_t i = 0; i < ROWS; i++) x[i] = (double)i;
    given[500 * COLUMNS] = instead;
    hid_t file = files_create("d.h5");
    files_add_column(file, "x", H5T_IEEE_F64LE, ROWS, x);
    files_add_rows(file, "y", H5T_IEEE_F64LE, ROWS, COLUMNS, given);
    H5Fclose(file);
    free(x);
}

/* Mean and deviation of the values of a column that are not missing. */
static void measure_known(int column, double *mean, double *deviation)
{
    long double sum = 0, squares = 0, count = 0;
    for (int64_t i = column; i < ROWS * COLUMNS; i += COLUMNS)
        if (!isnan(given[i])) {
            sum += (long double)given[i];
            count++;
        }
    *mean = (double)(sum / count);
    for (int64_t i = column; i < ROWS * COLUMNS; i += COLUMNS)
        if (!isnan(given[i])) squares += ((long double)given[i] - *mean) * ((long double)given[i] - *mean);
    *deviation = sqrt((double)(squares / count));
}

/* If it fails: a missing value affects normalisation, or is trained on as a number. */
static void missing_values_are_ignored(void **state)
{
    (void)state;
    write_values(NAN);
    nn_data_options options = files_options();
    expect_refused(&options, false, "sample 0, column 1 is NaN");
    expect_message("data.fields.y.missing: drop (such samples are left out), mask (they are ignored)");
    files_field(&options, "y")->missing = NN_MISSING_MASK;
    for (options.cache = NN_CACHE_MEMORY; options.cache <= NN_CACHE_STREAM; options.cache++) {
        nn_dataset *dataset = open_ok(&options, false);
        const nn_scaling *scaling = nn_dataset_target_scaling(dataset, 0);
        double prior[COLUMNS], mean, deviation;
        nn_dataset_prior(dataset, 0, prior);
        for (int c = 0; c < COLUMNS; c++) {
            measure_known(c, &mean, &deviation);
            assert_true(fabs(scaling->scale[c] * deviation - 1) < 1e-12);
            assert_true(fabs(scaling->offset[c] + mean / deviation) < 1e-10);
            assert_true(fabs(prior[c]) < 1e-12);
        }
        for (int64_t i = 0; i < ROWS; i += 13) {
            nn_real targets[COLUMNS];
            gather_ok(dataset, NN_TRAIN, i, 1, NULL, targets, NULL);
            for (int c = 0; c < COLUMNS; c++) {
                double value = given[i * COLUMNS + c];
                nn_real expected = (nn_real)(value * scaling->scale[c] + scaling->offset[c]);
                assert_true(isnan(value) ? isnan((double)targets[c]) : targets[c] == expected);
            }
        }
        nn_dataset_close(dataset);
    }
    expect_same_from_stream(options, false);
    options.on_bad_sample = NN_BAD_SKIP;
    nn_dataset *dataset = open_ok(&options, false);
    assert_int_equal(nn_dataset_count(dataset, NN_TRAIN), ROWS);
    nn_dataset_close(dataset);
}

/* If it fails: bad values pass for missing ones. */
static void only_nan_is_missing(void **state)
{
    (void)state;
    write_values(INFINITY);
    nn_data_options options = files_options();
    nn_data_field_options *y = files_field(&options, "y"), *x = files_field(&options, "x");
    y->missing = NN_MISSING_MASK;
    expect_refused(&options, false, "sample 500, column 0 is Inf");
    write_values(-1);
    y->transform = NN_TRANSFORM_LOG;
    expect_refused(&options, false, "sample 500, column 0 is -Inf");
    y->transform = NN_TRANSFORM_NONE;
    y->missing = NN_MISSING_MEAN;
    expect_refused(&options, true,
                   "data.fields.y.missing: mean: class labels have no mean; set drop, or mask");
    y->normalize = NN_NORMALIZE_NONE;
    expect_refused(&options, false, "data.fields.y.missing: mean: needs standardised values");
    y->missing = NN_MISSING_ERROR;
    x->missing = NN_MISSING_MASK;
    x->kind = NN_KIND_INDEX;
    expect_refused(&options, false, "data.fields.x.missing: mask: there is no index for a missing value");
    const double nothing[4] = {NAN, NAN, NAN, NAN}, four[4] = {0, 1, 2, 3};
    hid_t file = files_create("d.h5");
    files_add_column(file, "x", H5T_IEEE_F64LE, 4, four);
    files_add_column(file, "y", H5T_IEEE_F64LE, 4, nothing);
    H5Fclose(file);
    *x = (nn_data_field_options){0};
    *y = (nn_data_field_options){.missing = NN_MISSING_MASK};
    nn_dataset *dataset = NULL;
    const nn_target_wanted values = {0};
    assert_int_equal(files_open(comm, &options, 7, &values, 1, NULL, &dataset), NN_ERROR_DATA);
    expect_message("all training values are missing");
}

/* ---- ignored labels ---- */

enum { PIXELS = 6, IMAGES = 40 };

static int64_t pixel_label(int64_t i)
{
    return i % 5 == 2 ? -1 : i * 7 % 4;
}

/* Labels `y`, one per sample, and `map`, 2 x 3 x 1; 255: no label. */
static void write_labels(void)
{
    const hsize_t extents[4] = {IMAGES, 2, 3, 1};
    double x[IMAGES], y[IMAGES], map[IMAGES * PIXELS];
    for (int64_t i = 0; i < IMAGES * PIXELS; i++) map[i] = pixel_label(i) < 0 ? 255 : (double)pixel_label(i);
    for (int64_t i = 0; i < IMAGES; i++) {
        x[i] = (double)i;
        y[i] = map[i];
    }
    hid_t file = files_create("d.h5");
    files_add_column(file, "x", H5T_IEEE_F32LE, IMAGES, x);
    files_add_column(file, "y", H5T_STD_U8LE, IMAGES, y);
    files_add(file, "image", H5T_STD_U8LE, H5T_NATIVE_DOUBLE, 4, extents, 16, map);
    files_add(file, "map", H5T_STD_U8LE, H5T_NATIVE_DOUBLE, 4, extents, 16, map);
    H5Fclose(file);
}

/* If it fails: an ignored label counts as a class, or stops the run. */
static void ignored_labels_are_not_a_class(void **state)
{
    (void)state;
    write_labels();
    nn_data_options options = files_options();
    nn_data_field_options *y = files_field(&options, "y");
    y->ignored_label = (char *)"255";
    for (options.cache = NN_CACHE_MEMORY; options.cache <= NN_CACHE_STREAM; options.cache++) {
        nn_dataset *dataset = open_ok(&options, true);
        double prior[4], sum = 0;
        assert_int_equal(nn_dataset_target(dataset, 0)->classes, 4);
        nn_dataset_prior(dataset, 0, prior);
        for (int c = 0; c < 4; c++) sum += prior[c];
        assert_true(fabs(sum - 1) < 1e-12 && prior[0] == 0.25);
        for (int64_t i = 0; i < IMAGES; i++) {
            int64_t label;
            gather_ok(dataset, NN_TRAIN, i, 1, NULL, NULL, &label);
            assert_int_equal(label, pixel_label(i));
        }
        nn_dataset_close(dataset);
    }
    expect_same_from_stream(options, true);
    y->ignored_label = (char *)"many";
    expect_refused(&options, true, "ignored_label: 'many' is not an integer");
    y->ignored_label = (char *)"255";
    expect_refused(&options, false, "data.fields.y.ignored_label: the target is read as values");
    y->first_label = 1;
    expect_refused(&options, true, "the label of sample 0 is 0 (");
}

/* If it fails: balanced sampling draws samples without a class. */
static void ignored_labels_are_not_balanced(void **state)
{
    (void)state;
    write_labels();
    nn_data_options options = files_options();
    files_field(&options, "y")->ignored_label = (char *)"255";
    options.balanced = true;
    nn_dataset *dataset = open_ok(&options, true);
    int64_t times[4] = {0}, label;
    for (int64_t i = 0; i < IMAGES; i++) {
        gather_ok(dataset, NN_TRAIN, i, 1, NULL, NULL, &label);
        assert_in_range(label, 0, 3);
        times[label]++;
    }
    for (int c = 0; c < 4; c++) assert_int_equal(times[c], IMAGES / 4);
    nn_dataset_close(dataset);
}

/* If it fails: a pixel has the class of another, or an ignored pixel has a class. */
static void labels_of_pixels(void **state)
{
    (void)state;
    write_labels();
    nn_data_options options = files_options();
    options.parts[NN_TRAIN].y = files_name("y", "map");
    files_field(&options, "y")->ignored_label = (char *)"255";
    for (options.cache = NN_CACHE_MEMORY; options.cache <= NN_CACHE_STREAM; options.cache++) {
        nn_dataset *dataset = open_ok(&options, true);
        const nn_field *target = nn_dataset_target(dataset, 0);
        int64_t labels[PIXELS];
        assert_true(nn_shape_equal(target->shape, (nn_shape){2, {2, 3}}));
        assert_int_equal(target->classes, 4);
        for (int64_t i = 0; i < IMAGES; i++) {
            gather_ok(dataset, NN_TRAIN, i, 1, NULL, NULL, labels);
            for (int64_t p = 0; p < PIXELS; p++) assert_int_equal(labels[p], pixel_label(i * PIXELS + p));
        }
        nn_dataset_close(dataset);
    }
    expect_same_from_stream(options, true);
    options.balanced = true;
    expect_refused(&options, true, "data.balanced: needs exactly one class per sample");
    options.balanced = false;
    options.split = (nn_split_options){.validation = 0.2, .stratified = true, .seed = -1};
    expect_refused(&options, true, "data.split.stratified: samples have several labels");
}

/* If it fails: pixels move away from their labels, or words become other words. */
static void transforms_do_not_spoil_targets(void **state)
{
    (void)state;
    static const struct {
        const char *transform, *x, *y;
        int kind;
        const char *message;
    } cases[] = {{"[flip]", "image", "map", NN_KIND_AUTO, "flip moves steps or pixels, but not target 'y'"},
                 {"[noise: 0.1]", "image", "map", NN_KIND_AUTO, NULL},
                 {"[flip]", "image", "y", NN_KIND_AUTO, NULL},
                 {"[noise: 0.1]", "image", "y", NN_KIND_INDEX,
                  "noise changes values, which makes no sense for indices"}};
    write_labels();
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        nn_data_options options = files_options();
        nn_data_field_options *x = files_field(&options, "x");
        nn_dataset *dataset = NULL;
        const nn_target_wanted classes = {.classes = true};
        options.parts[NN_TRAIN] = files_part(cases[n].x, cases[n].y);
        files_field(&options, "y")->ignored_label = (char *)"255";
        x->kind = cases[n].kind;
        x->augment = read_list(cases[n].transform);
        nn_status status = files_open(comm, &options, 7, &classes, 1, NULL, &dataset);
        assert_int_equal(status, cases[n].message ? NN_ERROR_USAGE : NN_OK);
        if (cases[n].message) expect_message(cases[n].message);
        nn_dataset_close(dataset);
        nn_augment_release(&x->augment);
    }
}

/* ---- weights ---- */

static void write_weights(double at_seven)
{
    double x[ROWS], y[ROWS], w[ROWS];
    for (int64_t i = 0; i < ROWS; i++) {
        x[i] = (double)i;
        y[i] = (double)(i % 3);
        w[i] = (double)(i % 11) / 4;
    }
    w[7] = at_seven;
    hid_t file = files_create("d.h5");
    files_add_column(file, "x", H5T_IEEE_F64LE, ROWS, x);
    files_add_column(file, "y", H5T_STD_U8LE, ROWS, y);
    files_add_column(file, "w", H5T_IEEE_F32LE, ROWS, w);
    files_add_rows(file, "pair", H5T_IEEE_F32LE, ROWS / 2, 2, w);
    H5Fclose(file);
}

/* If it fails: a sample has the weight of another. */
static void weights_follow_their_samples(void **state)
{
    (void)state;
    write_weights(1.75);
    nn_data_options options = files_options();
    nn_dataset *dataset = open_ok(&options, true);
    assert_false(nn_dataset_has_weights(dataset, NN_TRAIN));
    nn_dataset_close(dataset);
    options.parts[NN_TRAIN].weights = (char *)"w";
    options.split.validation = 0.2;
    options.shuffle = NN_SHUFFLE_FULL;
    dataset = open_ok(&options, true);
    for (int p = 0; p < NN_TEST; p++) {
        assert_true(nn_dataset_has_weights(dataset, (nn_part)p));
        for (int64_t i = 0; i < nn_dataset_count(dataset, (nn_part)p); i++) {
            nn_real weight;
            int64_t sample;
            const nn_gathered gathered = {.weights = &weight, .samples = &sample};
            nn_dataset_gather(dataset, (nn_part)p, (nn_data_span){0, i, 1}, true, &gathered);
            int64_t row = nn_dataset_row(dataset, (nn_part)p, sample);
            assert_true(weight == (nn_real)(row == 7 ? 1.75 : (double)(row % 11) / 4));
        }
    }
    assert_false(nn_dataset_has_weights(dataset, NN_TEST));
    nn_dataset_close(dataset);
    expect_same_from_stream(options, true);
}

/* If it fails: a loss is summed with invalid weights. */
static void invalid_weights_are_refused(void **state)
{
    (void)state;
    static const struct {
        double weight;
        const char *message;
    } wrong[] = {{-1, "the weight of sample 7 is -1"},
                 {NAN, "the weight of sample 7 is nan"},
                 {INFINITY, "the weight of sample 7 is inf"}};
    nn_data_options options = files_options();
    nn_dataset *dataset = NULL;
    const nn_target_wanted classes = {.classes = true};
    options.parts[NN_TRAIN].weights = (char *)"w";
    for (size_t n = 0; n < sizeof wrong / sizeof *wrong; n++) {
        write_weights(wrong[n].weight);
        assert_int_equal(files_open(comm, &options, 7, &classes, 1, NULL, &dataset), NN_ERROR_DATA);
        assert_null(dataset);
        expect_message("data.train.weights: dataset \"w\"");
        expect_message(wrong[n].message);
    }
    options.parts[NN_TRAIN].weights = (char *)"pair";
    expect_refused(&options, true, "has 2 values per sample, but must have one");
    options.parts[NN_TRAIN].weights = (char *)"w";
    options.window = (nn_data_window_options){.length = 3, .horizon = 1, .stride = 1};
    expect_refused(&options, true, "data.train.weights: windows have no weights");
}

/* ---- sequences ---- */

enum { SEQUENCES = 50, STEPS = 8, FEATURES = 2, STATIC = 3 };

static int64_t length_of(int64_t i)
{
    return 1 + i * 5 % STEPS;
}

static double step_value(int64_t i, int64_t place)
{
    return 5 + files_number((uint64_t)(i * STEPS * FEATURES + place));
}

/* Sequences "s" with NaN after their end, a table "t", labels per step "tag" (99 after the end) and values
 * "flow" (Inf after it), and a class "y". */
static void write_sequences(void)
{
    const hsize_t s_extents[3] = {SEQUENCES, STEPS, FEATURES}, flow_extents[3] = {SEQUENCES, STEPS, 1};
    static double s[SEQUENCES * STEPS * FEATURES], tag[SEQUENCES * STEPS], flow[SEQUENCES * STEPS];
    double t[SEQUENCES * STATIC], y[SEQUENCES], n[SEQUENCES];
    for (int64_t i = 0; i < SEQUENCES; i++) {
        n[i] = (double)length_of(i);
        y[i] = (double)(i % 4);
        for (int64_t c = 0; c < STATIC; c++) t[i * STATIC + c] = (double)(i + c);
        for (int64_t p = 0; p < STEPS * FEATURES; p++)
            s[i * STEPS * FEATURES + p] = p / FEATURES < length_of(i) ? step_value(i, p) : NAN;
        for (int64_t p = 0; p < STEPS; p++) {
            tag[i * STEPS + p] = p < length_of(i) ? (double)((i + p) % 3) : 99;
            flow[i * STEPS + p] = p < length_of(i) ? (double)(i + p) : INFINITY;
        }
    }
    hid_t file = files_create("d.h5");
    files_add(file, "s", H5T_IEEE_F32LE, H5T_NATIVE_DOUBLE, 3, s_extents, 8, s);
    files_add_rows(file, "t", H5T_IEEE_F32LE, SEQUENCES, STATIC, t);
    files_add_rows(file, "tag", H5T_STD_U8LE, SEQUENCES, STEPS, tag);
    files_add(file, "flow", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 3, flow_extents, 0, flow);
    files_add_column(file, "y", H5T_STD_U8LE, SEQUENCES, y);
    files_add_column(file, "n", H5T_STD_I32LE, SEQUENCES, n);
    H5Fclose(file);
}

static nn_data_options sequence_options(void)
{
    nn_data_options options = files_options();
    nn_part_options *train = &options.parts[NN_TRAIN];
    *train = (nn_part_options){.x = files_name("s", "s"), .lengths = (char *)"n"};
    files_add_name(&train->x, "t", "t");
    files_add_name(&train->y, "tag", "tag");
    files_add_name(&train->y, "flow", "flow");
    files_add_name(&train->y, "y", "y");
    return options;
}

static const nn_target_wanted of_sequences[] = {
    {.name = "tag", .classes = true}, {.name = "flow"}, {.name = "y", .classes = true}};

static void check_sequence(nn_dataset *dataset, int64_t i)
{
    nn_real inputs[STEPS * FEATURES + STATIC], flow[STEPS];
    int64_t labels[STEPS + 1], length = 0, sample, end = length_of(i);
    const nn_scaling *scaling = nn_dataset_input_scaling(dataset),
                     *flows = nn_dataset_target_scaling(dataset, 1);
    gather_ok(dataset, NN_TRAIN, i, 1, inputs, flow, labels);
    const nn_gathered gathered = {.lengths = &length, .samples = &sample};
    if (!nn_dataset_streams(dataset))
        nn_dataset_gather(dataset, NN_TRAIN, (nn_data_span){0, i, 1}, false, &gathered);
    assert_true(nn_dataset_streams(dataset) || length == end);
    for (int64_t p = 0; p < STEPS * FEATURES; p++) {
        double value = (double)(float)step_value(i, p) * scaling->scale[p] + scaling->offset[p];
        assert_true(inputs[p] == (p / FEATURES < end ? (nn_real)value : 0));
    }
    for (int64_t p = STEPS * FEATURES; p < STEPS * FEATURES + STATIC; p++)
        assert_true(inputs[p] ==
                    (nn_real)((double)(i + p - STEPS * FEATURES) * scaling->scale[p] + scaling->offset[p]));
    for (int64_t p = 0; p < STEPS; p++) {
        assert_int_equal(labels[p], p < end ? (i + p) % 3 : -1);
        nn_real value = (nn_real)((double)(i + p) * flows->scale[0] + flows->offset[0]);
        assert_true(p < end ? flow[p] == value : isnan((double)flow[p]));
    }
    assert_int_equal(labels[STEPS], i % 4);
}

/* If it fails: padding is trained on, or affects normalisation. */
static void padding_is_ignored(void **state)
{
    (void)state;
    write_sequences();
    nn_data_options options = sequence_options();
    for (options.cache = NN_CACHE_MEMORY; options.cache <= NN_CACHE_STREAM; options.cache++) {
        nn_dataset *dataset = open_targets(&options, of_sequences, 3);
        const nn_scaling *scaling = nn_dataset_input_scaling(dataset);
        double sum = 0, count = 0, prior[3];
        assert_true(nn_shape_equal(nn_dataset_target(dataset, 0)->shape, (nn_shape){1, {STEPS}}));
        assert_int_equal(nn_dataset_target(dataset, 0)->classes, 3);
        for (int64_t i = 0; i < SEQUENCES; i++) {
            check_sequence(dataset, i);
            for (int64_t p = 0; p < length_of(i) * FEATURES; p += FEATURES, count++)
                sum += (double)(float)step_value(i, p);
        }
        assert_true(fabs(-scaling->offset[0] / scaling->scale[0] - sum / count) < 1e-9);
        nn_dataset_prior(dataset, 0, prior);
        assert_true(fabs(prior[0] + prior[1] + prior[2] - 1) < 1e-12);
        nn_dataset_close(dataset);
    }
    expect_targets_from_stream(options, of_sequences, 3);
}

/* If it fails: a failed open leaks, or crashes. */
static void failed_allocations_are_survived(void **state)
{
    (void)state;
    write_sequences();
    nn_data_options options = sequence_options();
    options.parts[NN_TRAIN].weights = (char *)"n";
    size_t before = nn_memory_in_use();
    nn_status status = NN_ERROR_MEMORY;
    for (int64_t n = 1; status != NN_OK; n++) {
        nn_dataset *dataset = NULL;
        nn_memory_fail_at(n);
        status = files_open(comm, &options, 7, of_sequences, 3, NULL, &dataset);
        nn_memory_fail_at(0);
        assert_true(status == NN_OK || status == NN_ERROR_MEMORY);
        nn_dataset_close(dataset);
        assert_int_equal(nn_memory_in_use(), before);
    }
}

/* If it fails: the columns of a target are read as steps. */
static void a_layout_distinguishes_features_and_steps(void **state)
{
    (void)state;
    write_sequences();
    nn_data_options options = sequence_options();
    options.parts[NN_TRAIN].y = files_name("tag", "tag");
    files_field(&options, "tag")->layout = (char *)"NF";
    expect_targets_refused(&options, of_sequences, 1, "the label of sample 0 is not one-hot");
    options.parts[NN_TRAIN].lengths = NULL;
    options.parts[NN_TRAIN].x = files_name("t", "t");
    files_field(&options, "tag")->layout = NULL;
    expect_targets_refused(&options, of_sequences, 1, "for a label per step, set data.fields.tag.layout: NT");
    files_field(&options, "tag")->layout = (char *)"NT";
    nn_dataset *dataset = open_targets(&options, of_sequences, 1);
    assert_true(nn_shape_equal(nn_dataset_target(dataset, 0)->shape, (nn_shape){1, {STEPS}}));
    assert_int_equal(nn_dataset_target(dataset, 0)->classes, 100);
    nn_dataset_close(dataset);
}

/* ---- indices ---- */

static void write_indices(hid_t type, double at_five)
{
    static const char names[6][4] = {"a", "\n", "c", "d", "\\", "f"};
    const hsize_t count = 6;
    double x[20 * 3], y[20];
    for (int64_t i = 0; i < 60; i++) x[i] = (double)(i % 5);
    for (int64_t i = 0; i < 20; i++) y[i] = (double)(i % 2);
    x[5 * 3 + 1] = at_five;
    hid_t file = files_create("d.h5"), text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, sizeof *names);
    files_add_rows(file, "x", type, 20, 3, x);
    files_add_column(file, "y", H5T_STD_U8LE, 20, y);
    files_add(file, "named", type, H5T_NATIVE_DOUBLE, 2, (const hsize_t[]){20, 3}, 0, x);
    files_add(file, "named_classes", text, text, 1, &count, 0, names);
    H5Fclose(file);
    H5Tclose(text);
}

/* If it fails: an embedding is given an index that it does not have, or an index is normalised. */
static void indices_are_whole_numbers(void **state)
{
    (void)state;
    write_indices(H5T_STD_I16LE, 3);
    nn_data_options options = files_options();
    nn_data_field_options *x = files_field(&options, "x");
    x->kind = NN_KIND_INDEX;
    for (options.cache = NN_CACHE_MEMORY; options.cache <= NN_CACHE_STREAM; options.cache++) {
        nn_dataset *dataset = open_ok(&options, true);
        const nn_field *input = nn_dataset_input(dataset);
        nn_real inputs[3];
        assert_true(nn_shape_equal(input->shape, (nn_shape){1, {3}}));
        assert_true(input->is_class && input->classes == 5 && !input->class_names);
        assert_int_equal(nn_dataset_input_scaling(dataset)->columns, 0);
        gather_ok(dataset, NN_TRAIN, 5, 1, inputs, NULL, NULL);
        assert_true(inputs[0] == 0 && inputs[1] == 3 && inputs[2] == 2);
        nn_dataset_close(dataset);
    }
    expect_same_from_stream(options, true);
    options.parts[NN_TRAIN].x = files_name("x", "named");
    nn_dataset *dataset = open_ok(&options, true);
    assert_int_equal(nn_dataset_input(dataset)->classes, 6);
    assert_string_equal(nn_dataset_input(dataset)->class_names, "a\n\\n\nc\nd\n\\\\\nf");
    nn_dataset_close(dataset);
    x->classes = 4;
    expect_refused(&options, true,
                   "sample 1, value 1 is 4 (the first such value): an index is an integer "
                   "from 0 to 3");
}

/* If it fails: an invalid index reads outside a table. */
static void invalid_indices_are_refused(void **state)
{
    (void)state;
    nn_data_options options = files_options();
    nn_data_field_options *x = files_field(&options, "x");
    x->kind = NN_KIND_INDEX;
    write_indices(H5T_STD_I16LE, -1);
    expect_refused(&options, true, "sample 5, value 1 is -1");
    write_indices(H5T_IEEE_F32LE, 2.5);
    expect_refused(&options, true, "sample 5, value 1 is 2.5");
    write_indices(H5T_IEEE_F64LE, NAN);
    expect_refused(&options, true, "sample 5, column 1 is NaN");
    write_indices(H5T_IEEE_F64LE, 1e9);
    expect_refused(&options, true, "sample 5, value 1 is 1000000000");
    x->normalize = NN_NORMALIZE_STANDARDIZE;
    expect_refused(&options, true, "data.fields.x.kind: index: indices are not normalised");
    x->normalize = NN_NORMALIZE_AUTO;
    x->kind = NN_KIND_CLASS;
    expect_refused(&options, true, "data.fields.x.kind: only targets can be of this kind");
    x->kind = NN_KIND_AUTO;
    files_field(&options, "y")->kind = NN_KIND_INDEX;
    expect_refused(&options, true, "data.fields.y.kind: index: only inputs");
}

/* If it fails: an unchecked stream gives an embedding an index that it does not have. */
static void unseen_indices_stop_a_stream(void **state)
{
    (void)state;
    write_indices(H5T_STD_I16LE, 7);
    nn_data_options options = files_options();
    nn_data_field_options *x = files_field(&options, "x");
    x->kind = NN_KIND_INDEX;
    options.cache = NN_CACHE_STREAM;
    options.check = NN_CHECK_NONE;
    files_field(&options, "y")->classes = 2;
    nn_dataset *dataset = open_ok(&options, true);
    assert_int_equal(nn_dataset_input(dataset)->classes, 8);
    nn_dataset_close(dataset);
    x->classes = 5;
    dataset = open_ok(&options, true);
    nn_real inputs[3 * 10];
    int64_t labels[10];
    assert_int_equal(files_gather(dataset, NN_TRAIN, 0, 5, inputs, NULL, labels), NN_OK);
    assert_int_equal(files_gather(dataset, NN_TRAIN, 3, 5, inputs, NULL, labels), NN_ERROR_DATA);
    expect_message("value 1 of sample 5 is not one of the 5 indices");
    nn_dataset_close(dataset);
}

/* If it fails: a run starts in which no sample counts: it trains nothing, and its loss is NaN. */
static void all_labels_ignored_is_refused(void **state)
{
    (void)state;
    const double x[4] = {1, 2, 3, 4}, y[4] = {9, 9, 9, 9}, some[4] = {9, 0, 1, 9}, w[4] = {1, 0, 0, 2};
    hid_t file = files_create("d.h5");
    files_add_column(file, "x", H5T_IEEE_F32LE, 4, x);
    files_add_column(file, "y", H5T_STD_U8LE, 4, y);
    files_add_column(file, "some", H5T_STD_U8LE, 4, some);
    files_add_column(file, "w", H5T_IEEE_F32LE, 4, w);
    H5Fclose(file);
    nn_data_options options = files_options();
    files_field(&options, "y")->ignored_label = (char *)"9";
    files_field(&options, "y")->classes = 2;
    for (int cache = NN_CACHE_MEMORY; cache <= NN_CACHE_STREAM; cache++) {
        options.cache = cache;
        options.check = cache == NN_CACHE_STREAM ? NN_CHECK_NONE : NN_CHECK_ALL;
        options.parts[NN_TRAIN] = files_part("x", "y");
        expect_refused(&options, true, "no training sample has a label");
        options.parts[NN_TRAIN] = files_part("x", "some");
        const double first[2] = {1, 0};
        nn_dataset *dataset = open_ok(&options, true);
        assert_true(nn_dataset_counts(dataset, 0, NULL) && nn_dataset_counts(dataset, 0, first));
        nn_dataset_close(dataset);
        options.parts[NN_TRAIN].weights = (char *)"w";
        dataset = open_ok(&options, true);
        assert_false(nn_dataset_counts(dataset, 0, NULL)); /* samples with a label have weight 0 */
        nn_dataset_close(dataset);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(missing_values_are_ignored),
        cmocka_unit_test(only_nan_is_missing),
        cmocka_unit_test(ignored_labels_are_not_a_class),
        cmocka_unit_test(ignored_labels_are_not_balanced),
        cmocka_unit_test(labels_of_pixels),
        cmocka_unit_test(transforms_do_not_spoil_targets),
        cmocka_unit_test(weights_follow_their_samples),
        cmocka_unit_test(invalid_weights_are_refused),
        cmocka_unit_test(padding_is_ignored),
        cmocka_unit_test(failed_allocations_are_survived),
        cmocka_unit_test(a_layout_distinguishes_features_and_steps),
        cmocka_unit_test(indices_are_whole_numbers),
        cmocka_unit_test(invalid_indices_are_refused),
        cmocka_unit_test(unseen_indices_stop_a_stream),
        cmocka_unit_test(all_labels_ignored_is_refused),
    };
    int failures;
    RUN_TESTS(argc, argv, tests, failures);
    return failures;
}
