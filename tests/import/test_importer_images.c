/* Folders of images: which files become which rows, and what is refused. test_image.c tests the pixels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "build.h"
#include "import/image.h"
#include "plugin.h"

/* Copies a file of the test data into the scratch folder. */
static void put(const char *data, const char *name)
{
    char path[512];
    size_t size;
    snprintf(path, sizeof path, PLUGIN_DATA "%s", data);
    unsigned char *bytes = plugin_bytes(path, &size);
    plugin_write(name, bytes, size);
    free(bytes);
}

static void check_row(const void *values, int64_t row, const char *data, int64_t height, int64_t width)
{
    nn_image image = {0};
    nn_image_scaler scaler = {0};
    unsigned char expected[3 * 64 * 64];
    char path[512];
    snprintf(path, sizeof path, PLUGIN_DATA "%s", data);
    expect_ok(nn_image_read(path, &image));
    expect_ok(nn_image_set_channels(&image, 3));
    expect_ok(nn_image_scale(&scaler, &image, NN_IMAGE_CROP, height, width, expected));
    size_t size = (size_t)(3 * height * width);
    assert_memory_equal((const char *)values + (size_t)row * size, expected, size);
    nn_image_release(&image);
    nn_image_scaler_release(&scaler);
}

/* Fails when classes or files are not in byte order, other files become rows, or a row depends on which rows
 * are read with it. */
static void test_classes(void **state)
{
    (void)state;
    put("rgb.png", "a/dog/2.PNG");
    put("grey.jpg", "a/dog/10.jpeg");
    put("palette.png", "a/cat/1.jpg"); /* the content counts, not the ending */
    put("rgba.png", "a/Zebra/x.png");
    put("images.txt", "a/dog/notes.txt");
    put("rgb.png", "a/dog/.hidden.png");
    put("rgb.png", "a/stray.png");
    plugin p;
    void *values[NN_IMPORT_FIELDS] = {0};
    const char *folder = plugin_path("a");
    expect_ok(plugin_open(&p, "images", "{size: 8x6, colour: rgb}", SOURCES(folder)));
    assert_int_equal(p.import.table_count, 1);
    nn_import_table *table = plugin_table(&p, NULL);
    assert_int_equal(table->rows, 4);
    const nn_import_field *y = &table->fields[plugin_field(table, "y")];
    assert_int_equal(y->classes.count, 3);
    assert_string_equal(y->classes.items[0], "Zebra");
    assert_string_equal(y->classes.items[1], "cat");
    assert_string_equal(y->classes.items[2], "dog");
    assert_true(y->label);
    const nn_shape shape = {3, {8, 6, 3}};
    assert_true(nn_shape_equal(table->fields[0].shape, shape));
    for (int block = 1; block <= 4; block++) {
        expect_ok(plugin_read(&p, table, block, values));
        const unsigned char labels[] = {0, 1, 2, 2};
        assert_memory_equal(values[1], labels, 4);
        const char *const files[] = {"rgba.png", "palette.png", "grey.jpg", "rgb.png"};
        for (int row = 0; row < 4; row++) check_row(values[0], row, files[row], 8, 6);
        plugin_free(table, values);
    }
    plugin_close(&p);
}

/* Fails when train, val and test are not parts, or do not number their classes alike. */
static void test_parts(void **state)
{
    (void)state;
    put("grey.png", "b/train/one/1.png");
    put("grey.png", "b/train/two/1.png");
    put("grey.png", "b/val/two/1.png");
    put("grey.png", "b/test/two/1.png");
    plugin p;
    const char *folder = plugin_path("b");
    expect_ok(plugin_open(&p, "images", "", SOURCES(folder)));
    assert_int_equal(plugin_table(&p, "train")->rows, 2);
    assert_int_equal(plugin_table(&p, "validation")->rows, 1);
    nn_import_table *table = plugin_table(&p, "test");
    void *values[NN_IMPORT_FIELDS] = {0};
    const nn_shape grey = {3, {6, 5, 1}};
    assert_true(nn_shape_equal(table->fields[0].shape, grey)); /* that of the images, when no size is given */
    expect_ok(plugin_read(&p, table, 1, values));
    assert_int_equal(*(unsigned char *)values[1], 1);
    plugin_free(table, values);
    plugin_close(&p);
    put("grey.png", "b/test/three/1.png");
    folder = plugin_path("b");
    expect_refused("images", "", SOURCES(folder), "the class 'three' in");
}

/* Fails when unusable sources are imported, or the message does not name the file and the remedy. */
static void test_refused(void **state)
{
    (void)state;
    put("rgb.png", "c/k/1.png");
    put("interlaced.png", "c/k/2.png");
    const char *folder = plugin_path("c");
    expect_refused("images", "", SOURCES(folder), "c/k/2.png': it has 17 x 23 pixels");
    expect_refused("images", "size: 32", SOURCES(folder), "size: '32' is not HEIGHTxWIDTH");
    expect_refused("images", "size: 0x5", SOURCES(folder), "size: '0x5' is not HEIGHTxWIDTH");
    expect_refused("images", "size: 8x8", SOURCES(folder, folder), "one folder");
    put("grey.png", "d/k/1.png");
    put("rgb.png", "d/k/2.png");
    folder = plugin_path("d");
    expect_refused("images", "", SOURCES(folder), "d/k/2.png': it is in colour");
    folder = plugin_path("d/k");
    expect_refused("images", "", SOURCES(folder), "contains no folders");
    put("images.txt", "e/empty/readme");
    folder = plugin_path("e");
    expect_refused("images", "", SOURCES(folder), "e/empty' contains no image");
    expect_refused("images", "", SOURCES("/nowhere"), "/nowhere' cannot be read: No such file");
    put("grey.png", "f/val/k/1.png");
    put("grey.png", "f/valid/k/1.png");
    folder = plugin_path("f");
    expect_refused("images", "", SOURCES(folder), "f/valid': another folder is also the validation part");
}

/* Fails when a bad image does not stop the import, or is not skipped when it should be. */
static void test_bad_image(void **state)
{
    (void)state;
    put("really_gif.png", "g/k/1.png");
    put("rgb.png", "g/k/2.png");
    put("images.txt", "g/l/1.png");
    put("grey.png", "g/l/2.png");
    const char *folder = plugin_path("g");
    expect_refused("images", "{size: 6x5, colour: rgb}", SOURCES(folder),
                   "g/k/1.png' cannot be used as an image");
    plugin p;
    void *values[NN_IMPORT_FIELDS] = {0};
    expect_ok(plugin_open(&p, "images", "on_bad_image: skip", SOURCES(folder)));
    nn_import_table *table = plugin_table(&p, NULL);
    assert_int_equal(table->rows, 2);
    expect_ok(plugin_read(&p, table, 2, values));
    assert_memory_equal(values[1], "\0\1", 2);
    check_row(values[0], 0, "rgb.png", 6, 5);
    check_row(values[0], 1, "grey.png", 6, 5);
    plugin_free(table, values);
    plugin_close(&p);
}

int main(void)
{
    nn_log_enable(false);
    const bool have_png = NN_HAVE_PNG, have_jpeg = NN_HAVE_JPEG;
    if (!have_png || !have_jpeg) return 77;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_bad_image),
    };
    return cmocka_run_group_tests(tests, plugin_make_scratch, plugin_remove_scratch);
}
