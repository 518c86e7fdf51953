/* Files that are damaged, incomplete or spread over others: the message says what is missing, and where. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <hdf5.h>

#include "scratch.h"
#include "store/store.h"

#define ROWS 100
#define COLUMNS 8

static hid_t file_make(const char *name)
{
    hid_t file = H5Fcreate(scratch_path(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(file >= 0);
    return file;
}

static hid_t dataset_make(hid_t file, const char *name, hid_t creation)
{
    int32_t values[ROWS * COLUMNS];
    for (int i = 0; i < ROWS * COLUMNS; i++) values[i] = i;
    hid_t space = H5Screate_simple(2, (hsize_t[]){ROWS, COLUMNS}, NULL);
    hid_t dataset = H5Dcreate2(file, name, H5T_STD_I32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    assert_true(H5Dwrite(dataset, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Sclose(space);
    return dataset;
}

/* Inverts the bits of a byte in the middle of the chunk that holds a row. */
static void spoil_chunk(const char *name, hsize_t row)
{
    unsigned filters;
    haddr_t at;
    hsize_t size;
    unsigned char byte;
    hid_t file = H5Fopen(scratch_path(name), H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t dataset = H5Dopen2(file, "x", H5P_DEFAULT);
    assert_true(H5Dget_chunk_info_by_coord(dataset, (hsize_t[]){row, 0}, &filters, &at, &size) >= 0);
    H5Dclose(dataset);
    H5Fclose(file);
    int descriptor = open(scratch_path(name), O_RDWR);
    assert_int_equal(pread(descriptor, &byte, 1, (off_t)(at + size / 2)), 1);
    byte ^= 0xff;
    assert_int_equal(pwrite(descriptor, &byte, 1, (off_t)(at + size / 2)), 1);
    close(descriptor);
}

static void make_packed(const char *name, bool deflate)
{
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE), file = file_make(name);
    H5Pset_chunk(creation, 2, (hsize_t[]){10, COLUMNS});
    if (deflate)
        H5Pset_deflate(creation, 1);
    else
        H5Pset_fletcher32(creation);
    H5Dclose(dataset_make(file, "x", creation));
    H5Pclose(creation);
    H5Fclose(file);
}

/* Wrong: rows of a damaged chunk are read, intact ones are not, or other rows are reported. */
static void test_damaged_chunks(void **state)
{
    (void)state;
    static int32_t read[ROWS * COLUMNS];
    for (int deflate = 0; deflate < 2; deflate++) {
        nn_store_file *file;
        nn_store_array *array;
        int64_t first, count;
        make_packed("chunks.h5", deflate);
        spoil_chunk("chunks.h5", 35);
        spoil_chunk("chunks.h5", 40);
        spoil_chunk("chunks.h5", 90);
        expect_ok(nn_store_open(scratch_path("chunks.h5"), &file));
        expect_ok(nn_store_array_open(file, "x", &array));
        assert_int_equal(nn_store_read_rows(array, 5, 90, NN_STORE_I32, read), NN_ERROR_IO);
        expect_message("cannot read rows 30 to 49 of dataset \"x\" of ");
        expect_message("rows 5 to 94 were requested");
        expect_message(deflate ? "(HDF5: " : "Fletcher32");
        assert_int_equal(nn_store_read_rows(array, 33, 5, NN_STORE_F64, read), NN_ERROR_IO);
        expect_message("cannot read rows 33 to 37 of");
        assert_int_equal(nn_store_read_slab(array, 1, 2, 3, NN_STORE_I32, read), NN_ERROR_IO);
        expect_message("cannot read samples 2 to 4 of");
        expect_ok(nn_store_find_damage(array, 0, 0, ROWS, &first, &count));
        assert_true(first == 30 && count == 20);
        expect_ok(nn_store_find_damage(array, 0, 50, 50, &first, &count));
        assert_true(first == 90 && count == 10);
        expect_ok(nn_store_find_damage(array, 0, 50, 40, &first, &count));
        assert_int_equal(count, 0);
        expect_ok(nn_store_read_rows(array, 50, 40, NN_STORE_I32, read));
        for (int i = 0; i < 40 * COLUMNS; i++) assert_int_equal(read[i], 50 * COLUMNS + i);
        nn_store_array_close(array);
        nn_store_close(file);
    }
}

/* Wrong: a file that became shorter while open is read as zeros, directly or through HDF5. */
static void test_cut_while_open(void **state)
{
    (void)state;
    static int32_t read[ROWS * COLUMNS];
    hid_t chunked = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(chunked, 2, (hsize_t[]){10, COLUMNS});
    const hid_t layouts[] = {H5P_DEFAULT, chunked};
    for (int i = 0; i < 2; i++) {
        nn_store_file *file;
        nn_store_array *array;
        struct stat found;
        hid_t made = file_make("cut.h5");
        H5Dclose(dataset_make(made, "x", layouts[i]));
        H5Fclose(made);
        expect_ok(nn_store_open(scratch_path("cut.h5"), &file));
        expect_ok(nn_store_array_open(file, "x", &array));
        if (i == 0) expect_ok(nn_store_read_rows(array, 0, ROWS, NN_STORE_I32, read));
        assert_int_equal(stat(scratch_path("cut.h5"), &found), 0);
        assert_int_equal(truncate(scratch_path("cut.h5"), found.st_size - (i == 0 ? 64 : 4096)), 0);
        assert_int_equal(nn_store_read_rows(array, 0, ROWS, NN_STORE_I32, read), NN_ERROR_IO);
        expect_message("\"x\"");
        expect_message("the file has become shorter since it was opened");
        nn_store_array_close(array);
        nn_store_close(file);
    }
    H5Pclose(chunked);
}

/* Wrong: contiguous values are read from another place than HDF5 would read them. */
static void test_values_past_hdf5(void **state)
{
    (void)state;
    static int32_t read[ROWS * COLUMNS];
    hid_t creation = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_userblock(creation, 1024);
    hid_t made = H5Fcreate(scratch_path("block.h5"), H5F_ACC_TRUNC, creation, H5P_DEFAULT);
    H5Dclose(dataset_make(made, "x", H5P_DEFAULT));
    H5Fclose(made);
    H5Pclose(creation);
    made = file_make("links.h5");
    H5Dclose(dataset_make(made, "first", H5P_DEFAULT));
    H5Lcreate_external("block.h5", "/x", made, "x", H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(made);
    const char *const names[] = {"block.h5", "links.h5"};
    for (int i = 0; i < 2; i++) {
        nn_store_file *file;
        nn_store_array *array;
        expect_ok(nn_store_open(scratch_path(names[i]), &file));
        expect_ok(nn_store_array_open(file, "x", &array));
        assert_int_equal(nn_store_array_info(array)->external, i == 1);
        expect_ok(nn_store_read_rows(array, 7, 90, NN_STORE_I32, read));
        for (int v = 0; v < 90 * COLUMNS; v++) assert_int_equal(read[v], 7 * COLUMNS + v);
        nn_store_array_close(array);
        nn_store_close(file);
    }
}

static void expect_unopened(const char *name, const char *dataset, const char *part, const char *other)
{
    nn_store_file *file;
    nn_store_array *array;
    expect_ok(nn_store_open(scratch_path(name), &file));
    assert_int_equal(nn_store_array_open(file, dataset, &array), NN_ERROR_DATA);
    expect_message(part);
    expect_message(other);
    nn_store_close(file);
}

static void make_spread(const char *name)
{
    hid_t file = file_make(name), space = H5Screate_simple(2, (hsize_t[]){ROWS, COLUMNS}, NULL);
    hid_t external = H5Pcreate(H5P_DATASET_CREATE), parts = H5Pcreate(H5P_DATASET_CREATE);
    H5Lcreate_external("gone.h5", "/x", file, "linked", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external("gone.h5", "/", file, "group", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external("block.h5", "/none", file, "unnamed", H5P_DEFAULT, H5P_DEFAULT);
    H5Pset_external(external, "raw.bin", 0, ROWS * COLUMNS * 4);
    H5Dclose(H5Dcreate2(file, "raw", H5T_STD_I32LE, space, H5P_DEFAULT, external, H5P_DEFAULT));
    H5Pset_virtual(parts, space, "part.h5", "x", space);
    H5Dclose(H5Dcreate2(file, "parts", H5T_STD_I32LE, space, H5P_DEFAULT, parts, H5P_DEFAULT));
    H5Pclose(parts);
    H5Pclose(external);
    H5Sclose(space);
    H5Fclose(file);
}

static nn_status note_kind(void *context, const char *dataset, const nn_store_info *info)
{
    int *seen = context;
    if (strcmp(dataset, "raw") == 0) *seen += info->external && !info->is_virtual && info->written;
    if (strcmp(dataset, "parts") == 0) *seen += info->is_virtual && info->written;
    return NN_OK;
}

/* Wrong: a missing file with values is not named, or its values are read as zeros. */
static void test_missing_files(void **state)
{
    (void)state;
    nn_store_file *file;
    int seen = 0;
    make_spread("spread.h5");
    expect_unopened("spread.h5", "linked", "in the file gone.h5, which does not exist", "\"/x\"");
    expect_unopened("spread.h5", "group/x", "in the file gone.h5, which does not exist", "\"group\"");
    expect_unopened("spread.h5", "unnamed", "in the file block.h5, where it cannot be opened", "\"/none\"");
    expect_unopened("spread.h5", "raw", "raw.bin, which does not exist", "HDF5_EXTFILE_PREFIX");
    expect_unopened("spread.h5", "parts", "part.h5, which does not exist", "fill values");
    expect_ok(nn_store_open(scratch_path("spread.h5"), &file));
    expect_ok(nn_store_visit(file, note_kind, &seen));
    assert_int_equal(seen, 2);
    nn_store_close(file);
}

/* Wrong: a filter is reported only by its number, or without where to get it. */
static void test_filter_sources(void **state)
{
    (void)state;
    const struct {
        H5Z_filter_t id;
        const char *name, *source;
    } rows[] = {{32001, "(blosc)", "hdf5-filter-plugin-blosc-serial"},
                {32004, "(lz4)", "hdf5plugin"},
                {32015, "(zstd)", "hdf5plugin"},
                {32008, "(bitshuffle)", "hdf5-filter-plugin"},
                {31999, "(filter 31999)", "ask the author of the file"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hid_t made = file_make("filter.h5"), creation = H5Pcreate(H5P_DATASET_CREATE);
        hid_t space = H5Screate_simple(1, (hsize_t[]){8}, NULL);
        H5Pset_chunk(creation, 1, (hsize_t[]){4});
        H5Pset_filter(creation, rows[i].id, H5Z_FLAG_OPTIONAL, 0, NULL);
        H5Dclose(H5Dcreate2(made, "x", H5T_STD_U8LE, space, H5P_DEFAULT, creation, H5P_DEFAULT));
        H5Sclose(space);
        H5Pclose(creation);
        H5Fclose(made);
        expect_unopened("filter.h5", "x", rows[i].name, rows[i].source);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damaged_chunks),   cmocka_unit_test(test_cut_while_open),
        cmocka_unit_test(test_values_past_hdf5), cmocka_unit_test(test_missing_files),
        cmocka_unit_test(test_filter_sources),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
