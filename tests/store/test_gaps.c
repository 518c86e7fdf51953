/* Unwritten elements are found wherever HDF5 reads fill values instead, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <hdf5.h>
#include <sys/resource.h>

#include "scratch.h"
#include "store/gaps.h"

enum { ROWS = 12, COLUMNS = 6 };

static hid_t open_new(const char *name)
{
    hid_t file = H5Fcreate(scratch_path(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(file >= 0);
    return file;
}

static hid_t space_of(hsize_t rows, hsize_t columns, bool grows)
{
    const hsize_t extents[2] = {rows, columns}, most[2] = {H5S_UNLIMITED, columns};
    return H5Screate_simple(2, extents, grows ? most : NULL);
}

static hid_t make(hid_t file, const char *name, hid_t space, hid_t creation)
{
    hid_t dataset = H5Dcreate2(file, name, H5T_NATIVE_INT, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    assert_true(dataset >= 0);
    return dataset;
}

/* Writes 7 to a box. */
static void write_box(hid_t dataset, hsize_t row, hsize_t column, hsize_t rows, hsize_t columns)
{
    const hsize_t start[2] = {row, column}, count[2] = {rows, columns};
    int values[ROWS * COLUMNS * 4];
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) values[i] = 7;
    hid_t space = H5Dget_space(dataset), memory = H5Screate_simple(2, count, NULL);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL);
    assert_true(H5Dwrite(dataset, H5T_NATIVE_INT, memory, space, H5P_DEFAULT, values) >= 0);
    H5Sclose(memory);
    H5Sclose(space);
}

static void close_all(hid_t dataset, hid_t creation, hid_t space, hid_t file)
{
    H5Dclose(dataset);
    if (creation != H5P_DEFAULT) H5Pclose(creation);
    H5Sclose(space);
    if (file >= 0) H5Fclose(file);
}

/* A file with a completely written dataset "x". */
static void write_source(const char *name, const char *dataset, hsize_t rows, bool grows)
{
    hid_t file = open_new(name), space = space_of(rows, COLUMNS, grows);
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    const hsize_t chunk[2] = {2, COLUMNS};
    if (grows) H5Pset_chunk(creation, 2, chunk);
    hid_t made = make(file, dataset, space, creation);
    write_box(made, 0, 0, rows, COLUMNS);
    close_all(made, creation, space, file);
}

static nn_status gaps_open(nn_store_file *file, const char *dataset, nn_store_array **array)
{
    return nn_store_array_open_as(file, &(nn_store_spec){.dataset = dataset, .incomplete = true}, array);
}

/* Those that another process gets. */
static nn_store_gaps *sent(nn_store_gaps *gaps)
{
    nn_parcel parcel = {0};
    nn_store_gaps *taken;
    nn_store_gaps_put(gaps, &parcel);
    assert_int_equal(nn_store_gaps_take(&parcel, &taken), NN_OK);
    assert_int_equal(parcel.taken, parcel.size);
    nn_parcel_free(&parcel);
    nn_store_gaps_destroy(gaps);
    return taken;
}

/* Elements read as 7 are present and all others are gaps: in the dataset, and in each slab of it. */
static void expect_gaps(const char *name, const char *cause)
{
    nn_store_file *file;
    nn_store_array *array;
    nn_store_gaps *gaps;
    int values[ROWS * COLUMNS * 4];
    unsigned char missing[ROWS * COLUMNS * 4];
    int64_t expected = 0;
    assert_int_equal(nn_store_open(scratch_path(name), &file), NN_OK);
    if (gaps_open(file, "x", &array) != NN_OK) fail_msg("%s", nn_error_text());
    if (nn_store_gaps_find(array, &gaps) != NN_OK) fail_msg("%s", nn_error_text());
    gaps = sent(gaps);
    const nn_store_info *info = nn_store_array_info(array);
    for (int axis = 0; axis < 2; axis++)
        for (int64_t count = 1; count <= info->extents[axis]; count++) {
            int64_t first = info->extents[axis] - count, other = info->extents[1 - axis];
            memset(missing, 0, sizeof missing);
            assert_int_equal(nn_store_read_slab(array, axis, first, count, NN_STORE_I32, values), NN_OK);
            nn_store_gaps_mark(gaps, axis, first, count, missing);
            for (int64_t i = 0; i < count * other; i++)
                if (missing[i] != (values[i] != 7))
                    fail_msg("%s, axis %d, %lld from %lld: element %lld is %d, marked %d", name, axis,
                             (long long)count, (long long)first, (long long)i, values[i], missing[i]);
            for (int64_t i = 0; axis == 0 && first == 0 && i < count * other; i++) expected += values[i] != 7;
        }
    assert_int_equal(nn_store_gaps_count(gaps), expected);
    assert_int_equal(gaps != NULL, cause != NULL);
    if (cause && !strstr(nn_store_gaps_cause(gaps), cause))
        fail_msg("\"%s\" is not in: %s", cause, nn_store_gaps_cause(gaps));
    nn_store_gaps_destroy(gaps);
    nn_store_array_close(array);
    nn_store_close(file);
}

/* If it fails: chunks that were never written are taken for values. */
static void chunks(void **state)
{
    (void)state;
    const hsize_t chunk[2] = {5, 4};
    for (int whole = 0; whole < 2; whole++) {
        hid_t file = open_new("c.h5"), space = space_of(ROWS, COLUMNS, false);
        hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
        H5Pset_chunk(creation, 2, chunk);
        H5Pset_deflate(creation, 1);
        hid_t made = make(file, "x", space, creation);
        write_box(made, 0, 0, 5, 4);
        write_box(made, 10, 4, 2, 2);
        if (whole) write_box(made, 0, 0, ROWS, COLUMNS);
        close_all(made, creation, space, file);
        expect_gaps("c.h5", whole ? NULL : "a chunk of dataset \"x\" of ");
    }
    hid_t file = open_new("n.h5"), space = space_of(ROWS, COLUMNS, false);
    close_all(make(file, "x", space, H5P_DEFAULT), H5P_DEFAULT, space, file);
    expect_gaps("n.h5", "was never written");
}

/* If it fails: chunks that were allocated early count as missing. */
static void early_chunks_are_present(void **state)
{
    (void)state;
    const hsize_t chunk[2] = {5, 4};
    const int seven = 7;
    hid_t file = open_new("e.h5"), space = space_of(ROWS, COLUMNS, false);
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(creation, 2, chunk);
    H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
    H5Pset_fill_value(creation, H5T_NATIVE_INT, &seven);
    close_all(make(file, "x", space, creation), creation, space, file);
    expect_gaps("e.h5", NULL);
}

/* Maps rows [to, to + rows) to rows [from, from + rows) of a source, columns [column, column + columns). */
static void map(hid_t creation, hsize_t to, hsize_t column, hsize_t rows, hsize_t columns, const char *file,
                const char *dataset)
{
    const hsize_t start[2] = {to, column}, none[2] = {0, 0}, count[2] = {rows, columns};
    hid_t target = space_of(ROWS, COLUMNS, false), source = space_of(ROWS, COLUMNS, false);
    H5Sselect_hyperslab(target, H5S_SELECT_SET, start, NULL, count, NULL);
    H5Sselect_hyperslab(source, H5S_SELECT_SET, none, NULL, count, NULL);
    assert_true(H5Pset_virtual(creation, target, file, dataset, source) >= 0);
    H5Sclose(source);
    H5Sclose(target);
}

static void finish_virtual(const char *name, hid_t creation)
{
    hid_t file = open_new(name), space = space_of(ROWS, COLUMNS, false);
    close_all(make(file, "x", space, creation), creation, space, file);
}

/* If it fails: what no source covers, or a missing source, is taken for values. */
static void virtual_sources(void **state)
{
    (void)state;
    write_source("s.h5", "x", ROWS, false);
    write_source("t.h5", "other", ROWS, false);
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    map(creation, 0, 0, 4, COLUMNS, "s.h5", "x");
    map(creation, 4, 0, 8, 2, "s.h5", "x");
    map(creation, 4, 2, 8, 4, "s.h5", "x");
    finish_virtual("whole.h5", creation);
    expect_gaps("whole.h5", NULL);
    creation = H5Pcreate(H5P_DATASET_CREATE);
    map(creation, 0, 0, 4, COLUMNS, "s.h5", "x");
    map(creation, 2, 0, 4, COLUMNS, "s.h5", "x");
    map(creation, 9, 1, 2, 3, "s.h5", "x");
    finish_virtual("gap.h5", creation);
    expect_gaps("gap.h5", "no source of the virtual dataset \"x\"");
    creation = H5Pcreate(H5P_DATASET_CREATE);
    map(creation, 0, 0, 6, COLUMNS, "s.h5", "x");
    map(creation, 6, 0, 6, COLUMNS, "none.h5", "x");
    finish_virtual("file.h5", creation);
    expect_gaps("file.h5", "the file none.h5 does not exist");
    creation = H5Pcreate(H5P_DATASET_CREATE);
    map(creation, 0, 0, 6, COLUMNS, "t.h5", "x");
    map(creation, 6, 0, 6, COLUMNS, "t.h5", "other");
    finish_virtual("dataset.h5", creation);
    expect_gaps("dataset.h5", "dataset \"x\" does not exist in ");
}

/* If it fails: the gaps of a source are not those of the virtual dataset over it. */
static void sources_with_gaps(void **state)
{
    (void)state;
    const hsize_t chunk[2] = {3, 4};
    hid_t file = open_new("p.h5"), space = space_of(ROWS, COLUMNS, false);
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(creation, 2, chunk);
    hid_t made = make(file, "x", space, creation);
    write_box(made, 0, 0, 3, COLUMNS);
    write_box(made, 6, 4, 3, 2);
    close_all(made, creation, space, file);
    creation = H5Pcreate(H5P_DATASET_CREATE);
    map(creation, 1, 0, 11, COLUMNS, "p.h5", "x");
    map(creation, 0, 0, 1, COLUMNS, "p.h5", "x");
    finish_virtual("v.h5", creation);
    expect_gaps("v.h5", "a chunk of dataset \"x\" of ");
    creation = H5Pcreate(H5P_DATASET_CREATE);
    map(creation, 0, 0, 12, COLUMNS, "v.h5", "x");
    finish_virtual("w.h5", creation);
    expect_gaps("w.h5", "a chunk of dataset \"x\" of ");
}

/* Two sources side by side that may grow: each gives its own columns. */
static void map_growing(hid_t creation, hsize_t column, hsize_t stride, hsize_t block, const char *file)
{
    const hsize_t start[2] = {0, column}, none[2] = {0, 0}, count[2] = {H5S_UNLIMITED, 1},
                  strides[2] = {stride, 1}, blocks[2] = {block, 3}, plain[2] = {1, 1};
    hid_t target = space_of(0, COLUMNS, true), source = space_of(0, COLUMNS, true);
    H5Sselect_hyperslab(target, H5S_SELECT_SET, start, strides, count, blocks);
    const hsize_t source_blocks[2] = {1, 3};
    H5Sselect_hyperslab(source, H5S_SELECT_SET, none, plain, count, source_blocks);
    assert_true(H5Pset_virtual(creation, target, file, "x", source) >= 0);
    H5Sclose(source);
    H5Sclose(target);
}

/* If it fails: where one source is shorter than another, the rest of its columns is taken for values. */
static void growing_sources(void **state)
{
    (void)state;
    write_source("long.h5", "x", 10, true);
    write_source("short.h5", "x", 7, true);
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    map_growing(creation, 0, 1, 1, "long.h5");
    map_growing(creation, 3, 1, 1, "short.h5");
    hid_t file = open_new("grow.h5"), space = space_of(0, COLUMNS, true);
    close_all(make(file, "x", space, creation), creation, space, file);
    expect_gaps("grow.h5", "no source of the virtual dataset");
    creation = H5Pcreate(H5P_DATASET_CREATE);
    map_growing(creation, 0, 1, 1, "long.h5");
    map_growing(creation, 3, 3, 2, "short.h5");
    file = open_new("strides.h5");
    space = space_of(0, COLUMNS, true);
    close_all(make(file, "x", space, creation), creation, space, file);
    expect_gaps("strides.h5", "no source of the virtual dataset");
}

static void write_series(void)
{
    const hsize_t start[2] = {0, 0}, stride[2] = {3, 1}, count[2] = {H5S_UNLIMITED, 1},
                  block[2] = {3, COLUMNS};
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE), target = space_of(0, COLUMNS, true);
    hid_t source = space_of(3, COLUMNS, false), file = open_new("series.h5"),
          space = space_of(0, COLUMNS, true);
    H5Sselect_hyperslab(target, H5S_SELECT_SET, start, stride, count, block);
    assert_true(H5Pset_virtual(creation, target, "run-%b.h5", "x", source) >= 0);
    H5Sclose(source);
    H5Sclose(target);
    close_all(make(file, "x", space, creation), creation, space, file);
}

/* If it fails: files after a missing one are silently ignored. */
static void series_of_files(void **state)
{
    (void)state;
    nn_store_file *file;
    nn_store_array *array;
    nn_store_gaps *gaps = NULL;
    char name[24];
    write_series();
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "run-%d.h5", i);
        write_source(name, "x", 3, false);
    }
    expect_gaps("series.h5", NULL);
    remove(scratch_path("run-1.h5"));
    assert_int_equal(nn_store_open(scratch_path("series.h5"), &file), NN_OK);
    assert_int_equal(gaps_open(file, "x", &array), NN_OK);
    assert_int_equal(nn_store_array_info(array)->extents[0], 3);
    assert_int_equal(nn_store_gaps_find(array, &gaps), NN_ERROR_DATA);
    assert_non_null(strstr(nn_error_text(), "of which run-1.h5 does not exist but run-2.h5 does"));
    assert_null(gaps);
    nn_store_array_close(array);
    nn_store_close(file);
}

/* If it fails: sources that HDF5 cannot open, because too many files are open, are read as zeros. */
static void many_sources(void **state)
{
    (void)state;
    enum { FILES = 48 };
    const hsize_t extents[2] = {FILES, COLUMNS};
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(2, extents, NULL);
    struct rlimit before, limit;
    nn_store_file *file;
    nn_store_array *array;
    nn_store_gaps *gaps;
    int values[FILES * COLUMNS];
    char name[16];
    for (hsize_t k = 0; k < FILES; k++) {
        const hsize_t start[2] = {k, 0}, count[2] = {1, COLUMNS};
        hid_t source = space_of(1, COLUMNS, false);
        snprintf(name, sizeof name, "m-%d.h5", (int)k);
        write_source(name, "x", 1, false);
        H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL);
        assert_true(H5Pset_virtual(creation, space, name, "x", source) >= 0);
        H5Sclose(source);
    }
    H5Sselect_all(space);
    hid_t made = open_new("many.h5");
    close_all(make(made, "x", space, creation), creation, space, made);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit = before;
    limit.rlim_cur = FILES / 2;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(nn_store_open(scratch_path("many.h5"), &file), NN_OK);
    assert_int_equal(gaps_open(file, "x", &array), NN_OK);
    if (nn_store_gaps_find(array, &gaps) != NN_OK) fail_msg("%s", nn_error_text());
    assert_null(gaps);
    assert_int_equal(nn_store_read_rows(array, 0, FILES, NN_STORE_I32, values), NN_OK);
    for (int i = 0; i < FILES * COLUMNS; i++) assert_int_equal(values[i], 7);
    nn_store_array_close(array);
    nn_store_close(file);
    setrlimit(RLIMIT_NOFILE, &before);
}

/* If it fails: a damaged source counts as a missing one. */
static void damaged_sources_fail(void **state)
{
    (void)state;
    nn_store_file *file;
    nn_store_array *array;
    nn_store_gaps *gaps = NULL;
    FILE *text = fopen(scratch_path("bad.h5"), "w");
    fputs("no HDF5\n", text);
    fclose(text);
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    map(creation, 0, 0, 12, COLUMNS, "bad.h5", "x");
    finish_virtual("over.h5", creation);
    assert_int_equal(nn_store_open(scratch_path("over.h5"), &file), NN_OK);
    assert_int_equal(gaps_open(file, "x", &array), NN_OK);
    assert_int_not_equal(nn_store_gaps_find(array, &gaps), NN_OK);
    assert_non_null(strstr(nn_error_text(), "the virtual dataset \"x\" of "));
    assert_non_null(strstr(nn_error_text(), "bad.h5"));
    nn_store_array_close(array);
    nn_store_close(file);
}

/* If it fails: the zeros after the end of a raw file that is too short are taken for values. */
static void short_raw_files(void **state)
{
    (void)state;
    int values[ROWS * COLUMNS];
    for (int i = 0; i < ROWS * COLUMNS; i++) values[i] = 7;
    for (int kept = 0; kept <= ROWS * COLUMNS; kept += 17) {
        FILE *raw = fopen(scratch_path("raw"), "wb");
        fwrite(values, sizeof *values, (size_t)kept, raw);
        fclose(raw);
        hid_t file = open_new("raw.h5"), space = space_of(ROWS, COLUMNS, false);
        hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
        H5Pset_external(creation, scratch_path("raw"), 0, 20 * sizeof(int));
        H5Pset_external(creation, scratch_path("raw"), 20 * sizeof(int), H5F_UNLIMITED);
        close_all(make(file, "x", space, creation), creation, space, file);
        expect_gaps("raw.h5", "is too short");
    }
    FILE *raw = fopen(scratch_path("raw"), "wb");
    fwrite(values, sizeof *values, ROWS * COLUMNS, raw);
    fclose(raw);
    expect_gaps("raw.h5", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks),          cmocka_unit_test(early_chunks_are_present),
        cmocka_unit_test(virtual_sources), cmocka_unit_test(sources_with_gaps),
        cmocka_unit_test(growing_sources), cmocka_unit_test(series_of_files),
        cmocka_unit_test(short_raw_files), cmocka_unit_test(damaged_sources_fail),
        cmocka_unit_test(many_sources),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
