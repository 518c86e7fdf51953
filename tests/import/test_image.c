/* Decoding and resizing, compared with Pillow's results for the same files. */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "build.h"
#include "expected.h"
#include "import/image.h"
#include "plugin.h"

static expected line;
static const bool have_png = NN_HAVE_PNG, have_jpeg = NN_HAVE_JPEG;

static void check_values(const unsigned char *values, double tolerance, const char *what)
{
    for (int64_t i = 0; i < line.count; i++)
        if (fabs(values[i] - line.values[i]) > tolerance)
            fail_msg("%s: value %" PRId64 " is %d, not %g", what, i, values[i], line.values[i]);
}

/* Fails when a PNG decodes to other values than in Pillow, or a JPEG to values further off than another
 * version of libjpeg may be; or when an image comes out rotated. */
static void test_decode(void **state)
{
    (void)state;
    nn_image image = {0};
    int seen = 0;
    FILE *file = fopen(PLUGIN_DATA "images.txt", "r");
    assert_non_null(file);
    for (; expected_next(file, &line); seen++) {
        char path[512];
        bool jpeg = strstr(line.name, ".jpg");
        if (jpeg ? !have_jpeg : !have_png) continue;
        snprintf(path, sizeof path, PLUGIN_DATA "%s", line.name);
        expect_ok(nn_image_read(path, &image));
        assert_int_equal(image.height, line.shape.extents[0]);
        assert_int_equal(image.width, line.shape.extents[1]);
        assert_int_equal(image.channels, line.shape.dimensions == 2 ? 1 : 3);
        check_values(image.values, jpeg ? 2 : 0, line.name);
    }
    assert_int_equal(seen, 22);
    fclose(file);
    nn_image_release(&image);
}

/* Fails when a resized image differs from the filtered one: Pillow rounds between its two passes, we do
 * not. */
static void test_scale(void **state)
{
    (void)state;
    if (!have_png) skip();
    static unsigned char values[4096];
    const char *const fits[] = {"crop", "stretch", "pad"};
    nn_image image = {0};
    nn_image_scaler scaler = {0};
    int seen = 0;
    FILE *file = fopen(PLUGIN_DATA "scaled.txt", "r");
    assert_non_null(file);
    expect_ok(nn_image_read(PLUGIN_DATA "interlaced.png", &image));
    for (; expected_next(file, &line); seen++) {
        int fit = 0;
        while (fit < 2 && strcmp(fits[fit], line.name) != 0) fit++;
        memset(values, 77, sizeof values);
        expect_ok(nn_image_scale(&scaler, &image, (nn_image_fit)fit, line.shape.extents[0],
                                 line.shape.extents[1], values));
        check_values(values, 1, line.name);
        assert_int_equal(values[line.count], 77);
    }
    assert_int_equal(seen, 15);
    fclose(file);
    nn_image_scaler_release(&scaler);
    nn_image_release(&image);
}

/* Fails when reduction drops fine stripes or keeps them, instead of averaging them. */
static void test_no_aliases(void **state)
{
    (void)state;
    nn_image image = {0};
    nn_image_scaler scaler = {0};
    unsigned char values[8 * 8];
    expect_ok(nn_image_resize_room(&image, 64, 64, 1));
    for (int i = 0; i < 64 * 64; i++) image.values[i] = i % 8 == 0 ? 200 : 0;
    expect_ok(nn_image_scale(&scaler, &image, NN_IMAGE_CROP, 8, 8, values));
    for (int i = 0; i < 64; i++) assert_in_range(values[i], 15, 35);
    expect_ok(nn_image_scale(&scaler, &image, NN_IMAGE_STRETCH, 64, 64, image.values));
    nn_image_scaler_release(&scaler);
    nn_image_release(&image);
}

/* Fails when grey is not the luma of the colours, or grey values do not become equal colours. */
static void test_channels(void **state)
{
    (void)state;
    nn_image image = {0};
    const unsigned char colours[] = {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255};
    const unsigned char luma[] = {76, 150, 29, 255};
    expect_ok(nn_image_resize_room(&image, 2, 2, 3));
    memcpy(image.values, colours, sizeof colours);
    expect_ok(nn_image_set_channels(&image, 1));
    assert_int_equal(image.channels, 1);
    assert_memory_equal(image.values, luma, sizeof luma);
    expect_ok(nn_image_set_channels(&image, 3));
    for (int i = 0; i < 12; i++) assert_int_equal(image.values[i], luma[i / 3]);
    nn_image_release(&image);
}

static void expect_unreadable(const char *path, const char *message)
{
    nn_image image = {0};
    if (nn_image_read(path, &image) == NN_OK) fail_msg("not refused: %s", message);
    expect_message(message);
    expect_message(path);
    nn_image_release(&image);
}

/* Fails when an image that ends early, anywhere, is accepted as complete. Only the end marker of a JPEG may
 * be missing. */
static void test_cut_short(void **state)
{
    (void)state;
    const char *const names[] = {"rgb.png", "interlaced.png", "halved.jpg", "progressive.jpg", "grey.jpg"};
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        char path[512];
        bool jpeg = strstr(names[n], ".jpg");
        if (jpeg ? !have_jpeg : !have_png) continue;
        snprintf(path, sizeof path, PLUGIN_DATA "%s", names[n]);
        size_t size;
        unsigned char *bytes = plugin_bytes(path, &size);
        for (size_t cut = 0; cut < size - 2; cut += cut < 40 ? 1 : 7) {
            const char *part = plugin_write(names[n], bytes, cut);
            expect_unreadable(part, cut < 3 ? "cannot be used" : names[n]);
        }
        free(bytes);
    }
}

/* Fails when damage goes undetected, or the kind of a file that is not an image is not named. */
static void test_damaged(void **state)
{
    (void)state;
    expect_unreadable(PLUGIN_DATA "really_gif.png", "it is a GIF");
    expect_unreadable(PLUGIN_DATA "images.txt", "neither PNG nor JPEG");
    expect_unreadable("/nowhere/a.png", "No such file");
    size_t size;
    if (have_png) {
        unsigned char *bytes = plugin_bytes(PLUGIN_DATA "rgb.png", &size);
        bytes[size - 20] ^= 0x10; /* in the data */
        expect_unreadable(plugin_write("flipped.png", bytes, size), "damaged PNG image");
        free(bytes);
    }
    if (have_jpeg) {
        expect_unreadable(PLUGIN_DATA "cmyk.jpg", "CMYK");
        unsigned char *bytes = plugin_bytes(PLUGIN_DATA "full.jpg", &size);
        bytes[size - 100] = 0xFF; /* an end marker within the data */
        bytes[size - 99] = 0xD9;
        expect_unreadable(plugin_write("flipped.jpg", bytes, size), "damaged JPEG image");
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode),   cmocka_unit_test(test_scale),     cmocka_unit_test(test_no_aliases),
        cmocka_unit_test(test_channels), cmocka_unit_test(test_cut_short), cmocka_unit_test(test_damaged),
    };
    return cmocka_run_group_tests(tests, plugin_make_scratch, plugin_remove_scratch);
}
