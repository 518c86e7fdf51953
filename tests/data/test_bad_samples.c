/* Unusable samples are either left out, all of them and no others, or stop the run and are reported. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "opened.h"

enum { ROWS = 300, COLUMNS = 4, CHUNK = 16 };

/* x is the row number in every column; rows 17 and 299 contain NaN, row 100 Inf; the label of row 40 is
 * invalid. */
static void write_bad(bool bad)
{
    static double x[ROWS * COLUMNS], y[ROWS];
    for (int64_t i = 0; i < ROWS * COLUMNS; i++) x[i] = (double)(i / COLUMNS);
    for (int64_t i = 0; i < ROWS; i++) y[i] = (double)(i % 3);
    if (bad) x[17 * COLUMNS + 3] = x[299 * COLUMNS] = NAN;
    if (bad) x[100 * COLUMNS + 1] = -INFINITY;
    if (bad) y[40] = 1.5;
    hid_t file = files_create("d.h5");
    files_add_rows(file, "x", H5T_IEEE_F64LE, ROWS, COLUMNS, x);
    files_add_column(file, "y", H5T_IEEE_F32LE, ROWS, y);
    H5Fclose(file);
}

/* Exactly the rows that are not in `bad` are samples, each once over all parts. */
static void check_left(nn_data_options options, bool is_bad(int64_t))
{
    files_field(&options, "x")->normalize = NN_NORMALIZE_NONE;
    for (options.cache = NN_CACHE_MEMORY; options.cache <= NN_CACHE_STREAM; options.cache++) {
        bool seen[ROWS] = {false};
        nn_dataset *dataset = open_ok(&options, true);
        assert_int_equal(nn_dataset_target(dataset, 0)->classes, 3);
        for (int p = 0; p < NN_PARTS; p++)
            for (int64_t s = 0; s < nn_dataset_count(dataset, (nn_part)p); s++) {
                int64_t row = nn_dataset_row(dataset, (nn_part)p, s), label;
                nn_real x[COLUMNS];
                gather_ok(dataset, (nn_part)p, s, 1, x, NULL, &label);
                if (row < 0 || row >= ROWS || seen[row] || is_bad(row))
                    fail_msg("cache %d, part %d: sample %lld is row %lld", options.cache, p, (long long)s,
                             (long long)row);
                seen[row] = true;
                for (int c = 0; c < COLUMNS; c++) assert_true(x[c] == (nn_real)row);
                assert_int_equal(label, row % 3);
            }
        for (int64_t row = 0; row < ROWS; row++) assert_true(seen[row] || is_bad(row));
        nn_dataset_close(dataset);
    }
    expect_same_from_stream(options, true);
}

static bool holds_nonsense(int64_t row)
{
    return row == 17 || row == 40 || row == 100 || row == 299;
}

/* If it fails: bad samples are trained on, or good ones are lost. */
static void bad_values_are_skipped(void **state)
{
    (void)state;
    write_bad(true);
    nn_data_options options = files_options();
    expect_refused(&options, true, "sample 17, column 3 is NaN");
    expect_message("the label of sample 40 is 1.5");
    options.on_bad_sample = NN_BAD_SKIP;
    check_left(options, holds_nonsense);
    options.split.validation = 0.2;
    check_left(options, holds_nonsense);
    options.split.order = NN_SPLIT_CHRONOLOGICAL;
    check_left(options, holds_nonsense);
    options.split = (nn_split_options){.test = 0.2, .stratified = true, .seed = -1};
    check_left(options, holds_nonsense);
}

static bool is_nothing_bad(int64_t row)
{
    (void)row;
    return false;
}

/* If it fails: data without faults is changed by on_bad_sample: skip. */
static void good_data_loses_nothing(void **state)
{
    (void)state;
    write_bad(false);
    nn_data_options options = files_options();
    options.on_bad_sample = NN_BAD_SKIP;
    check_left(options, is_nothing_bad);
}

/* ---- a damaged chunk ---- */

/* Flips a bit in the middle of chunk `chunk` of dataset "x". */
static void damage_chunk(hsize_t chunk)
{
    hid_t file = H5Fopen(files_path("d.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t dataset = H5Dopen2(file, "x", H5P_DEFAULT), space = H5Dget_space(dataset);
    hsize_t offset[2], size = 0;
    haddr_t address = 0;
    unsigned mask;
    assert_true(H5Dget_chunk_info(dataset, space, chunk, offset, &mask, &address, &size) >= 0);
    assert_int_equal(offset[0], chunk * CHUNK);
    H5Sclose(space);
    H5Dclose(dataset);
    H5Fclose(file);
    FILE *bytes = fopen(files_path("d.h5"), "r+b");
    fseek(bytes, (long)(address + size / 2), SEEK_SET);
    int byte = fgetc(bytes);
    fseek(bytes, (long)(address + size / 2), SEEK_SET);
    fputc(byte ^ 4, bytes);
    fclose(bytes);
}

static void write_checksummed(void)
{
    static double x[ROWS * COLUMNS], y[ROWS];
    const hsize_t extents[2] = {ROWS, COLUMNS}, chunk[2] = {CHUNK, COLUMNS};
    for (int64_t i = 0; i < ROWS * COLUMNS; i++) x[i] = (double)(i / COLUMNS);
    for (int64_t i = 0; i < ROWS; i++) y[i] = (double)(i % 3);
    hid_t file = files_create("d.h5"), properties = H5Pcreate(H5P_DATASET_CREATE);
    hid_t space = H5Screate_simple(2, extents, NULL);
    H5Pset_chunk(properties, 2, chunk);
    H5Pset_fletcher32(properties);
    hid_t dataset = H5Dcreate2(file, "x", H5T_STD_U16LE, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, x);
    H5Dclose(dataset);
    H5Sclose(space);
    H5Pclose(properties);
    files_add_column(file, "y", H5T_STD_U8LE, ROWS, y);
    H5Fclose(file);
}

static bool is_in_damaged_chunk(int64_t row)
{
    return row / CHUNK == 3 || row / CHUNK == 18;
}

/* If it fails: damaged bytes are trained on, or samples next to the damage are lost. */
static void damaged_chunks_are_skipped(void **state)
{
    (void)state;
    write_checksummed();
    damage_chunk(3);
    damage_chunk(18);
    nn_data_options options = files_options();
    nn_dataset *dataset = NULL;
    for (options.cache = NN_CACHE_MEMORY; options.cache <= NN_CACHE_STREAM; options.cache++) {
        assert_int_not_equal(
            files_open(comm, &options, 7, &(nn_target_wanted){.classes = true}, 1, NULL, &dataset), NN_OK);
        assert_null(dataset);
        expect_message("data.train.x");
        expect_message("rows 48 to 63");
    }
    options.on_bad_sample = NN_BAD_SKIP;
    check_left(options, is_in_damaged_chunk);
    options.split.validation = 0.3;
    check_left(options, is_in_damaged_chunk);
}

/* If it fails: a run starts without a single good sample. */
static void nothing_but_bad_samples_is_refused(void **state)
{
    (void)state;
    const double x[4] = {NAN, NAN, INFINITY, NAN}, y[4] = {0, 1, 0, 1};
    hid_t file = files_create("d.h5");
    files_add_column(file, "x", H5T_IEEE_F32LE, 4, x);
    files_add_column(file, "y", H5T_STD_U8LE, 4, y);
    H5Fclose(file);
    nn_data_options options = files_options();
    options.on_bad_sample = NN_BAD_SKIP;
    expect_refused(&options, true, "data.train: all 4 samples are bad");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_values_are_skipped),
        cmocka_unit_test(good_data_loses_nothing),
        cmocka_unit_test(damaged_chunks_are_skipped),
        cmocka_unit_test(nothing_but_bad_samples_is_refused),
    };
    int failures;
    RUN_TESTS(argc, argv, tests, failures);
    return failures;
}
