/* IDX files: made here byte by byte, so that the numbers are known; and Debian's Fashion-MNIST. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <zlib.h>

#include "plugin.h"

static const unsigned char images[] = {0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2,  0,  0,
                                       0, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255};
static const unsigned char labels[] = {0, 0, 8, 1, 0, 0, 0, 3, 2, 0, 1};

static const char *write_gz(const char *name, const void *bytes, size_t size)
{
    const char *path = plugin_path(name);
    gzFile file = gzopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, bytes, (unsigned)size), size);
    assert_int_equal(gzclose(file), Z_OK);
    return path;
}

/* Fails when samples or labels differ from those of the files, plain or compressed, read in blocks. */
static void test_pair(void **state)
{
    (void)state;
    plugin p;
    void *values[NN_IMPORT_FIELDS] = {0};
    const char *x = write_gz("train-images-idx3-ubyte.gz", images, sizeof images);
    const char *y = plugin_write("train-labels-idx1-ubyte", labels, sizeof labels);
    expect_ok(plugin_open(&p, "idx", "classes: [shirt, shoe, bag]", SOURCES(y, x)));
    assert_int_equal(p.import.table_count, 1);
    nn_import_table *table = plugin_table(&p, "train");
    assert_int_equal(table->rows, 3);
    assert_int_equal(table->field_count, 2);
    assert_string_equal(table->fields[0].name, "x");
    assert_int_equal(table->fields[0].type, NN_STORE_U8);
    assert_false(table->fields[0].label);
    assert_int_equal(table->fields[0].shape.dimensions, 2);
    assert_int_equal(table->fields[0].shape.extents[1], 2);
    assert_true(table->fields[1].label);
    assert_int_equal(table->fields[1].shape.dimensions, 0);
    assert_int_equal(table->fields[1].classes.count, 3);
    assert_string_equal(table->fields[1].classes.items[2], "bag");
    expect_ok(plugin_read(&p, table, 2, values));
    assert_memory_equal(values[0], images + 16, 12);
    assert_memory_equal(values[1], labels + 8, 3);
    plugin_free(table, values);
    plugin_close(&p);
}

/* Fails when an element type is read with the wrong size, sign or byte order. */
static void test_types(void **state)
{
    (void)state;
    static const unsigned char shorts[] = {0, 0, 0x0B, 2,    0,    0,    0,    1,    0,
                                           0, 0, 3,    0x01, 0x02, 0xFF, 0xFE, 0x80, 0};
    static const unsigned char ints[] = {0, 0, 0x0C, 2, 0, 0, 0,    1,    0,    0,
                                         0, 2, 0,    1, 0, 2, 0xFF, 0xFF, 0xFF, 0xFF};
    static const unsigned char bytes[] = {0, 0, 0x09, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0x7F, 0x80};
    static const unsigned char floats[] = {0, 0, 0x0D, 2,    0, 0, 0,    1,    0, 0,
                                           0, 2, 0x3F, 0xC0, 0, 0, 0xC0, 0x20, 0, 0};
    static const unsigned char doubles[] = {0, 0, 0x0E, 2,    0,    0,    0,    1,    0,    0,
                                            0, 1, 0x40, 0x09, 0x21, 0xFB, 0x54, 0x44, 0x2D, 0x18};
    static const double reals[] = {3.141592653589793};
    const struct {
        const unsigned char *file;
        size_t size;
        nn_store_type type;
        const void *expected;
    } cases[] = {{shorts, sizeof shorts, NN_STORE_I16, (const int16_t[]){258, -2, -32768}},
                 {ints, sizeof ints, NN_STORE_I32, (const int32_t[]){65538, -1}},
                 {bytes, sizeof bytes, NN_STORE_I8, (const int8_t[]){127, -128}},
                 {floats, sizeof floats, NN_STORE_F32, (const float[]){1.5F, -2.5F}},
                 {doubles, sizeof doubles, NN_STORE_F64, reals}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        plugin p;
        void *values[NN_IMPORT_FIELDS] = {0};
        const char *path = plugin_write("other.idx", cases[i].file, cases[i].size);
        expect_ok(plugin_open(&p, "idx", "", SOURCES(path)));
        nn_import_table *table = plugin_table(&p, NULL);
        assert_int_equal(table->fields[0].type, cases[i].type);
        expect_ok(plugin_read(&p, table, 1, values));
        assert_memory_equal(values[0], cases[i].expected, plugin_row_bytes(&table->fields[0]));
        plugin_free(table, values);
        plugin_close(&p);
    }
}

/* Fails when a damaged file is imported, or the message does not name it and the damage. */
static void test_damaged(void **state)
{
    (void)state;
    unsigned char longer[sizeof images + 1] = {0};
    memcpy(longer, images, sizeof images);
    const char *path = plugin_write("cut.idx", images, sizeof images - 1);
    expect_refused("idx", "", SOURCES(path), "cut.idx' has 27 bytes, but 28 according to its header");
    path = plugin_write("header.idx", images, 9);
    expect_refused("idx", "", SOURCES(path), "header.idx' is cut short in its header");
    path = plugin_write("long.idx", longer, sizeof longer);
    expect_refused("idx", "", SOURCES(path), "it is too long");
    path = write_gz("cut.idx.gz", images, sizeof images - 5);
    expect_refused("idx", "", SOURCES(path), "cut.idx.gz' is cut short: it ends in row 1 of 3");
    path = write_gz("long.idx.gz", longer, sizeof longer);
    expect_refused("idx", "", SOURCES(path), "long.idx.gz' is too long");
    path = plugin_write("text.idx", (const unsigned char *)"hello, world", 12);
    expect_refused("idx", "", SOURCES(path), "text.idx' is not an IDX file");
    path = plugin_write("empty.idx", images, 0);
    expect_refused("idx", "", SOURCES(path), "empty.idx' is not an IDX file");
    longer[2] = 7;
    path = plugin_write("type.idx", longer, sizeof longer);
    expect_refused("idx", "", SOURCES(path), "element type 0x07");
    path = plugin_write("plain.idx.gz", images, sizeof images);
    expect_refused("idx", "", SOURCES(path), "plain.idx.gz' is not a gzip file");
    expect_refused("idx", "", SOURCES("/nowhere/x.idx"), "/nowhere/x.idx' cannot be opened");
    expect_refused("idx", "", SOURCES("/nowhere/x.idx"), "No such file");
}

/* Fails when a gzip stream that ends early, or with a wrong checksum, is accepted. */
static void test_damaged_gzip(void **state)
{
    (void)state;
    size_t size;
    const char *path = write_gz("whole.idx.gz", images, sizeof images);
    unsigned char *bytes = plugin_bytes(path, &size);
    path = plugin_write("half.idx.gz", bytes, size - 9);
    expect_refused("idx", "", SOURCES(path), "half.idx.gz' is cut short");
    bytes[size - 6] ^= 1; /* of the CRC */
    path = plugin_write("sum.idx.gz", bytes, size);
    expect_refused("idx", "", SOURCES(path), "sum.idx.gz' is damaged");
    free(bytes);
}

/* Fails when files that do not belong together are paired. */
static void test_mismatched(void **state)
{
    (void)state;
    const unsigned char fewer[] = {0, 0, 8, 1, 0, 0, 0, 2, 0, 1};
    const char *x = plugin_write("a-idx3-ubyte", images, sizeof images);
    const char *again = plugin_write("b-idx3-ubyte", images, sizeof images);
    const char *y = plugin_write("a-idx1-ubyte", fewer, sizeof fewer);
    expect_refused("idx", "", SOURCES(x, y), "a-idx1-ubyte' has 2 rows, but the other sources have 3");
    expect_refused("idx", "", SOURCES(x, again), "b-idx3-ubyte' are both samples of the same part");
    const char *train = plugin_write("train-labels-idx1-ubyte", labels, sizeof labels);
    expect_refused("idx", "", SOURCES(x, train), "say train or test");
    expect_refused("idx", "classes: [a, b]", SOURCES(train), "row 0: class 2 has no name");
}

/* Fails when a part is recognised inside another word. */
static void test_parts(void **state)
{
    (void)state;
    static const struct {
        const char *name, *part;
    } cases[] = {{"t10k-idx1", "test"},         {"TRAIN-idx1", "train"}, {"emnist-letters-test-idx1", "test"},
                 {"my_training-idx1", "train"}, {"latest-idx1", NULL},   {"values-idx1", NULL},
                 {"val-idx1", "validation"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        plugin p;
        const char *path = plugin_write(cases[i].name, labels, sizeof labels);
        expect_ok(plugin_open(&p, "idx", "", SOURCES(path)));
        plugin_table(&p, cases[i].part);
        plugin_close(&p);
    }
}

/* Fails when the files of Debian's package dataset-fashion-mnist are not read completely: the sums of pixels
 * and labels are known. */
static void test_fashion(void **state)
{
    (void)state;
    plugin p;
    const char *folder = "/usr/share/datasets/fashion-mnist";
    if (access(folder, R_OK) != 0) skip();
    expect_ok(plugin_open(&p, "idx", "", SOURCES(folder)));
    assert_int_equal(p.import.table_count, 2);
    assert_int_equal(plugin_table(&p, "train")->rows, 60000);
    nn_import_table *table = plugin_table(&p, "test");
    assert_int_equal(table->rows, 10000);
    void *values[NN_IMPORT_FIELDS] = {0};
    expect_ok(plugin_read(&p, table, 777, values));
    const unsigned char *x = values[plugin_field(table, "x")], *y = values[plugin_field(table, "y")];
    uint64_t pixels = 0, classes = 0;
    for (size_t i = 0; x && i < 7840000; i++) pixels += x[i];
    for (size_t i = 0; y && i < 10000; i++) classes += y[i];
    assert_int_equal(pixels, 573469082);
    assert_int_equal(classes, 45000);
    plugin_free(table, values);
    plugin_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pair),       cmocka_unit_test(test_types),
        cmocka_unit_test(test_damaged),    cmocka_unit_test(test_damaged_gzip),
        cmocka_unit_test(test_mismatched), cmocka_unit_test(test_parts),
        cmocka_unit_test(test_fashion),
    };
    return cmocka_run_group_tests(tests, plugin_make_scratch, plugin_remove_scratch);
}
