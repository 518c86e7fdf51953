/* The samples for training, validation and test. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "data/source_array.h"
#include "opened.h"

/* The part of each row of the source of the train part, -1: none; every row of a part is in it once. */
static void take_rows(const nn_dataset *dataset, int64_t rows, int *parts)
{
    for (int64_t i = 0; i < rows; i++) parts[i] = -1;
    for (int p = 0; p < NN_PARTS; p++)
        for (int64_t s = 0; s < nn_dataset_count(dataset, (nn_part)p); s++) {
            int64_t row = nn_dataset_row(dataset, (nn_part)p, s);
            assert_true(row >= 0 && row < rows);
            assert_int_equal(parts[row], -1);
            parts[row] = p;
        }
}

static void count_rows(const int *parts, int64_t rows, int64_t counts[NN_PARTS])
{
    memset(counts, 0, NN_PARTS * sizeof *counts);
    for (int64_t i = 0; i < rows; i++) {
        assert_true(parts[i] >= 0);
        counts[parts[i]]++;
    }
}

/* The part of each row; counts[part][label]. */
static void take_parts(nn_dataset *dataset, int parts[SPLIT_ROWS], int64_t counts[NN_PARTS][4])
{
    memset(counts, 0, sizeof(int64_t[NN_PARTS][4]));
    for (int i = 0; i < SPLIT_ROWS; i++) parts[i] = -1;
    for (int p = 0; p < NN_PARTS; p++)
        for (int64_t s = 0; s < nn_dataset_count(dataset, (nn_part)p); s++) {
            nn_real x;
            int64_t label;
            gather_ok(dataset, (nn_part)p, s, 1, &x, NULL, &label);
            assert_int_equal(label, split_label((int64_t)x));
            assert_int_equal(parts[(int64_t)x], -1);
            parts[(int64_t)x] = p;
            counts[p][label]++;
        }
    for (int i = 0; i < SPLIT_ROWS; i++) assert_true(parts[i] >= 0);
}

/* If it fails: a sample is in two parts or in none, or the seed or the fractions have no effect. */
static void a_split_is_disjoint_and_complete(void **state)
{
    (void)state;
    int first[SPLIT_ROWS], again[SPLIT_ROWS], other[SPLIT_ROWS];
    int64_t counts[NN_PARTS][4];
    write_split_file();
    nn_data_options options = files_options();
    files_field(&options, "x")->normalize = NN_NORMALIZE_NONE;
    for (int stratified = 0; stratified < 2; stratified++) {
        options.split =
            (nn_split_options){.validation = 0.15, .test = 0.1, .stratified = stratified, .seed = 7};
        nn_dataset *dataset = open_ok(&options, true);
        assert_int_equal(nn_dataset_count(dataset, NN_TRAIN), 750);
        assert_int_equal(nn_dataset_count(dataset, NN_VALIDATION), 150);
        assert_int_equal(nn_dataset_count(dataset, NN_TEST), 100);
        take_parts(dataset, first, counts);
        nn_dataset_close(dataset);
        if (stratified) {
            const int64_t expected[NN_PARTS][4] = {{450, 225, 72, 3}, {90, 45, 15, 0}, {60, 30, 10, 0}};
            assert_memory_equal(counts, expected, sizeof expected);
        }
        assert_int_equal(
            files_open(comm, &options, 8, &(nn_target_wanted){.classes = true}, 1, NULL, &dataset),
            NN_OK); /* a different seed of the run */
        take_parts(dataset, again, counts);
        nn_dataset_close(dataset);
        assert_memory_equal(first, again, sizeof first);
        options.split.seed = 8;
        dataset = open_ok(&options, true);
        take_parts(dataset, other, counts);
        nn_dataset_close(dataset);
        assert_memory_not_equal(first, other, sizeof first);
    }
}

/* A file of `rows` rows: x is the row number plus `first`, y is 0 or 1, g is given. */
static void write_rows(const char *name, int64_t rows, int64_t first, int64_t chunk,
                       int64_t group_of(int64_t))
{
    double *x = calloc((size_t)rows, sizeof *x), *y = calloc((size_t)rows, sizeof *y);
    double *g = calloc((size_t)rows, sizeof *g);
    const hsize_t extent = (hsize_t)rows;
    for (int64_t i = 0; i < rows; i++) {
        x[i] = (double)(first + i);
        y[i] = (double)(i % 2);
        g[i] = group_of ? (double)group_of(i) : 0;
    }
    hid_t file = files_create(name);
    files_add(file, "x", H5T_STD_U32LE, H5T_NATIVE_DOUBLE, 1, &extent, (hsize_t)chunk, x);
    files_add_column(file, "y", H5T_STD_U8LE, (hsize_t)rows, y);
    files_add_column(file, "g", H5T_STD_I16LE, (hsize_t)rows, g);
    H5Fclose(file);
    free(x);
    free(y);
    free(g);
}

/* If it fails: a share of a large file has the wrong size, or samples are lost between groups. */
static void random_shares_are_exact(void **state)
{
    (void)state;
    static const struct {
        int64_t rows, chunk;
        double validation, test;
    } cases[] = {{10, 0, 0.1, 0.1},     {64, 0, 0.5, 0.25},      {1023, 7, 0.1, 0},      {1025, 0, 0, 0.3},
                 {5000, 1, 0.15, 0.05}, {40961, 1024, 0.2, 0.1}, {40000, 0, 0.98, 0.01}, {3000, 0, 0.001, 0}};
    static int parts[50000];
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        int64_t rows = cases[n].rows, counts[NN_PARTS];
        write_rows("d.h5", rows, 0, cases[n].chunk, NULL);
        nn_data_options options = files_options();
        options.split =
            (nn_split_options){.validation = cases[n].validation, .test = cases[n].test, .seed = 3};
        nn_dataset *dataset = open_ok(&options, true);
        int64_t validation = (int64_t)(cases[n].validation * (double)rows + 0.5);
        int64_t test = (int64_t)(cases[n].test * (double)rows + 0.5);
        assert_int_equal(nn_dataset_count(dataset, NN_VALIDATION), validation);
        assert_int_equal(nn_dataset_count(dataset, NN_TEST), test);
        assert_int_equal(nn_dataset_count(dataset, NN_TRAIN), rows - validation - test);
        take_rows(dataset, rows, parts);
        count_rows(parts, rows, counts);
        nn_dataset_close(dataset);
    }
}

/* Samples of 16 KiB, so that a block of the file holds about 64 of them. The first value is the row. */
static void write_wide(hsize_t rows, hsize_t chunk)
{
    enum { WIDE = 8192 };
    const hsize_t extents[2] = {rows, WIDE};
    double *x = calloc((size_t)rows * WIDE, sizeof *x), *y = calloc((size_t)rows, sizeof *y);
    for (hsize_t i = 0; i < rows; i++) x[i * WIDE] = (double)i;
    for (hsize_t i = 0; i < rows; i++) y[i] = (double)(i % 2);
    hid_t file = files_create("d.h5");
    files_add(file, "x", H5T_STD_U16LE, H5T_NATIVE_DOUBLE, 2, extents, chunk, x);
    files_add_column(file, "y", H5T_STD_U8LE, rows, y);
    H5Fclose(file);
    free(x);
    free(y);
}

/* If it fails: samples are lost or taken twice at the boundary of two groups of a random split. */
static void random_shares_of_many_groups_are_exact(void **state)
{
    (void)state;
    static const struct {
        int64_t rows, chunk;
        double validation, test;
    } cases[] = {
        {700, 0, 0.15, 0.1}, {640, 10, 0.1, 0}, {1009, 7, 0.3, 0.4}, {127, 0, 0.5, 0.05}, {513, 1, 0, 0.01}};
    static int parts[1100];
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        int64_t rows = cases[n].rows, counts[NN_PARTS];
        write_wide((hsize_t)rows, (hsize_t)cases[n].chunk);
        nn_data_options options = files_options();
        files_field(&options, "x")->normalize = NN_NORMALIZE_NONE;
        options.split =
            (nn_split_options){.validation = cases[n].validation, .test = cases[n].test, .seed = 3};
        options.cache = NN_CACHE_STREAM;
        nn_dataset *dataset = open_ok(&options, true);
        take_rows(dataset, rows, parts);
        count_rows(parts, rows, counts);
        assert_int_equal(counts[NN_VALIDATION], (int64_t)(cases[n].validation * (double)rows + 0.5));
        assert_int_equal(counts[NN_TEST], (int64_t)(cases[n].test * (double)rows + 0.5));
        for (int64_t first = 0; first + 200 <= rows && cases[n].validation > 0; first += 200) {
            int64_t held = 0;
            for (int64_t i = first; i < first + 200; i++) held += parts[i] == NN_VALIDATION;
            assert_true(fabs((double)held - 200 * cases[n].validation) < 30);
        }
        for (int64_t lag = 32; n == 0 && lag < 256; lag++) { /* equal groups of any length */
            int64_t differ = 0;
            for (int64_t i = lag; i < rows; i++) differ += parts[i] != parts[i - lag];
            assert_true(differ > 100);
        }
        nn_dataset_close(dataset);
        options.shuffle_window = 1;
        expect_same_from_stream(options, true);
    }
}

/* If it fails: held-out samples are not spread over the file, so parts differ if the data drifts. */
static void random_shares_are_spread_evenly(void **state)
{
    (void)state;
    enum { ROWS = 40000, TENTH = ROWS / 10 };
    static int parts[ROWS];
    int64_t counts[NN_PARTS], even[NN_PARTS] = {0};
    write_rows("d.h5", ROWS, 0, 0, NULL);
    nn_data_options options = files_options();
    options.split.validation = 0.2;
    nn_dataset *dataset = open_ok(&options, true);
    take_rows(dataset, ROWS, parts);
    for (int t = 0; t < 10; t++) {
        count_rows(parts + t * TENTH, TENTH, counts);
        assert_true(counts[NN_VALIDATION] > TENTH / 5 - 300 && counts[NN_VALIDATION] < TENTH / 5 + 300);
    }
    for (int i = 0; i < ROWS; i += 2) even[parts[i]]++;
    assert_true(even[NN_VALIDATION] > 3600 && even[NN_VALIDATION] < 4400);
    nn_dataset_close(dataset);
}

/* If it fails: a run trains on the future and tests on the past. */
static void chronological_shares_keep_the_order(void **state)
{
    (void)state;
    write_rows("d.h5", 1000, 0, 0, NULL);
    nn_data_options options = files_options();
    options.split = (nn_split_options){.validation = 0.15, .test = 0.1, .order = NN_SPLIT_CHRONOLOGICAL};
    nn_dataset *dataset = open_ok(&options, true);
    assert_int_equal(nn_dataset_count(dataset, NN_TRAIN), 750);
    assert_int_equal(nn_dataset_count(dataset, NN_VALIDATION), 150);
    assert_int_equal(nn_dataset_count(dataset, NN_TEST), 100);
    for (int64_t s = 0; s < 750; s++) assert_int_equal(nn_dataset_row(dataset, NN_TRAIN, s), s);
    for (int64_t s = 0; s < 150; s++) assert_int_equal(nn_dataset_row(dataset, NN_VALIDATION, s), 750 + s);
    for (int64_t s = 0; s < 100; s++) assert_int_equal(nn_dataset_row(dataset, NN_TEST, s), 900 + s);
    nn_dataset_close(dataset);
}

static int64_t group_of_patient(int64_t row)
{
    return row * 7919 % 1000 / 23 - 5;
}

/* If it fails: samples of one patient are in training and in test. */
static void groups_stay_together(void **state)
{
    (void)state;
    static int parts[1000];
    int part_of[64], seen[NN_PARTS] = {0};
    int64_t counts[NN_PARTS];
    write_rows("d.h5", 1000, 0, 0, group_of_patient);
    nn_data_options options = files_options();
    options.split.validation = 0.2;
    options.split.test = 0.1;
    options.split.by = NN_SPLIT_BY_GROUP;
    options.split.group = (char *)"g";
    nn_dataset *dataset = NULL;
    options.fields.count = 0;
    dataset = open_ok(&options, true);
    take_rows(dataset, 1000, parts);
    count_rows(parts, 1000, counts);
    for (int g = 0; g < 64; g++) part_of[g] = -1;
    for (int64_t i = 0; i < 1000; i++) {
        int *part = &part_of[group_of_patient(i) + 5];
        if (*part < 0) seen[parts[i]]++;
        if (*part < 0) *part = parts[i];
        assert_int_equal(*part, parts[i]);
    }
    assert_true(seen[NN_TRAIN] > 20 && seen[NN_VALIDATION] > 4 && seen[NN_TEST] > 1);
    assert_true(counts[NN_VALIDATION] >= 177 && counts[NN_VALIDATION] <= 223);
    assert_true(counts[NN_TEST] >= 77 && counts[NN_TEST] <= 123);
    nn_dataset_close(dataset);
    options.split.group = (char *)"h";
    expect_refused(&options, true, "dataset \"h\"");
    options.split.group = NULL;
    expect_refused(&options, true, "needs data.split.group");
}

/* If it fails: groups whose numbers cannot be labels, such as dates or negative numbers, become one group. */
static void any_number_is_a_group(void **state)
{
    (void)state;
    static const double far[] = {-1, -2, 20260101001, 20260101002, 4294967296, 4294967303, 0x1p52, -0x1p52};
    static const double bad[] = {0.5, 0x1p53, -0x1p60, INFINITY, NAN};
    for (int i = 0; i < (int)(sizeof far / sizeof *far); i++) {
        assert_true(nn_array_group(far[i]) >= 0);
        for (int j = 0; j < i; j++) assert_int_not_equal(nn_array_group(far[i]), nn_array_group(far[j]));
    }
    for (int i = 0; i < (int)(sizeof bad / sizeof *bad); i++)
        assert_int_equal(nn_array_group(bad[i]), NN_LABEL_BAD);
    assert_int_equal(nn_array_group(0), 0);
    assert_int_equal(nn_array_group(NN_LABEL_MAX), 2147483646);
}

/* Ten files of 60, 61, ... 69 rows; x counts through all of them. */
static void write_pieces(void)
{
    int64_t first = 0;
    for (int i = 0; i < 10; i++) {
        char name[32];
        snprintf(name, sizeof name, "piece-%d.h5", i);
        write_rows(name, 60 + i, first, 0, NULL);
        first += 60 + i;
    }
}

/* If it fails: the rows of several files are mixed up, or a pattern misses files. */
static void files_are_one_data_set(void **state)
{
    (void)state;
    write_pieces();
    for (int cache = NN_CACHE_MEMORY; cache <= NN_CACHE_STREAM; cache++) {
        nn_data_options options = files_options();
        options.cache = cache;
        options.file = files_text("piece-?.h5");
        files_field(&options, "x")->normalize = NN_NORMALIZE_NONE;
        nn_dataset *dataset = open_ok(&options, true);
        assert_int_equal(nn_dataset_count(dataset, NN_TRAIN), 645);
        for (int64_t s = 0; s < 645; s += 5) {
            nn_real x[5];
            gather_ok(dataset, NN_TRAIN, s, 5, x, NULL, NULL);
            for (int i = 0; i < 5; i++) assert_true(x[i] == (nn_real)(s + i));
        }
        nn_dataset_close(dataset);
    }
    nn_data_options options = files_options();
    options.file = files_text("pieces-*.h5");
    expect_refused(&options, true, "no file matches ");
    expect_message("pieces-*.h5");
}

/* If it fails: one file is in training and in test. */
static void files_stay_together(void **state)
{
    (void)state;
    static int parts[645];
    int64_t counts[NN_PARTS], row = 0;
    write_pieces();
    nn_data_options options = files_options();
    options.file = files_text("piece-*.h5");
    options.split.validation = 0.2;
    options.split.by = NN_SPLIT_BY_FILE;
    nn_dataset *dataset = open_ok(&options, true);
    take_rows(dataset, 645, parts);
    count_rows(parts, 645, counts);
    for (int i = 0; i < 10; i++)
        for (int64_t end = row + 60 + i, first = row; row < end; row++)
            assert_int_equal(parts[row], parts[first]);
    assert_true(counts[NN_VALIDATION] >= 121 && counts[NN_VALIDATION] <= 137);
    nn_dataset_close(dataset);
}

/* If it fails: files that do not match are read as one data set. */
static void files_must_match(void **state)
{
    (void)state;
    const double values[20] = {0};
    write_pieces();
    hid_t file = files_create("piece-x.h5");
    files_add_rows(file, "x", H5T_STD_U32LE, 10, 2, values);
    files_add_column(file, "y", H5T_STD_U8LE, 9, values);
    H5Fclose(file);
    nn_data_options options = files_options();
    options.file = files_text("piece-*.h5");
    expect_refused(&options, true, "piece-x.h5: its samples are 2, but those of ");
    remove(files_path("piece-x.h5"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_split_is_disjoint_and_complete),
        cmocka_unit_test(random_shares_are_exact),
        cmocka_unit_test(random_shares_of_many_groups_are_exact),
        cmocka_unit_test(random_shares_are_spread_evenly),
        cmocka_unit_test(chronological_shares_keep_the_order),
        cmocka_unit_test(groups_stay_together),
        cmocka_unit_test(any_number_is_a_group),
        cmocka_unit_test(files_are_one_data_set),
        cmocka_unit_test(files_stay_together),
        cmocka_unit_test(files_must_match),
    };
    int failures;
    RUN_TESTS(argc, argv, tests, failures);
    return failures;
}
