/* Reading HDF5 files written by others: every element type, every layout, and every way to get it wrong. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/file.h>

#include <cmocka.h>
#include <hdf5.h>

#include "base/memory.h"
#include "scratch.h"
#include "store/store.h"

#define ROWS 6
#define COLUMNS 4

static hid_t file_make(const char *name)
{
    hid_t file = H5Fcreate(scratch_path(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(file >= 0);
    return file;
}

/* A dataset of ROWS x COLUMNS with the values 0, 1, 2, ..., stored in the file as `type`. */
static void dataset_make(hid_t file, const char *name, hid_t type, hid_t creation)
{
    int values[ROWS * COLUMNS];
    for (int i = 0; i < ROWS * COLUMNS; i++) values[i] = i;
    hid_t space = H5Screate_simple(2, (hsize_t[]){ROWS, COLUMNS}, NULL);
    hid_t links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    hid_t dataset = H5Dcreate2(file, name, type, space, links, creation, H5P_DEFAULT);
    assert_true(dataset >= 0);
    assert_true(H5Dwrite(dataset, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(dataset);
    H5Pclose(links);
    H5Sclose(space);
}

/* A float of 16 bits. */
static hid_t float_make(size_t sign, size_t mantissa_bits, size_t exponent_bits, size_t bias)
{
    hid_t type = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(type, sign, mantissa_bits, exponent_bits, 0, mantissa_bits);
    H5Tset_size(type, 2);
    H5Tset_ebias(type, bias);
    return type;
}

static void expect_counting(nn_store_array *array, const char *name)
{
    double read[ROWS * COLUMNS] = {0};
    expect_ok(nn_store_read_rows(array, 0, ROWS, NN_STORE_F64, read));
    for (int i = 0; i < ROWS * COLUMNS; i++)
        if ((int)read[i] != i) fail_msg("%s: element %d is read as %g", name, i, read[i]);
}

/* Wrong: a type is misnamed, or its values change when read. */
static void test_types(void **state)
{
    (void)state;
    hid_t half = float_make(15, 10, 5, 15), brain = float_make(15, 7, 8, 127);
    const struct {
        hid_t in_file;
        nn_store_type type;
        const char *name;
    } rows[] = {
        {H5T_STD_U8LE, NN_STORE_U8, "uint8"},
        {H5T_STD_I8LE, NN_STORE_I8, "int8"},
        {H5T_STD_U16LE, NN_STORE_U16, "uint16"},
        {H5T_STD_I16LE, NN_STORE_I16, "int16"},
        {H5T_STD_U32LE, NN_STORE_U32, "uint32"},
        {H5T_STD_I32LE, NN_STORE_I32, "int32"},
        {H5T_STD_U64LE, NN_STORE_U64, "uint64"},
        {H5T_STD_I64LE, NN_STORE_I64, "int64"},
        {H5T_IEEE_F32LE, NN_STORE_F32, "float32"},
        {H5T_IEEE_F64LE, NN_STORE_F64, "float64"},
        {H5T_STD_U16BE, NN_STORE_U16, "uint16 big-endian"},
        {H5T_STD_I64BE, NN_STORE_I64, "int64 big-endian"},
        {H5T_IEEE_F64BE, NN_STORE_F64, "float64 big-endian"},
        {half, NN_STORE_F32, "float16"},
        {brain, NN_STORE_F32, "bfloat16"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hid_t made = file_make("types.h5");
        dataset_make(made, "x", rows[i].in_file, H5P_DEFAULT);
        H5Fclose(made);
        nn_store_file *file;
        nn_store_array *array;
        expect_ok(nn_store_open(scratch_path("types.h5"), &file));
        expect_ok(nn_store_array_open(file, "/x", &array));
        const nn_store_info *info = nn_store_array_info(array);
        assert_string_equal(info->type_name, rows[i].name);
        assert_int_equal(info->type, rows[i].type);
        assert_int_equal(info->dimensions, 2);
        assert_int_equal(info->extents[0], ROWS);
        assert_int_equal(info->extents[1], COLUMNS);
        assert_true(info->storage_bytes > 0 && info->written);
        assert_int_equal(info->half, rows[i].in_file == half);
        assert_int_equal(info->big_endian, strstr(rows[i].name, "big-endian") != NULL);
        assert_false(info->external || info->is_virtual);
        expect_counting(array, rows[i].name);
        nn_store_array_close(array);
        nn_store_close(file);
    }
    H5Tclose(brain);
    H5Tclose(half);
}

/* Wrong: compressed chunks read differently from plain ones, for some range of rows. */
static void test_chunks_and_rows(void **state)
{
    (void)state;
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(creation, 2, (hsize_t[]){4, 3});
    H5Pset_shuffle(creation);
    H5Pset_deflate(creation, 4);
    hid_t made = file_make("chunks.h5");
    dataset_make(made, "group/x", H5T_STD_U16LE, creation);
    H5Pclose(creation);
    H5Fclose(made);
    nn_store_file *file;
    nn_store_array *array;
    expect_ok(nn_store_open(scratch_path("chunks.h5"), &file));
    expect_ok(nn_store_array_open(file, "group/x", &array));
    const nn_store_info *info = nn_store_array_info(array);
    assert_true(info->chunked);
    assert_int_equal(info->chunk[0], 4);
    assert_int_equal(info->chunk[1], 3);
    assert_string_equal(info->filters, "shuffle deflate");
    for (int first = 0; first < ROWS; first++)
        for (int rows = 0; first + rows <= ROWS; rows++) {
            float read[ROWS * COLUMNS] = {0};
            expect_ok(nn_store_read_rows(array, first, rows, NN_STORE_F32, read));
            for (int i = 0; i < rows * COLUMNS; i++) assert_int_equal((int)read[i], first * COLUMNS + i);
        }
    uint8_t none[1];
    assert_int_equal(nn_store_read_rows(array, 4, 3, NN_STORE_U8, none), NN_ERROR_DATA);
    expect_message("which has 6 rows");
    assert_int_equal(nn_store_read_rows(array, -1, 1, NN_STORE_U8, none), NN_ERROR_DATA);
    assert_int_equal(nn_store_read_rows(array, INT64_MAX, INT64_MAX, NN_STORE_U8, none), NN_ERROR_DATA);
    nn_store_array_close(array);
    nn_store_close(file);
}

static void make_odd_file(const char *name)
{
    hid_t file = file_make(name), space = H5Screate_simple(1, (hsize_t[]){3}, NULL);
    hid_t pair = H5Tcreate(H5T_COMPOUND, 16);
    H5Tinsert(pair, "a", 0, H5T_NATIVE_DOUBLE);
    H5Tinsert(pair, "b", 8, H5T_NATIVE_DOUBLE);
    H5Dclose(H5Dcreate2(file, "pair", pair, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Dclose(H5Dcreate2(file, "unwritten", H5T_STD_I32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    hid_t truth = H5Tenum_create(H5T_STD_I8LE);
    H5Tenum_insert(truth, "FALSE", (int8_t[]){0});
    H5Tenum_insert(truth, "TRUE", (int8_t[]){1});
    hid_t mask = H5Dcreate2(file, "mask", truth, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Dwrite(mask, truth, H5S_ALL, H5S_ALL, H5P_DEFAULT, (int8_t[]){1, 0, 1});
    hid_t colour = H5Tenum_create(H5T_STD_I16BE);
    const int16_t high = 300, low = -2;
    int16_t kept[] = {high, low, high};
    hid_t native = H5Tenum_create(H5T_NATIVE_INT16);
    H5Tenum_insert(native, "high", &high);
    H5Tenum_insert(native, "low", &low);
    H5Tconvert(H5T_NATIVE_INT16, H5T_STD_I16BE, 3, kept, NULL, H5P_DEFAULT);
    H5Tenum_insert(colour, "high", &kept[0]);
    H5Tenum_insert(colour, "low", &kept[1]);
    hid_t colours = H5Dcreate2(file, "colours", colour, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Dwrite(colours, native, H5S_ALL, H5S_ALL, H5P_DEFAULT, (int16_t[]){high, low, high});
    H5Dclose(colours);
    H5Tclose(native);
    H5Tclose(colour);
    hid_t scalar = H5Screate(H5S_SCALAR);
    hid_t one = H5Dcreate2(file, "one", H5T_IEEE_F64LE, scalar, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Dwrite(one, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, (double[]){2.5});
    H5Dclose(one);
    H5Sclose(scalar);
    H5Dclose(mask);
    H5Tclose(truth);
    H5Tclose(pair);
    H5Sclose(space);
    H5Fclose(file);
}

/* Wrong: a compound is taken for numbers, an h5py mask or a scalar is refused, or a dataset that was never
 * written goes unnoticed. */
static void test_odd_datasets(void **state)
{
    (void)state;
    make_odd_file("odd.h5");
    nn_store_file *file;
    nn_store_array *array;
    expect_ok(nn_store_open(scratch_path("odd.h5"), &file));
    float values[6];
    assert_int_equal(nn_store_read(file, "pair", NN_STORE_F32, 3, values), NN_ERROR_DATA);
    expect_message("compound");
    uint8_t mask[3];
    expect_ok(nn_store_read(file, "mask", NN_STORE_U8, 3, mask));
    assert_memory_equal(mask, ((uint8_t[]){1, 0, 1}), 3);
    expect_ok(nn_store_read(file, "one", NN_STORE_F32, 1, values));
    assert_true(values[0] == 2.5f);
    assert_int_equal(nn_store_read(file, "mask", NN_STORE_U8, 2, mask), NN_ERROR_DATA);
    expect_message("has 3 elements, but 2 are expected");
    expect_ok(nn_store_array_open(file, "unwritten", &array));
    assert_int_equal(nn_store_array_info(array)->storage_bytes, 0);
    assert_false(nn_store_array_info(array)->written);
    nn_store_array_close(array);
    expect_ok(nn_store_array_open(file, "one", &array));
    assert_true(nn_store_array_info(array)->written);
    nn_store_array_close(array);
    expect_ok(nn_store_array_open(file, "mask", &array));
    assert_int_equal(nn_store_array_info(array)->type, NN_STORE_U8);
    assert_string_equal(nn_store_array_info(array)->type_name, "bool");
    nn_store_array_close(array);
    expect_ok(nn_store_array_open(file, "colours", &array));
    assert_int_equal(nn_store_array_info(array)->type, NN_STORE_I16);
    assert_string_equal(nn_store_array_info(array)->type_name, "enumeration of int16 big-endian");
    nn_store_array_close(array);
    int32_t colours[3];
    expect_ok(nn_store_read(file, "colours", NN_STORE_I32, 3, colours));
    assert_memory_equal(colours, ((int32_t[]){300, -2, 300}), sizeof colours);
    for (int i = 0; i < 3; i++)
        expect_ok(nn_store_touch(file, ((const char *[]){"pair", "/mask", "unwritten"})[i]));
    expect_ok(nn_store_array_open(file, "unwritten", &array));
    nn_store_array_close(array);
    nn_store_close(file);
}

/* Wrong: a wrong name does not get a list of the right ones, nearest first and of reasonable length. */
static void test_missing_names(void **state)
{
    (void)state;
    hid_t made = file_make("names.h5");
    for (int i = 0; i < 30; i++) {
        char name[32];
        snprintf(name, sizeof name, "many/part%02d", i);
        dataset_make(made, name, H5T_STD_U8LE, H5P_DEFAULT);
    }
    dataset_make(made, "x_train", H5T_STD_U8LE, H5P_DEFAULT);
    H5Lcreate_soft("/nowhere", made, "dangling", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/x_train", made, "y_alias", H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(made);
    nn_store_file *file;
    nn_store_array *array;
    expect_ok(nn_store_open(scratch_path("names.h5"), &file));
    assert_int_equal(nn_store_array_open(file, "x_trian", &array), NN_ERROR_DATA);
    assert_null(array);
    expect_message("\"x_trian\"");
    expect_message("names.h5");
    expect_message("did you mean \"x_train\"");
    expect_message("contains: x_train, many/part00");
    expect_message("many/part18 and 12 more");
    assert_int_equal(nn_store_array_open(file, "x_train/deeper", &array), NN_ERROR_DATA);
    expect_message("does not exist");
    assert_int_equal(nn_store_array_open(file, "many", &array), NN_ERROR_DATA);
    expect_message("is a group");
    expect_message("contains: many/part00");
    assert_int_equal(nn_store_array_open(file, "/", &array), NN_ERROR_DATA);
    expect_message("is a group");
    assert_int_equal(nn_store_array_open(file, "dangling", &array), NN_ERROR_DATA);
    expect_message("cannot be opened: it is damaged, or a link");
    assert_true(nn_store_has(file, "/many/part07"));
    assert_true(nn_store_has(file, "y_alias"));
    assert_false(nn_store_has(file, "many"));
    assert_false(nn_store_has(file, "dangling"));
    assert_false(nn_store_has(file, "x"));
    nn_store_close(file);
}

typedef struct visited {
    char names[256];
    int left;
} visited;

static nn_status visit_note(void *context, const char *dataset, const nn_store_info *info)
{
    visited *seen = context;
    assert_int_equal(info->extents[0], ROWS);
    strcat(seen->names, dataset);
    strcat(seen->names, ";");
    return --seen->left == 0 ? NN_ERROR_DATA : NN_OK;
}

/* Wrong: a visit in order of creation, or one that continues after a failure. */
static void test_visit(void **state)
{
    (void)state;
    hid_t made = file_make("visit.h5");
    dataset_make(made, "z", H5T_STD_U8LE, H5P_DEFAULT);
    dataset_make(made, "b/y", H5T_STD_U8LE, H5P_DEFAULT);
    dataset_make(made, "b/a/q", H5T_STD_U8LE, H5P_DEFAULT);
    dataset_make(made, "a", H5T_STD_U8LE, H5P_DEFAULT);
    H5Fclose(made);
    nn_store_file *file;
    expect_ok(nn_store_open(scratch_path("visit.h5"), &file));
    visited all = {.left = -1}, two = {.left = 2};
    expect_ok(nn_store_visit(file, visit_note, &all));
    assert_string_equal(all.names, "a;b/a/q;b/y;z;");
    assert_int_equal(nn_store_visit(file, visit_note, &two), NN_ERROR_DATA);
    assert_string_equal(two.names, "a;b/a/q;");
    nn_store_close(file);
}

static void expect_unopened(const char *path, nn_status expected, const char *part)
{
    nn_store_file *file;
    assert_int_equal(nn_store_open(path, &file), expected);
    assert_null(file);
    expect_message(path);
    expect_message(part);
}

/* Wrong: two causes have the same message, or HDF5 crashes on a truncated file. */
static void test_files_that_do_not_open(void **state)
{
    (void)state;
    size_t size;
    hid_t made = file_make("whole.h5");
    dataset_make(made, "x", H5T_STD_I64LE, H5P_DEFAULT);
    H5Fclose(made);
    unsigned char *bytes = scratch_read(scratch_path("whole.h5"), &size);
    scratch_write(scratch_path("empty.h5"), "", 0);
    scratch_write(scratch_path("text.h5"), "x,y\n1,2\n", 8);
    expect_unopened(scratch_path("missing.h5"), NN_ERROR_IO, "No such file");
    expect_unopened(scratch_directory, NN_ERROR_IO, "is a folder");
    expect_unopened("/dev/null", NN_ERROR_IO, "not a regular file");
    expect_unopened(scratch_path("empty.h5"), NN_ERROR_DATA, "is empty");
    expect_unopened(scratch_path("text.h5"), NN_ERROR_DATA, "is not an HDF5 file");
    for (size_t length = 8; length < size; length += 61) {
        scratch_write(scratch_path("cut.h5"), bytes, length);
        expect_unopened(scratch_path("cut.h5"), NN_ERROR_DATA, "cut short");
    }
    free(bytes);
}

/* Wrong: a file that cannot be locked, as on some network file systems, is refused. */
static void test_file_without_lock(void **state)
{
    (void)state;
    hid_t made = file_make("locked.h5");
    dataset_make(made, "x", H5T_STD_I64LE, H5P_DEFAULT);
    H5Fclose(made);
    int holder = open(scratch_path("locked.h5"), O_RDONLY);
    assert_int_equal(flock(holder, LOCK_EX), 0);
    nn_store_file *file;
    expect_ok(nn_store_open(scratch_path("locked.h5"), &file));
    assert_true(nn_store_has(file, "x"));
    nn_store_close(file);
    close(holder);
}

/* Wrong: a filter that this HDF5 lacks is noticed only in the middle of a run. */
static void test_missing_filter(void **state)
{
    (void)state;
    hid_t made = file_make("filter.h5"), creation = H5Pcreate(H5P_DATASET_CREATE);
    hid_t space = H5Screate_simple(1, (hsize_t[]){8}, NULL);
    H5Pset_chunk(creation, 1, (hsize_t[]){4});
    H5Pset_filter(creation, 31999, H5Z_FLAG_OPTIONAL, 0, NULL);
    H5Dclose(H5Dcreate2(made, "x", H5T_STD_U8LE, space, H5P_DEFAULT, creation, H5P_DEFAULT));
    H5Sclose(space);
    H5Pclose(creation);
    H5Fclose(made);
    nn_store_file *file;
    nn_store_array *array;
    expect_ok(nn_store_open(scratch_path("filter.h5"), &file));
    assert_int_equal(nn_store_array_open(file, "x", &array), NN_ERROR_DATA);
    expect_message("lacks filter 31999");
    expect_message("h5repack");
    nn_store_close(file);
}

/* Wrong: a failure or a success leaves HDF5 handles open. */
static void test_no_handle_is_left(void **state)
{
    (void)state;
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
    for (H5I_type_t kind = H5I_FILE; kind <= H5I_ATTR; kind++) {
        hsize_t open = 0;
        if (kind == H5I_DATATYPE) continue; /* owned by the library */
        if (H5Inmembers(kind, &open) >= 0) assert_int_equal(open, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_chunks_and_rows),
        cmocka_unit_test(test_odd_datasets),
        cmocka_unit_test(test_missing_names),
        cmocka_unit_test(test_visit),
        cmocka_unit_test(test_files_that_do_not_open),
        cmocka_unit_test(test_file_without_lock),
        cmocka_unit_test(test_missing_filter),
        cmocka_unit_test(test_no_handle_is_left),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
