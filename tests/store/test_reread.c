/* Rereading what was written, and checks of arrays: every change is detected. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "scratch.h"
#include "store/reread.h"
#include "store/store.h"

static void seal(const double *values, int64_t count, void **bytes, size_t *size)
{
    nn_store_image *image;
    expect_ok(nn_store_image_create(&image));
    expect_ok(nn_store_image_put(image, "weights", NN_STORE_F64, 1, &count, values));
    expect_ok(nn_store_image_put_text(image, "config", "a: b\n"));
    expect_ok(nn_store_image_seal(image, bytes, size));
    nn_store_image_destroy(image);
}

/* Wrong: a file is kept that differs from what was written, in bytes or length, or that was written from
 * bytes that had changed since they were sealed. */
static void test_reread(void **state)
{
    (void)state;
    const double values[3] = {1, 2, 3};
    void *sealed;
    size_t size, memory = nn_memory_in_use();
    seal(values, 3, &sealed, &size);
    unsigned char *bytes = sealed;
    const char *path = scratch_path("reread.h5");
    expect_ok(nn_store_commit_verified(path, bytes, size));
    expect_ok(nn_store_reread(path, path, bytes, size));
    for (int change = 0; change < 3; change++) {
        scratch_write(path, bytes, change == 0 ? size - 1 : size);
        if (change == 1) {
            FILE *file = fopen(path, "r+b");
            fseek(file, 100, SEEK_SET);
            fputc(bytes[100] ^ 1, file);
            fclose(file);
        } else if (change == 2) {
            FILE *file = fopen(path, "ab");
            fputc(0, file);
            fclose(file);
        }
        assert_int_equal(nn_store_reread(path, path, bytes, size), NN_ERROR_IO);
        expect_message("returned different data");
    }
    expect_ok(nn_store_commit(path, "old", 3));
    int files = scratch_count();
    bytes[size / 2] ^= 1;
    assert_int_equal(nn_store_commit_verified(path, bytes, size), NN_ERROR_IO);
    expect_message("changed in memory");
    assert_int_equal(scratch_count(), files);
    size_t kept;
    free(scratch_read(path, &kept));
    assert_int_equal(kept, 3);
    nn_free(sealed);
    assert_int_equal(nn_memory_in_use(), memory);
}

/* Wrong: a NaN or Inf in an array is not counted, or a text is taken for an array. */
static void test_check_array(void **state)
{
    (void)state;
    const double values[5] = {1, NAN, -INFINITY, 1e308, INFINITY};
    void *bytes;
    size_t size;
    int64_t nonfinite;
    nn_store_file *file;
    seal(values, 5, &bytes, &size);
    expect_ok(nn_store_open_image(bytes, size, "image", &file));
    expect_ok(nn_store_check_array(file, "weights", &nonfinite));
    assert_int_equal(nonfinite, 3);
    expect_ok(nn_store_check_array(file, "config", &nonfinite));
    assert_int_equal(nonfinite, 0);
    nn_store_close(file);
    nn_free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reread),
        cmocka_unit_test(test_check_array),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
