/* Dimension scales, and what they change: arrays of characters are texts, and maps with other orders of axes
 * are not joined. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <hdf5.h>

#include "base/list.h"
#include "scratch.h"
#include "store/scales.h"
#include "store/writer.h"

enum { TIMES = 4, SIDE = 3 };

static void add(nn_store_writer *writer, const char *name, int64_t rows, int dimensions, int64_t extent)
{
    static const double values[TIMES * SIDE * SIDE * SIDE];
    nn_store_output *output;
    nn_store_layout layout = {.type = NN_STORE_F64, .rows = rows, .dimensions = dimensions};
    for (int d = 0; d < dimensions; d++) layout.extents[d] = extent;
    expect_ok(nn_store_writer_add(writer, name, &layout, &output));
    expect_ok(nn_store_output_append(output, rows, NN_STORE_F64, values));
}

/* Characters with or without scales: the words are padded with NUL and with blanks. */
static void put_characters(const char *path, const char *name, const char *like)
{
    const char words[TIMES][SIDE] = {"ab", {'a', 'b', ' '}, "c", {'a', 'b', 'c'}};
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), type = H5Tcopy(H5T_C_S1);
    hid_t space = H5Screate_simple(2, (hsize_t[]){TIMES, SIDE}, NULL);
    hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, words) >= 0);
    if (like) { /* the scales of another dataset */
        hvl_t lists[2];
        hid_t from = H5Aopen_by_name(file, like, "DIMENSION_LIST", H5P_DEFAULT, H5P_DEFAULT);
        hid_t list = H5Aget_type(from), count = H5Aget_space(from);
        assert_true(H5Aread(from, list, lists) >= 0);
        hid_t to = H5Acreate2(dataset, "DIMENSION_LIST", list, count, H5P_DEFAULT, H5P_DEFAULT);
        assert_true(H5Awrite(to, list, lists) >= 0);
        H5Dvlen_reclaim(list, count, H5P_DEFAULT, lists);
        H5Aclose(to);
        H5Sclose(count);
        H5Tclose(list);
        H5Aclose(from);
    }
    H5Dclose(dataset);
    H5Sclose(space);
    H5Tclose(type);
    H5Fclose(file);
}

static void make(const char *path)
{
    nn_store_writer *writer;
    const nn_store_scale_use uses[] = {
        {"u", 0, "time", false}, {"u", 1, "lat", false},  {"u", 2, "lon", false},  {"v", 0, "time", false},
        {"v", 1, "lon", false},  {"v", 2, "lat", false},  {"w", 0, "time", false}, {"w", 1, "lat", false},
        {"w", 2, "lon", false},  {"k", 0, "time", false}, {"k", 1, "bare", true},  {"one", 0, "time", false}};
    expect_ok(nn_store_writer_create(path, &writer));
    add(writer, "time", TIMES, 0, 0);
    const char *scales[] = {"lat", "lon", "bare"}, *maps[] = {"u", "v", "w"};
    for (int i = 0; i < 3; i++) add(writer, scales[i], SIDE, 0, 0);
    for (int i = 0; i < 3; i++) add(writer, maps[i], TIMES, 2, SIDE);
    add(writer, "k", TIMES, 1, SIDE);
    add(writer, "one", TIMES, 1, SIDE);
    add(writer, "none", TIMES, 2, SIDE);
    expect_ok(nn_store_writer_put_attribute(writer, "time", "units", "days since 2001-01-01"));
    expect_ok(nn_store_writer_put_attribute(writer, "time", "bounds", "time_bnds"));
    expect_ok(nn_store_writer_put_attribute(writer, "lon", "axis", "X"));
    expect_ok(nn_store_writer_put_scales(writer, sizeof uses / sizeof *uses, uses));
    expect_ok(nn_store_writer_commit(writer));
    nn_store_writer_destroy(writer);
    put_characters(path, "characters", "k");
    put_characters(path, "letters", NULL);
}

/* Wrong: a scale is taken for another dimension's, time is not recognised, or plain HDF5 gets axes. */
static void test_names(void **state)
{
    (void)state;
    nn_store_file *file;
    nn_store_axes axes;
    make(scratch_path("axes.h5"));
    expect_ok(nn_store_open(scratch_path("axes.h5"), &file));
    expect_ok(nn_store_axes_read(file, "/v", &axes));
    assert_int_equal(axes.count, 3);
    assert_false(axes.scale);
    assert_string_equal(axes.axes[0].name, "time");
    assert_string_equal(axes.axes[1].name, "lon");
    assert_string_equal(axes.axes[2].name, "lat");
    assert_true(axes.axes[0].time && !axes.axes[1].time && !axes.axes[2].time);
    assert_string_equal(axes.axes[0].units, "days since 2001-01-01");
    assert_string_equal(axes.axes[0].bounds, "time_bnds");
    assert_null(axes.axes[1].units);
    nn_store_axes_release(&axes);
    expect_ok(nn_store_axes_read(file, "one", &axes));
    assert_int_equal(axes.count, 2);
    assert_null(axes.axes[1].name);
    nn_store_axes_release(&axes);
    expect_ok(nn_store_axes_read(file, "k", &axes));
    assert_true(axes.axes[1].bare && !axes.axes[0].bare && !axes.bare);
    nn_store_axes_release(&axes);
    expect_ok(nn_store_axes_read(file, "bare", &axes));
    assert_true(axes.scale && axes.bare);
    nn_store_axes_release(&axes);
    expect_ok(nn_store_axes_read(file, "time", &axes));
    assert_true(axes.scale && !axes.bare && axes.count == 1 && axes.axes[0].time);
    nn_store_axes_release(&axes);
    const char *const others[] = {"none", "letters", "missing"};
    for (int i = 0; i < 3; i++) {
        expect_ok(nn_store_axes_read(file, others[i], &axes));
        assert_true(axes.count == 0 && !axes.scale);
        nn_store_axes_release(&axes);
    }
    nn_store_close(file);
}

/* Wrong: maps of which one is turned are stacked pixel by pixel. */
static void test_joined(void **state)
{
    (void)state;
    nn_store_file *file;
    nn_store_array *array;
    expect_ok(nn_store_open(scratch_path("axes.h5"), &file));
    expect_ok(nn_store_array_open(file, "[u, w]", &array));
    assert_int_equal(nn_store_array_info(array)->dimensions, 4);
    nn_store_array_close(array);
    expect_ok(nn_store_array_open(file, "[u, none]", &array));
    nn_store_array_close(array);
    assert_int_equal(nn_store_array_open(file, "[u, v]", &array), NN_ERROR_DATA);
    assert_non_null(strstr(nn_error_text(), "(time, lat, lon) and \"v\" (time, lon, lat)"));
    nn_store_close(file);
}

static void expect_texts(nn_store_file *file, const char *name, int dimensions, size_t different,
                         const double *numbers)
{
    nn_store_array *array;
    nn_text_list names = {0};
    double values[TIMES * SIDE];
    expect_ok(nn_store_array_open_as(file, &(nn_store_spec){.dataset = name, .codes = true}, &array));
    assert_int_equal(nn_store_array_info(array)->dimensions, dimensions);
    expect_ok(nn_store_array_classes(array, &names));
    assert_int_equal(names.count, different);
    expect_ok(nn_store_read_rows(array, 1, TIMES - 1, NN_STORE_F64, values));
    for (int i = 0; i < TIMES - 1 && numbers; i++) assert_true(values[i] == numbers[i]);
    nn_list_release(&names);
    nn_store_array_close(array);
}

/* Wrong: blanks or the end of a word count, or letters without scales (one of them a blank) are joined to
 * words. */
static void test_characters(void **state)
{
    (void)state;
    nn_store_file *file;
    expect_ok(nn_store_open(scratch_path("axes.h5"), &file));
    expect_texts(file, "characters", 1, 3, (double[]){0, 2, 1});
    expect_texts(file, "letters", 2, 4, NULL);
    nn_store_close(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names), cmocka_unit_test(test_joined),
                                       cmocka_unit_test(test_characters)};
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
