/* Classic NetCDF files written by netCDF4 (data/make_import_data.py): values in every format, with and
 * without padded records; attributes and axes; files that are damaged or cut short. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "build.h"
#include "plugin.h"

enum { ROWS = 5 };

static const nn_import_attribute *attribute_of(const nn_import_attributes *attributes, const char *name)
{
    for (size_t i = 0; i < attributes->count; i++)
        if (strcmp(attributes->items[i].name, name) == 0) return &attributes->items[i];
    fail_msg("there is no attribute %s", name);
    return NULL;
}

static const nn_import_extra *extra_of(const plugin *p, const char *name)
{
    for (size_t i = 0; i < p->import.extra_count; i++)
        if (strcmp(p->import.extras[i].field.name, name) == 0) return &p->import.extras[i];
    return NULL;
}

/* b[t, x] = 10 t + x, in bytes: three of a record, and one of padding if there are other variables. */
static void expect_bytes(const int8_t *values)
{
    for (int i = 0; i < ROWS * 3; i++) assert_int_equal(values[i], 10 * (i / 3) + i % 3);
}

/* Wrong: a version's counts, the padding of records, or the byte order. */
static void test_versions(void **state)
{
    (void)state;
    const char *names[] = {"classic.nc", "offset.nc", "cdf5.nc"};
    for (int n = 0; n < 3; n++)
        for (int64_t block = 1; block <= ROWS; block += 2) {
            plugin p;
            char path[512];
            void *values[NN_IMPORT_FIELDS] = {0};
            snprintf(path, sizeof path, PLUGIN_DATA "%s", names[n]);
            expect_ok(plugin_open(&p, "netcdf", "", SOURCES(path)));
            nn_import_table *table = plugin_table(&p, NULL);
            assert_int_equal(table->rows, ROWS);
            assert_true(table->ordered);
            expect_ok(plugin_read(&p, table, block, values));
            const int16_t *a = values[plugin_field(table, "a")];
            for (int i = 0; i < ROWS * 2; i++) assert_int_equal(a[i], 10 * (i / 2) + i % 2);
            expect_bytes(values[plugin_field(table, "b")]);
            for (int i = 0; i < ROWS; i++)
                assert_true(((const double *)values[plugin_field(table, "t")])[i] == i / 4.0);
            const char *k = values[plugin_field(table, "k")];
            assert_memory_equal(k, "ab\0\0c\0\0\0abcd\0\0\0\0ab\0\0", 4 * ROWS);
            if (n == 2)
                assert_true(((const uint64_t *)values[plugin_field(table, "u")])[4] ==
                            (UINT64_C(1) << 63) + 4);
            plugin_free(table, values);
            plugin_close(&p);
        }
}

/* Wrong: what decodes values is lost, or characters and coordinates become something else. */
static void test_description(void **state)
{
    (void)state;
    plugin p;
    const int16_t minus = -9;
    const float fill = 9.96921e36F;
    expect_ok(plugin_open(&p, "netcdf", "", SOURCES(PLUGIN_DATA "classic.nc")));
    const nn_import_table *table = plugin_table(&p, NULL);
    const nn_import_field *a = &table->fields[plugin_field(table, "a")];
    assert_int_equal(a->type, NN_STORE_I16);
    assert_true(a->fixed && !a->filled && !a->characters);
    assert_memory_equal(attribute_of(&a->attributes, "_FillValue")->values, &minus, sizeof minus);
    const nn_import_attribute *scale = attribute_of(&a->attributes, "scale_factor");
    assert_true(scale->type == NN_STORE_F64 && *(const double *)scale->values == 0.5);
    assert_int_equal(a->axes.count, 2);
    assert_string_equal(a->axes.items[0], "t");
    assert_string_equal(a->axes.items[1], "y");
    assert_false(table->fields[plugin_field(table, "b")].filled);
    assert_true(table->fields[plugin_field(table, "k")].characters);
    const nn_import_field *t = &table->fields[plugin_field(table, "t")];
    assert_string_equal(attribute_of(&t->attributes, "units")->values, "days since 2001-01-01");
    assert_string_equal(attribute_of(&p.import.attributes, "title")->values, "a test");
    const nn_import_extra *x = extra_of(&p, "x"), *s = extra_of(&p, "s"), *y = extra_of(&p, "y");
    assert_true(x->field.filled && !x->bare && ((const float *)x->values)[2] == 3.5F);
    assert_memory_equal(x->field.fill, &fill, sizeof fill);
    assert_int_equal(*(const int32_t *)s->values, 7);
    assert_true(y->bare && y->field.shape.extents[0] == 2);
    plugin_close(&p);
}

static void test_single(void **state)
{
    (void)state;
    plugin p;
    void *values[NN_IMPORT_FIELDS] = {0};
    expect_ok(plugin_open(&p, "netcdf", "", SOURCES(PLUGIN_DATA "single.nc")));
    expect_ok(plugin_read(&p, plugin_table(&p, NULL), 2, values));
    expect_bytes(values[0]);
    plugin_free(plugin_table(&p, NULL), values);
    plugin_close(&p);
}

/* The number of records is all ones while a file is being written: those that are complete count. */
static void test_streaming(void **state)
{
    (void)state;
    size_t size;
    plugin p;
    void *values[NN_IMPORT_FIELDS] = {0};
    unsigned char *bytes = plugin_bytes(PLUGIN_DATA "classic.nc", &size);
    memset(bytes + 4, 0xff, 4);
    const char *path = plugin_write("streaming.nc", bytes, size - 1);
    expect_ok(plugin_open(&p, "netcdf", "", SOURCES(path)));
    nn_import_table *table = plugin_table(&p, NULL);
    assert_int_equal(table->rows, ROWS - 1);
    expect_ok(plugin_read(&p, table, 4, values));
    assert_int_equal(((const int8_t *)values[plugin_field(table, "b")])[11], 32);
    plugin_free(table, values);
    plugin_close(&p);
    free(bytes);
}

static void test_choices(void **state)
{
    (void)state;
    plugin p;
    expect_ok(plugin_open(&p, "netcdf", "variables: [b]", SOURCES(PLUGIN_DATA "classic.nc")));
    assert_int_equal(plugin_table(&p, NULL)->field_count, 2);
    assert_true(extra_of(&p, "x") != NULL && extra_of(&p, "s") == NULL);
    plugin_close(&p);
    expect_ok(plugin_open(&p, "netcdf", "along: x", SOURCES(PLUGIN_DATA "classic.nc")));
    assert_int_equal(plugin_table(&p, NULL)->rows, 3);
    assert_int_equal(plugin_table(&p, NULL)->field_count, 1);
    assert_non_null(extra_of(&p, "a"));
    plugin_close(&p);
}

static void test_refused(void **state)
{
    (void)state;
    const char *classic = PLUGIN_DATA "classic.nc";
    expect_refused("netcdf", "variables: [bb]", SOURCES(classic), "no variable 'bb'; did you mean 'b'?");
    expect_refused("netcdf", "along: z", SOURCES(classic), "no dimension 'z', but t, y, x, len");
    expect_refused("netcdf", "along: y", SOURCES(classic), "no variable has y as its first dimension");
    expect_refused("netcdf", "", SOURCES(classic, classic), "data.file of a configuration takes a list");
    expect_refused("netcdf", "", SOURCES(plugin_write("hdf5.nc", "\x89HDF\r\n\x1a\n", 8)), "needs no import");
    expect_refused("netcdf", "", SOURCES(plugin_write("text.nc", "CDL {", 5)), "is not a NetCDF file");
}

/* Wrong: a file that was cut, anywhere but in its last padding, is imported. */
static void test_cut(void **state)
{
    (void)state;
    const char *names[] = {"classic.nc", "cdf5.nc"};
    for (int n = 0; n < 2; n++) {
        size_t size;
        char path[512];
        snprintf(path, sizeof path, PLUGIN_DATA "%s", names[n]);
        unsigned char *bytes = plugin_bytes(path, &size);
        for (size_t cut = 0; cut < size; cut += 3)
            expect_refused("netcdf", "", SOURCES(plugin_write("cut.nc", bytes, cut)), "'");
        expect_refused("netcdf", "", SOURCES(plugin_write("cut.nc", bytes, size - 1)), "cut short: it has");
        free(bytes);
    }
}

/* Wrong: a byte of the header that is changed crashes the program, or makes it read elsewhere. */
static void test_damaged(void **state)
{
    (void)state;
    size_t size;
    unsigned char *bytes = plugin_bytes(PLUGIN_DATA "classic.nc", &size);
    for (size_t at = 0; at < size; at++)
        for (int change = 0; change < 3; change++) {
            plugin p;
            unsigned char before = bytes[at];
            bytes[at] = change == 0 ? 0xff : change == 1 ? (unsigned char)(before + 1) : 0x7f;
            const char *path = plugin_write("damaged.nc", bytes, size);
            nn_status status = plugin_open(&p, "netcdf", "", SOURCES(path));
            for (int t = 0; t < p.import.table_count && status == NN_OK; t++) {
                void *values[NN_IMPORT_FIELDS] = {0};
                status = plugin_read(&p, &p.import.tables[t], 2, values);
                plugin_free(&p.import.tables[t], values);
            }
            assert_true(status == NN_OK || status == NN_ERROR_DATA || status == NN_ERROR_MEMORY);
            plugin_close(&p);
            bytes[at] = before;
        }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_versions), cmocka_unit_test(test_description),
                                       cmocka_unit_test(test_single),   cmocka_unit_test(test_streaming),
                                       cmocka_unit_test(test_choices),  cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_cut),      cmocka_unit_test(test_damaged)};
    return cmocka_run_group_tests(tests, plugin_make_scratch, plugin_remove_scratch);
}
