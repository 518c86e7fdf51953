/* Missing values: by attribute, by chunk, by source; and how they are handled. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "opened.h"

enum { ROWS = 200, COLUMNS = 3, CHUNK = 10, STEPS = 6 };

static void put_number(hid_t file, const char *dataset, const char *name, hid_t type, double value)
{
    hid_t on = H5Dopen2(file, dataset, H5P_DEFAULT), space = H5Screate(H5S_SCALAR);
    hid_t attribute = H5Acreate2(on, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (H5Awrite(attribute, H5T_NATIVE_DOUBLE, &value) < 0) abort();
    H5Aclose(attribute);
    H5Sclose(space);
    H5Dclose(on);
}

/* Some rows of a dataset; its other chunks are never written. */
static void add_partly(hid_t file, const char *name, int dimensions, const hsize_t *extents,
                       const hsize_t *chunk, const hsize_t *written, const double *values)
{
    const hsize_t start[3] = {0};
    hid_t space = H5Screate_simple(dimensions, extents, NULL), creation = H5Pcreate(H5P_DATASET_CREATE);
    hid_t memory = H5Screate_simple(dimensions, written, NULL);
    H5Pset_chunk(creation, dimensions, chunk);
    hid_t dataset = H5Dcreate2(file, name, H5T_IEEE_F32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, written, NULL);
    if (H5Dwrite(dataset, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, values) < 0) abort();
    H5Dclose(dataset);
    H5Sclose(memory);
    H5Pclose(creation);
    H5Sclose(space);
}

/* Whether the value of row i is missing. */
static bool lacks(int64_t i)
{
    return i == 0 || i == 57 || i == 58 || i == 120 || i == ROWS - 1;
}

/* A series "s" of row numbers, -9 where missing, and "t" of the same, where other rows are missing. */
static void write_series(void)
{
    double s[ROWS], t[ROWS];
    for (int i = 0; i < ROWS; i++) {
        s[i] = lacks(i) ? -9 : i;
        t[i] = i == 80 ? -9 : i;
    }
    hid_t file = files_create("d.h5");
    files_add_rows(file, "s", H5T_STD_I32LE, ROWS, 1, s);
    files_add_rows(file, "t", H5T_STD_I32LE, ROWS, 1, t);
    put_number(file, "s", "_FillValue", H5T_STD_I32LE, -9);
    put_number(file, "t", "missing_value", H5T_IEEE_F64LE, -9);
    H5Fclose(file);
}

/* The windows are exactly those without missing values, each once, wherever a split puts them. */
static void expect_windows(const nn_data_options *options, int64_t length, int64_t horizon, int64_t stride)
{
    bool seen[ROWS] = {false};
    int64_t expected = 0, found = 0;
    nn_dataset *dataset = open_ok(options, false);
    for (int64_t i = 0; i + length + horizon <= ROWS; i += stride) {
        bool whole = i + length - 1 + horizon != 80;
        for (int64_t r = i; r < i + length; r++) whole &= !lacks(r);
        expected += whole;
    }
    for (int p = 0; p < NN_PARTS; p++)
        for (int64_t i = 0; i < nn_dataset_count(dataset, (nn_part)p); i++) {
            nn_real inputs[STEPS], target;
            int64_t row = nn_dataset_row(dataset, (nn_part)p, i);
            if (nn_dataset_streams(dataset)) continue;
            gather_ok(dataset, (nn_part)p, i, 1, inputs, &target, NULL);
            assert_false(seen[row]);
            assert_int_equal(row % stride, 0);
            seen[row] = true;
            for (int64_t r = 0; r < length; r++)
                assert_true(!lacks(row + r) && inputs[r] == (nn_real)(row + r));
            assert_true(target == (nn_real)(row + length - 1 + horizon) && target != 80);
            found++;
        }
    if (!nn_dataset_streams(dataset)) assert_int_equal(found, expected);
    nn_dataset_close(dataset);
}

/* If it fails: a window contains a missing value, or a complete window is left out. */
static void windows_with_missing_values_are_left_out(void **state)
{
    (void)state;
    write_series();
    for (int64_t stride = 1; stride <= 4; stride += 3)
        for (int split = 0; split < 2; split++) {
            nn_data_options options = files_options();
            options.parts[NN_TRAIN] = files_part("s", "t");
            options.window = (nn_data_window_options){.length = STEPS, .horizon = 2, .stride = stride};
            for (int k = 0; k < 2; k++) {
                nn_data_field_options *field = files_field(&options, k == 0 ? "x" : "y");
                field->missing = NN_MISSING_DROP;
                field->normalize = NN_NORMALIZE_NONE;
            }
            if (split == 1) {
                options.split.validation = 0.25;
                options.split.order = NN_SPLIT_RANDOM;
            }
            expect_windows(&options, STEPS, 2, stride);
            expect_same_from_stream(options, false);
            options.split.order = NN_SPLIT_CHRONOLOGICAL;
            if (split == 1) expect_same_from_stream(options, false);
        }
    nn_data_options options = files_options();
    options.parts[NN_TRAIN] = files_part("s", "t");
    options.window = (nn_data_window_options){.length = STEPS, .horizon = 2, .stride = STEPS};
    options.shuffle = NN_SHUFFLE_STATEFUL;
    files_field(&options, "x")->missing = NN_MISSING_DROP;
    expect_refused(&options, false, "data.fields.x.missing: drop: with data.shuffle: stateful");
}

/* Checks the scaling against mean and deviation of the values of a column that are not missing. */
static void expect_scaling(const nn_scaling *scaling, int column, const double *values, const bool *missing)
{
    long double sum = 0, squares = 0, count = 0;
    for (int i = column; i < ROWS * COLUMNS; i += COLUMNS)
        if (!missing[i]) {
            sum += (long double)values[i];
            count++;
        }
    long double mean = sum / count;
    for (int i = column; i < ROWS * COLUMNS; i += COLUMNS)
        if (!missing[i]) squares += ((long double)values[i] - mean) * ((long double)values[i] - mean);
    double deviation = (double)sqrtl(squares / count);
    assert_true(fabs(scaling->scale[column] * deviation - 1) < 1e-12);
    assert_true(fabs(scaling->offset[column] + (double)mean / deviation) < 1e-9);
}

/* If it fails: a missing value affects normalisation, or does not become its column's mean. */
static void means_replace_missing_values(void **state)
{
    (void)state;
    double values[ROWS * COLUMNS], packed[ROWS * COLUMNS], y[ROWS];
    bool missing[ROWS * COLUMNS];
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        packed[i] = floor(1000 * files_number((uint64_t)i));
        missing[i] = i % 11 == 5;
        values[i] = packed[i] * 0.01 + 273.15;
        if (missing[i]) packed[i] = -32767;
    }
    for (int i = 0; i < ROWS; i++) y[i] = i;
    hid_t file = files_create("d.h5");
    files_add_rows(file, "x", H5T_STD_I16LE, ROWS, COLUMNS, packed);
    put_number(file, "x", "missing_value", H5T_IEEE_F32LE, -32767);
    put_number(file, "x", "scale_factor", H5T_IEEE_F64LE, 0.01);
    put_number(file, "x", "add_offset", H5T_IEEE_F64LE, 273.15);
    files_add_column(file, "y", H5T_IEEE_F64LE, ROWS, y);
    H5Fclose(file);
    nn_data_options options = files_options();
    expect_refused(&options, false, "sample 1, column 2 is -32767, which means no value (the first of 55");
    options.split = (nn_split_options){.validation = 0.2, .order = NN_SPLIT_CHRONOLOGICAL, .seed = 1};
    options.split.validation = 0;
    files_field(&options, "x")->missing = NN_MISSING_MEAN;
    nn_dataset *dataset = open_ok(&options, false);
    const nn_scaling *scaling = nn_dataset_input_scaling(dataset);
    for (int c = 0; c < COLUMNS; c++) expect_scaling(scaling, c, values, missing);
    for (int i = 0; i < ROWS; i++) {
        nn_real inputs[COLUMNS];
        gather_ok(dataset, NN_TRAIN, i, 1, inputs, NULL, NULL);
        for (int c = 0; c < COLUMNS; c++) {
            double value = values[i * COLUMNS + c] * scaling->scale[c] + scaling->offset[c];
            assert_true(inputs[c] == (missing[i * COLUMNS + c] ? 0 : (nn_real)value));
        }
    }
    uint64_t identity = nn_dataset_identity(dataset);
    nn_dataset_close(dataset);
    expect_same_from_stream(options, false);
    files_field(&options, "x")->attributes = NN_ATTRIBUTES_IGNORE;
    dataset = open_ok(&options, false);
    assert_true(nn_dataset_identity(dataset) != identity);
    assert_true(nn_dataset_input_scaling(dataset)->scale[0] < 0.01);
    nn_dataset_close(dataset);
}

/* If it fails: unwritten values after the end of a sequence stop a run, or those before it do not. */
static void padding_need_not_be_written(void **state)
{
    (void)state;
    const hsize_t extents[3] = {ROWS, STEPS, 2}, chunk[3] = {CHUNK, 2, 2}, written[3] = {ROWS, 4, 2};
    double s[ROWS * 4 * 2], y[ROWS], n[ROWS];
    for (int i = 0; i < ROWS * 4 * 2; i++) s[i] = files_number((uint64_t)i);
    for (int i = 0; i < ROWS; i++) {
        y[i] = i % 3;
        n[i] = 1 + i % 4;
    }
    for (int wrong = 0; wrong < 2; wrong++) {
        if (wrong) n[33] = 5;
        hid_t file = files_create("d.h5");
        add_partly(file, "x", 3, extents, chunk, written, s);
        files_add_column(file, "y", H5T_STD_I32LE, ROWS, y);
        files_add_column(file, "n", H5T_STD_I32LE, ROWS, n);
        H5Fclose(file);
        nn_data_options options = files_options();
        options.parts[NN_TRAIN].lengths = (char *)"n";
        if (wrong)
            expect_refused(&options, true, "column 8 is missing: a chunk of dataset \"x\" of ");
        else
            nn_dataset_close(open_ok(&options, true));
        if (!wrong) expect_same_from_stream(options, true);
        options.parts[NN_TRAIN].lengths = NULL;
        expect_refused(&options, true, "sample 0, column 8 is missing: a chunk of dataset \"x\" of ");
        files_field(&options, "x")->unwritten = NN_UNWRITTEN_FILL;
        nn_dataset_close(open_ok(&options, true));
    }
}

/* If it fails: labels that were read to see what they are, and never written, are trained on as class 0. */
static void recognised_labels_must_be_there(void **state)
{
    (void)state;
    static const nn_domain domain = {.bounded = true, .most = 1};
    const nn_target_wanted wanted = {.classes = true, .domain = &domain, .loss = "l"};
    const hsize_t extents[1] = {ROWS}, chunk[1] = {CHUNK}, written[1] = {ROWS - CHUNK};
    double x[ROWS], y[ROWS];
    for (int i = 0; i < ROWS; i++) {
        x[i] = i;
        y[i] = i % 2;
    }
    hid_t file = files_create("d.h5");
    files_add_column(file, "x", H5T_IEEE_F64LE, ROWS, x);
    add_partly(file, "y", 1, extents, chunk, written, y);
    H5Fclose(file);
    nn_data_options options = files_options();
    expect_targets_refused(&options, &wanted, 1, "is missing: a chunk of dataset \"y\" of ");
}

/* If it fails: unwritten groups, lengths or weights are read as zeros. */
static void numbers_of_samples_must_be_there(void **state)
{
    (void)state;
    const hsize_t extents[1] = {ROWS}, chunk[1] = {CHUNK}, written[1] = {ROWS - CHUNK};
    double x[ROWS], w[ROWS];
    for (int i = 0; i < ROWS; i++) x[i] = w[i] = i + 1;
    hid_t file = files_create("d.h5");
    files_add_column(file, "x", H5T_IEEE_F64LE, ROWS, x);
    files_add_column(file, "y", H5T_IEEE_F64LE, ROWS, x);
    add_partly(file, "w", 1, extents, chunk, written, w);
    H5Fclose(file);
    nn_data_options options = files_options();
    options.parts[NN_TRAIN].weights = (char *)"w";
    expect_refused(&options, false, "data.train.weights: dataset \"w\" of ");
    expect_message("lacks 10 values: a chunk of dataset \"w\"");
    options.parts[NN_TRAIN].weights = NULL;
    options.split = (nn_split_options){.validation = 0.2, .by = NN_SPLIT_BY_GROUP, .group = (char *)"w"};
    expect_refused(&options, false, "lacks 10 values: a chunk of dataset \"w\"");
}

/* If it fails: a missing index is looked up in an embedding, or a missing class counts as one more class. */
static void indices_and_classes_can_be_missing(void **state)
{
    (void)state;
    double x[ROWS * 2], y[ROWS];
    for (int i = 0; i < ROWS * 2; i++) x[i] = i == 61 ? 99 : i % 7;
    for (int i = 0; i < ROWS; i++) y[i] = i % 20 == 3 ? 255 : i % 3;
    hid_t file = files_create("d.h5");
    files_add_rows(file, "x", H5T_STD_U8LE, ROWS, 2, x);
    files_add_column(file, "y", H5T_STD_U8LE, ROWS, y);
    put_number(file, "x", "_FillValue", H5T_STD_U8LE, 99);
    put_number(file, "y", "_FillValue", H5T_STD_U8LE, 255);
    H5Fclose(file);
    nn_data_options options = files_options();
    nn_data_field_options *fx = files_field(&options, "x"), *fy = files_field(&options, "y");
    fx->kind = NN_KIND_INDEX;
    expect_refused(&options, true, "sample 30, column 1 is 99, which means no value");
    expect_message("the label of sample 3 is 255, which means no value (the first of 10 missing values");
    fx->missing = NN_MISSING_DROP;
    fy->missing = NN_MISSING_MASK;
    nn_dataset *dataset = open_ok(&options, true);
    assert_int_equal(nn_dataset_count(dataset, NN_TRAIN), ROWS - 1);
    assert_int_equal(nn_dataset_input(dataset)->classes, 7);
    assert_int_equal(nn_dataset_target(dataset, 0)->classes, 3);
    for (int64_t i = 0; i < ROWS - 1; i++) {
        int64_t label, row = nn_dataset_row(dataset, NN_TRAIN, i);
        gather_ok(dataset, NN_TRAIN, i, 1, NULL, NULL, &label);
        assert_int_equal(label, row % 20 == 3 ? -1 : row % 3);
    }
    nn_dataset_close(dataset);
    expect_same_from_stream(options, true);
    fy->missing = NN_MISSING_DROP;
    dataset = open_ok(&options, true);
    assert_int_equal(nn_dataset_count(dataset, NN_TRAIN), ROWS - 11);
    nn_dataset_close(dataset);
    options.split = (nn_split_options){.validation = 0.25, .stratified = true, .seed = 1};
    expect_same_from_stream(options, true);
}

int main(int argc, char **argv)
{
    int failures = 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_with_missing_values_are_left_out),
        cmocka_unit_test(means_replace_missing_values),
        cmocka_unit_test(padding_need_not_be_written),
        cmocka_unit_test(recognised_labels_must_be_there),
        cmocka_unit_test(numbers_of_samples_must_be_there),
        cmocka_unit_test(indices_and_classes_can_be_missing),
    };
    RUN_TESTS(argc, argv, tests, failures);
    return failures != 0;
}
