/* Files of CIFAR records, made here: the value of pixel (row, column, channel) of record n identifies
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plugin.h"

enum { SIDE = 32, PIXELS = 3 * SIDE * SIDE };

static unsigned char pixel(int record, int row, int column, int channel)
{
    return (unsigned char)(record * 91 + row * 7 + column * 3 + channel * 50);
}

/* Records from number `first`, with one label (number modulo 10) or two (modulo 20 and modulo 100). */
static const char *make(const char *name, int labels, int first, int count, size_t surplus)
{
    static unsigned char bytes[4 * (PIXELS + 2) + 8];
    unsigned char *at = bytes;
    for (int n = first; n < first + count; n++) {
        if (labels == 2) *at++ = (unsigned char)(n % 20);
        *at++ = (unsigned char)(n % (labels == 2 ? 100 : 10));
        for (int channel = 0; channel < 3; channel++)
            for (int i = 0; i < SIDE * SIDE; i++) *at++ = pixel(n, i / SIDE, i % SIDE, channel);
    }
    return plugin_write(name, bytes, (size_t)(at - bytes) + surplus);
}

static void check(plugin *p, const char *part, int first, int count, int modulus)
{
    void *values[NN_IMPORT_FIELDS] = {0};
    nn_import_table *table = plugin_table(p, part);
    assert_int_equal(table->rows, count);
    expect_ok(plugin_read(p, table, 2, values));
    const unsigned char *x = values[plugin_field(table, "x")], *y = values[plugin_field(table, "y")];
    for (int n = 0; n < count; n++) {
        assert_int_equal(y[n], (first + n) % modulus);
        for (int i = 0; i < PIXELS; i++)
            assert_int_equal(*x++, pixel(first + n, i / 3 / SIDE, i / 3 % SIDE, i % 3));
    }
    plugin_free(table, values);
}

/* Fails when planes do not become pixels, batches are read in another order, or class names are lost. */
static void test_cifar10(void **state)
{
    (void)state;
    plugin p;
    make("ten/data_batch_2.bin", 1, 4, 3, 0);
    make("ten/data_batch_1.bin", 1, 1, 3, 0);
    make("ten/test_batch.bin", 1, 60, 2, 0);
    plugin_write("ten/batches.meta.txt", "airplane\ncar\r\n\n", 15);
    plugin_write("ten/readme.html", "x", 1);
    const char *folder = plugin_path("ten");
    expect_ok(plugin_open(&p, "cifar", "", SOURCES(folder)));
    assert_int_equal(p.import.table_count, 2);
    check(&p, "train", 1, 6, 10);
    check(&p, "test", 60, 2, 10);
    const nn_import_field *y = &plugin_table(&p, "test")->fields[1];
    assert_int_equal(y->classes.count, 2);
    assert_string_equal(y->classes.items[1], "car");
    plugin_close(&p);
}

/* Fails when the fine and the coarse label, or the lists of their names, are swapped. */
static void test_cifar100(void **state)
{
    (void)state;
    plugin p;
    const char *train = make("hundred/train.bin", 2, 30, 4, 0), *test = make("hundred/test.bin", 2, 95, 3, 0);
    plugin_write("hundred/fine_label_names.txt", "apple\n", 6);
    plugin_write("hundred/coarse_label_names.txt", "fruit\n", 6);
    expect_ok(plugin_open(&p, "cifar", "", SOURCES(train, test)));
    check(&p, "train", 30, 4, 100);
    check(&p, "test", 95, 3, 100);
    assert_string_equal(plugin_table(&p, "train")->fields[1].classes.items[0], "apple");
    plugin_close(&p);
    expect_ok(plugin_open(&p, "cifar", "labels: coarse", SOURCES(test, train)));
    check(&p, "train", 30, 4, 20);
    assert_string_equal(plugin_table(&p, "train")->fields[1].classes.items[0], "fruit");
    plugin_close(&p);
}

/* Fails when a file is imported that is not a whole number of records, or that is of the other variant. */
static void test_refused(void **state)
{
    (void)state;
    const char *path = make("cut/data_batch_1.bin", 1, 0, 2, (size_t)-1);
    expect_refused("cifar", "", SOURCES(path), "cut/data_batch_1.bin' has 6145 bytes");
    path = make("empty.bin", 1, 0, 0, 0);
    expect_refused("cifar", "", SOURCES(path), "empty.bin' has 0 bytes");
    path = make("other/train.bin", 2, 99, 1, 0);
    expect_refused("cifar", "variant: cifar10", SOURCES(path), "records of 3073");
    const char *ten = make("data_batch_1.bin", 1, 0, 2, 0);
    expect_refused("cifar", "", SOURCES(ten, path), "other/train.bin' has 3074 bytes");
    expect_refused("cifar", "labels: coarse", SOURCES(ten), "no coarse labels");
    const char *odd = make("some.bin", 1, 0, 2, 0);
    expect_refused("cifar", "", SOURCES(ten, odd), "some.bin' does not say train or test");
    size_t size;
    unsigned char *bytes = plugin_bytes(ten, &size);
    bytes[PIXELS + 1] = 10;
    path = plugin_write("data_batch_2.bin", bytes, size);
    expect_refused("cifar", "", SOURCES(path), "data_batch_2.bin', record 1: label 10");
    free(bytes);
    const char *folder = plugin_path("nothing");
    plugin_write("nothing/readme", "x", 1);
    expect_refused("cifar", "", SOURCES(folder), "contains no binary files of CIFAR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cifar10),
        cmocka_unit_test(test_cifar100),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, plugin_make_scratch, plugin_remove_scratch);
}
