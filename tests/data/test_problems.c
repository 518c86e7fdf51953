/* Unusable data and failed allocations: messages and cleanup. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/memory.h"
#include "opened.h"

/* If it fails: a run ends in NaN without reporting where the NaN came from. */
static void nan_and_inf_are_found(void **state)
{
    (void)state;
    enum { ROWS = 100, COLUMNS = 600 };
    static double x[ROWS * COLUMNS], y[ROWS];
    x[70 * COLUMNS + 599] = x[71 * COLUMNS] = NAN;
    y[3] = -INFINITY;
    hid_t file = files_create("d.h5");
    files_add_rows(file, "x", H5T_IEEE_F32LE, ROWS, COLUMNS, x);
    files_add_column(file, "y", H5T_IEEE_F64LE, ROWS, y);
    H5Fclose(file);
    nn_data_options options = files_options();
    expect_refused(&options, false, "data.train.x: dataset \"x\" of ");
    expect_message("d.h5: sample 70, column 599 is NaN");
    expect_message("sample 3, column 0 is -Inf");
}

static void write_targets(hid_t type, hsize_t columns, const double *y)
{
    const double x[4] = {1, 2, 3, 4};
    hid_t file = files_create("d.h5");
    files_add_column(file, "x", H5T_IEEE_F32LE, 4, x);
    files_add_rows(file, "y", type, 4, columns, y);
    H5Fclose(file);
}

/* If it fails: invalid labels are trained on, or index outside an array. */
static void invalid_labels_are_refused(void **state)
{
    (void)state;
    nn_data_options options = files_options();
    write_targets(H5T_STD_I32LE, 1, (const double[]){0, 1, -1, -2});
    expect_refused(&options, true, "label of sample 2 is -1 (");
    write_targets(H5T_IEEE_F32LE, 1, (const double[]){0, 1.5, 1, 0});
    expect_refused(&options, true, "label of sample 1 is 1.5 (");
    write_targets(H5T_IEEE_F32LE, 1, (const double[]){0, 1, 1, NAN});
    expect_refused(&options, true, "label of sample 3 is NaN (");
    write_targets(H5T_STD_U64LE, 1, (const double[]){0, 1e15, 1, 0});
    expect_refused(&options, true, "label of sample 1 is 1000000000000000 (");
    write_targets(H5T_STD_U8LE, 2, (const double[]){0, 1, 0, 1, 1, 1, 1, 0});
    expect_refused(&options, true, "the label of sample 2 is not one-hot");
    write_targets(H5T_STD_U8LE, 2, (const double[]){0, 1, 0, 1, 0, 1, 0, 0});
    expect_refused(&options, true, "the label of sample 3 is not one-hot");
    write_targets(H5T_IEEE_F32LE, 2, (const double[]){0, 1, 0.5, 0.5, 0, 1, 1, 0});
    expect_refused(&options, true, "the label of sample 1 is not one-hot");
    files_field(&options, "y")->kind = NN_KIND_VALUE;
    nn_dataset_close(open_ok(&options, true));
}

/* If it fails: a user finds one mistake per job. */
static void all_problems_are_reported_at_once(void **state)
{
    (void)state;
    const double values[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, NAN, 10, 11};
    const hsize_t three = 3;
    hid_t pair = H5Tcreate(H5T_COMPOUND, 16), file = files_create("d.h5");
    H5Tinsert(pair, "a", 0, H5T_NATIVE_DOUBLE);
    H5Tinsert(pair, "b", 8, H5T_NATIVE_DOUBLE);
    files_add_rows(file, "x", H5T_IEEE_F64LE, 6, 2, values);
    files_add_column(file, "y", H5T_STD_I32LE, 5, values);
    files_add_rows(file, "e", H5T_IEEE_F64LE, 0, 2, NULL);
    files_add(file, "c", pair, pair, 1, &three, 0, NULL);
    H5Fclose(file);
    file = files_create("other.h5");
    files_add_rows(file, "z", H5T_IEEE_F64LE, 4, 3, values);
    H5Fclose(file);
    H5Tclose(pair);
    nn_data_options options = files_options();
    options.parts[NN_VALIDATION] = files_part("z", "xs");
    options.parts[NN_VALIDATION].file = files_text("other.h5");
    options.parts[NN_TEST] = files_part("e", "c");
    options.split.validation = 0.5;
    expect_refused(&options, false, "\"x\" has 6 samples, but dataset \"y\" has 5");
    expect_message("data.validation.x: dataset \"z\"");
    expect_message("its samples are 3, but those of data.train.x are 2");
    expect_message("data.validation.y: dataset \"xs\"");
    expect_message("other.h5 does not exist");
    expect_message("data.test.x: dataset \"e\"");
    expect_message("is empty");
    expect_message("compound");
    expect_message("data.split.validation and data.validation cannot both be given");
    expect_message("sample 4, column 1 is NaN");
    options = files_options();
    options.parts[NN_TRAIN].y = files_name("y", "x");
    options.split.validation = 0.01;
    expect_refused(&options, false, "0.01 of 6 samples is less than one sample");
    options.split = (nn_split_options){.validation = 0.5, .test = 0.5, .stratified = true};
    expect_refused(&options, false, "leave nothing to train on");
    expect_message("data.split.stratified: the targets are values");
}

/* If it fails: a wrong path is reported once per part, or without the setting to change. */
static void files_are_found_or_reported(void **state)
{
    (void)state;
    static char full[512];
    const double values[3] = {1, 2, 3};
    nn_data_options options = files_options();
    options.file = (nn_text_list){0};
    expect_refused(&options, false, "set data.file");
    options.file = files_text("nowhere.h5");
    options.parts[NN_TEST] = files_part("/x", "y");
    expect_refused(&options, false, "nowhere.h5");
    assert_null(strstr(strstr(nn_error_text(), "nowhere.h5") + 1, "nowhere.h5"));
    hid_t file = files_create("here.h5");
    files_add_column(file, "x", H5T_IEEE_F64LE, 3, values);
    files_add_column(file, "y", H5T_IEEE_F64LE, 3, values);
    H5Fclose(file);
    snprintf(full, sizeof full, "%s", files_path("here.h5"));
    options.parts[NN_TRAIN].file = files_text("here.h5");
    options.parts[NN_TEST].file = files_text(full);
    nn_dataset *dataset = open_ok(&options, false);
    assert_int_equal(nn_dataset_count(dataset, NN_TRAIN), 3);
    assert_int_equal(nn_dataset_count(dataset, NN_VALIDATION), 0);
    assert_int_equal(nn_dataset_count(dataset, NN_TEST), 3);
    nn_dataset_close(dataset);
    options.parts[NN_TRAIN] = (nn_part_options){0};
    expect_refused(&options, false, "data.train: is missing");
    options.parts[NN_TRAIN].x = files_name("x", "x");
    options.parts[NN_TRAIN].file = files_text(full);
    expect_refused(&options, false, "data.train.y: is missing");
}

/* If it fails: values that cannot be normalised make a run NaN or Inf from the start. */
static void extreme_values_are_refused(void **state)
{
    (void)state;
    const double x[4] = {1e300, -1e300, 1e299, 0}, y[4] = {0, 1, 0, 1};
    hid_t file = files_create("d.h5");
    files_add_column(file, "x", H5T_IEEE_F64LE, 4, x);
    files_add_column(file, "y", H5T_STD_U8LE, 4, y);
    H5Fclose(file);
    nn_data_options options = files_options();
    expect_refused(&options, true, "too large");
    expect_message("data.fields.x.normalize: none");
}

static void write_parts(hid_t x_type, hsize_t x_columns, hid_t y_type, hsize_t y_columns, const char *name)
{
    double x[4 * 12], y[4 * 3];
    for (int i = 0; i < 4 * 12; i++) x[i] = i % 7;
    for (int i = 0; i < 4 * 3; i++) y[i] = i % 4 == 0;
    hid_t file = files_create(name);
    files_add_rows(file, "x", x_type, 4, x_columns, x);
    files_add_rows(file, "y", y_type, 4, y_columns, y);
    H5Fclose(file);
}

/* If it fails: samples are read with the size of another part's or file's. */
static void mismatched_parts_and_files_are_refused(void **state)
{
    (void)state;
    nn_data_options options = files_options();
    options.parts[NN_TEST] = files_part("x", "y");
    options.parts[NN_TEST].file = files_text("e.h5");
    write_parts(H5T_IEEE_F32LE, 12, H5T_STD_U8LE, 1, "d.h5");
    write_parts(H5T_IEEE_F32LE, 2, H5T_STD_U8LE, 1, "e.h5");
    expect_refused(&options, true, "its samples are 2, but those of data.train.x are 12");
    files_add_name(&options.parts[NN_TEST].x, "z", "x");
    expect_refused(&options, true, "all parts must have the same inputs and targets");
    options.parts[NN_TEST] = (nn_part_options){0};
    char *both[] = {(char *)(uintptr_t) "d.h5", (char *)(uintptr_t) "e.h5"};
    options.file = files_list(both, 2);
    write_parts(H5T_IEEE_F32LE, 12, H5T_STD_U8LE, 3, "e.h5");
    expect_refused(&options, true, "the files of one data set must have the same shapes");
}

/* If it fails: a part with wider numbers than the first overruns the buffer of a sample, or its bytes are
 * read as the first part's type. */
static void parts_of_different_types_are_read(void **state)
{
    (void)state;
    nn_real x[4 * 12] = {0};
    int64_t labels[4];
    nn_data_options options = files_options();
    options.parts[NN_TEST] = files_part("x", "y");
    options.parts[NN_TEST].file = files_text("e.h5");
    files_field(&options, "x")->normalize = NN_NORMALIZE_NONE;
    files_field(&options, "x")->scale = 1;
    write_parts(H5T_STD_U8LE, 12, H5T_STD_U8LE, 1, "d.h5");
    write_parts(H5T_IEEE_F64LE, 12, H5T_STD_I64LE, 1, "e.h5");
    for (options.cache = NN_CACHE_MEMORY; options.cache <= NN_CACHE_STREAM; options.cache++) {
        nn_dataset *dataset = open_ok(&options, true);
        gather_ok(dataset, NN_TEST, 0, 4, x, NULL, labels);
        for (int i = 0; i < 4 * 12; i++) assert_true(x[i] == (nn_real)(i % 7));
        for (int i = 0; i < 4; i++) assert_int_equal(labels[i], i == 0);
        nn_dataset_close(dataset);
    }
}

/* If it fails: a failed open leaks, crashes or leaves the file open. */
static void failed_allocations_are_survived(void **state)
{
    (void)state;
    write_split_file();
    nn_data_options options = files_options();
    options.split = (nn_split_options){.validation = 0.1, .stratified = true, .seed = -1};
    size_t before = nn_memory_in_use();
    nn_status status = NN_ERROR_MEMORY;
    int64_t n = 0;
    while (status != NN_OK) {
        nn_dataset *dataset = NULL;
        nn_memory_fail_at(++n);
        status = files_open(comm, &options, 7, &(nn_target_wanted){.classes = true}, 1, NULL, &dataset);
        nn_memory_fail_at(0);
        assert_true(status == NN_OK || status == NN_ERROR_MEMORY);
        nn_dataset_close(dataset);
        assert_int_equal(nn_memory_in_use(), before);
        assert_int_equal(H5Fget_obj_count(H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
    }
    assert_true(n > 20);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nan_and_inf_are_found),
        cmocka_unit_test(invalid_labels_are_refused),
        cmocka_unit_test(all_problems_are_reported_at_once),
        cmocka_unit_test(files_are_found_or_reported),
        cmocka_unit_test(extreme_values_are_refused),
        cmocka_unit_test(mismatched_parts_and_files_are_refused),
        cmocka_unit_test(parts_of_different_types_are_read),
        cmocka_unit_test(failed_allocations_are_survived),
    };
    int failures;
    RUN_TESTS(argc, argv, tests, failures);
    return failures;
}
