/* .npy and .npz files written by NumPy; the values are as NumPy prints them (arrays.txt). */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "build.h"
#include "expected.h"
#include "plugin.h"

static expected line;

static double number(nn_store_type type, const void *values, int64_t i)
{
    switch (type) {
    case NN_STORE_U8:
        return ((const uint8_t *)values)[i];
    case NN_STORE_I8:
        return ((const int8_t *)values)[i];
    case NN_STORE_U16:
        return ((const uint16_t *)values)[i];
    case NN_STORE_I16:
        return ((const int16_t *)values)[i];
    case NN_STORE_U32:
        return ((const uint32_t *)values)[i];
    case NN_STORE_I32:
        return ((const int32_t *)values)[i];
    case NN_STORE_U64:
        return (double)((const uint64_t *)values)[i];
    case NN_STORE_I64:
        return (double)((const int64_t *)values)[i];
    case NN_STORE_F32:
        return (double)((const float *)values)[i];
    default:
        return ((const double *)values)[i];
    }
}

/* The type according to a file's name. */
static nn_store_type named_type(const char *name)
{
    static const struct {
        const char *name;
        nn_store_type type;
    } types[] = {{"float32", NN_STORE_F32}, {"float64", NN_STORE_F64}, {"float16", NN_STORE_F32},
                 {"int16", NN_STORE_I16},   {"int32", NN_STORE_I32},   {"int64", NN_STORE_I64},
                 {"int8", NN_STORE_I8},     {"uint8", NN_STORE_U8},    {"uint16", NN_STORE_U16},
                 {"uint32", NN_STORE_U32},  {"uint64", NN_STORE_U64},  {"bool", NN_STORE_U8}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strncmp(name, types[i].name, strlen(types[i].name)) == 0) return types[i].type;
    return NN_STORE_F32;
}

/* Fails when a type, byte order, index order or version of the format is read incorrectly, in blocks of any
 * size. The values must have the same bits as in NumPy. */
static void test_types(void **state)
{
    (void)state;
    int seen = 0;
    FILE *file = fopen(PLUGIN_DATA "arrays.txt", "r");
    assert_non_null(file);
    for (; expected_next(file, &line); seen++) {
        plugin p;
        char path[512];
        void *values[NN_IMPORT_FIELDS] = {0};
        snprintf(path, sizeof path, PLUGIN_DATA "%s", line.name);
        expect_ok(plugin_open(&p, "npy", "", SOURCES(path)));
        nn_import_table *table = plugin_table(&p, NULL);
        assert_int_equal(table->rows, line.shape.extents[0]);
        assert_int_equal(table->fields[0].shape.dimensions, line.shape.dimensions - 1);
        assert_int_equal(nn_shape_count(table->fields[0].shape), line.count / table->rows);
        assert_int_equal(table->fields[0].type, named_type(line.name));
        expect_ok(plugin_read(&p, table, 1 + seen % 4, values));
        for (int64_t i = 0; i < line.count; i++) {
            double found = number(table->fields[0].type, values[0], i);
            if (found != line.values[i] || signbit(found) != signbit(line.values[i]))
                fail_msg("%s: value %" PRId64 " is %g, not %g", line.name, i, found, line.values[i]);
        }
        plugin_free(table, values);
        plugin_close(&p);
    }
    assert_int_equal(seen, 15);
    fclose(file);
}

/* x[i, j, k] is 100 i + 10 j + k and y[i] is i % 3: see make_import_data.py. */
static void check_pair(plugin *p, nn_import_table *table, const char *x, const char *y, int64_t block)
{
    void *values[NN_IMPORT_FIELDS] = {0};
    const nn_shape shape = {2, {4, 3}}, single = {0};
    int fx = plugin_field(table, x), fy = plugin_field(table, y);
    assert_true(nn_shape_equal(table->fields[fx].shape, shape));
    assert_true(nn_shape_equal(table->fields[fy].shape, single));
    assert_true(table->fields[fy].label);
    assert_false(table->fields[fx].label);
    expect_ok(plugin_read(p, table, block, values));
    for (int i = 0; i < 12 * table->rows; i++) {
        int expected_value = 100 * (i / 12) + 10 * (i / 3 % 4) + i % 3;
        assert_true(number(table->fields[fx].type, values[fx], i) == expected_value);
    }
    for (int i = 0; i < table->rows; i++) assert_true(number(table->fields[fy].type, values[fy], i) == i % 3);
    plugin_free(table, values);
}

/* Fails when the members of an archive, stored or deflated, do not become the parts and fields that their
 * names say. */
static void test_archives(void **state)
{
    (void)state;
    if (!NN_HAVE_ZIP) skip();
    const char *const files[] = {PLUGIN_DATA "stored.npz", PLUGIN_DATA "deflated.npz"};
    for (int f = 0; f < 2; f++) {
        plugin p;
        expect_ok(plugin_open(&p, "npy", "classes: [a, b, c]", SOURCES(files[f])));
        assert_int_equal(p.import.table_count, 2);
        nn_import_table *train = plugin_table(&p, "train"), *test = plugin_table(&p, "test");
        assert_int_equal(train->rows, 7);
        assert_int_equal(test->rows, 5);
        assert_int_equal(test->fields[plugin_field(test, "x")].type, NN_STORE_I16);
        assert_int_equal(train->fields[plugin_field(train, "y")].classes.count, 3);
        check_pair(&p, train, "x", "y", 2);
        check_pair(&p, test, "x", "y", 5);
        plugin_close(&p);
    }
}

/* Fails when an array in Fortran order inside an archive is not transposed, a single column of labels is not
 * taken as labels, or arrays cannot be selected. */
static void test_fortran_archive(void **state)
{
    (void)state;
    if (!NN_HAVE_ZIP) skip();
    plugin p;
    expect_ok(plugin_open(&p, "npy", "", SOURCES(PLUGIN_DATA "fortran.npz")));
    check_pair(&p, plugin_table(&p, NULL), "images", "labels", 3);
    plugin_close(&p);
    expect_ok(plugin_open(&p, "npy", "arrays: [labels]", SOURCES(PLUGIN_DATA "fortran.npz")));
    assert_int_equal(plugin_table(&p, NULL)->field_count, 1);
    plugin_close(&p);
    expect_refused("npy", "arrays: [x]", SOURCES(PLUGIN_DATA "fortran.npz"), "have no array 'x'");
}

/* Fails when an array that does not hold plain numbers is imported, or the advice is missing. */
static void test_refused_types(void **state)
{
    (void)state;
    expect_refused("npy", "", SOURCES(PLUGIN_DATA "complex.npy"), "complex.npy holds complex numbers: save");
    expect_refused("npy", "", SOURCES(PLUGIN_DATA "text.npy"), "holds strings: save their numbers");
    expect_refused("npy", "", SOURCES(PLUGIN_DATA "object.npy"), "holds Python objects: save");
    expect_refused("npy", "", SOURCES(PLUGIN_DATA "record.npy"), "holds records: save");
    expect_refused("npy", "", SOURCES(PLUGIN_DATA "scalar.npy"), "no array with rows");
    expect_refused("npy", "", SOURCES(PLUGIN_DATA "images.txt"), "images.txt is not a NumPy array");
    expect_refused("npy", "", SOURCES(PLUGIN_DATA "int8.npy", PLUGIN_DATA "uint16.npy"),
                   "uint16.npy' has 2 rows, but the other sources have 3");
    expect_refused("npy", "", SOURCES(PLUGIN_DATA "int8.npy", PLUGIN_DATA "int8.npy"),
                   "another array of the same part is also named 'int8'");
    expect_refused("npy", "", SOURCES("/nowhere.npy"), "No such file");
}

/* Fails when a file is imported that is cut short anywhere, or has data after its values. */
static void test_cut_short(void **state)
{
    (void)state;
    const char *const names[] = {"float64_fortran.npy", "version3.npy", "stored.npz", "deflated.npz",
                                 "fortran.npz"};
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        char path[512];
        size_t size;
        if (strstr(names[n], ".npz") && !NN_HAVE_ZIP) continue;
        snprintf(path, sizeof path, PLUGIN_DATA "%s", names[n]);
        unsigned char *bytes = plugin_bytes(path, &size);
        for (size_t cut = 0; cut < size; cut += cut < 20 ? 1 : 9) {
            const char *part = plugin_write(names[n], bytes, cut);
            expect_refused("npy", "", SOURCES(part), names[n]);
        }
        bytes[size] = 0;
        const char *part = plugin_write("longer.npy", bytes, size + 1);
        if (!strstr(names[n], ".npz")) expect_refused("npy", "", SOURCES(part), "it is too long");
        free(bytes);
    }
}

/* Fails when damage inside a member goes undetected: the archive's checksums are verified. */
static void test_damaged_archive(void **state)
{
    (void)state;
    if (!NN_HAVE_ZIP) skip();
    size_t size;
    unsigned char *bytes = plugin_bytes(PLUGIN_DATA "stored.npz", &size);
    bytes[250] ^= 1; /* in the values of x_train */
    const char *path = plugin_write("damaged.npz", bytes, size);
    expect_refused("npy", "", SOURCES(path), "damaged.npz: x_train is damaged");
    free(bytes);
}

/* A header of version 1 of 128 bytes. */
static void header_of(char *bytes, const char *text)
{
    static const char prefix[10] = {'\x93', 'N', 'U', 'M', 'P', 'Y', 1, 0, 118, 0};
    memset(bytes, ' ', 128);
    memcpy(bytes, prefix, sizeof prefix);
    for (size_t i = 0; text[i]; i++) bytes[10 + i] = text[i];
}

/* Fails when a nonsensical header is accepted. */
static void test_headers(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"{'descr': '<f4', 'shape': (2,), }", "the header is damaged"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': 2, }", "the header is damaged"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", "the header is damaged"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, x), }", "the header is damaged"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (9000000000, 9000000000), }", "too large"},
        {"{'descr': '<f16', 'fortran_order': False, 'shape': (2,), }", "type 'f16' cannot be read"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1,1), }",
         "more than 9 dimensions"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3), }", "is empty"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", "is cut short"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char bytes[128];
        header_of(bytes, cases[i].text);
        const char *path = plugin_write("made.npy", bytes, sizeof bytes);
        expect_refused("npy", "", SOURCES(path), cases[i].message);
    }
}

/* Fails when names do not become the right fields and parts. */
static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *file, *part, *field;
        bool label;
    } cases[] = {{"X_train.npy", "train", "x", false},
                 {"train_images.npy", "train", "images", false},
                 {"val_labels.npy", "validation", "labels", true},
                 {"test.npy", "test", "x", false},
                 {"a_test_b.npy", "test", "a_b", false},
                 {"target.npy", NULL, "target", true},
                 {"latest.npy", NULL, "latest", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        plugin p;
        size_t size;
        unsigned char *bytes = plugin_bytes(PLUGIN_DATA "int8.npy", &size);
        const char *path = plugin_write(cases[i].file, bytes, size);
        free(bytes);
        expect_ok(plugin_open(&p, "npy", "", SOURCES(path)));
        nn_import_table *table = plugin_table(&p, cases[i].part);
        assert_string_equal(table->fields[0].name, cases[i].field);
        assert_int_equal(table->fields[0].label, cases[i].label);
        plugin_close(&p);
    }
}

int main(void)
{
    nn_log_enable(false);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),           cmocka_unit_test(test_archives),
        cmocka_unit_test(test_fortran_archive), cmocka_unit_test(test_refused_types),
        cmocka_unit_test(test_cut_short),       cmocka_unit_test(test_damaged_archive),
        cmocka_unit_test(test_headers),         cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, plugin_make_scratch, plugin_remove_scratch);
}
