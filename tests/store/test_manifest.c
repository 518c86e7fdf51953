/* The manifest, rereading what was written, and checks of arrays: every change is detected. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "scratch.h"
#include "store/manifest.h"
#include "store/reread.h"
#include "store/store.h"

static void fill(nn_manifest *manifest)
{
    *manifest = (nn_manifest){.run = 0x0123456789abcdefU};
    expect_ok(nn_manifest_put(manifest, NN_MANIFEST_BEST, "best", 4));
    for (int64_t step = 0; step < 20; step++) expect_ok(nn_manifest_put(manifest, step * 1000, &step, 8));
}

/* Wrong: a listed entry is not read back, or a replaced or removed entry is still listed. */
static void test_round_trip(void **state)
{
    (void)state;
    nn_manifest written, read;
    bool there;
    int64_t five = 5;
    size_t memory = nn_memory_in_use();
    fill(&written);
    expect_ok(nn_manifest_put(&written, 3000, "other", 5));
    nn_manifest_remove(&written, 4000);
    nn_manifest_remove(&written, 4001);
    expect_ok(nn_manifest_write(scratch_directory, &written));
    expect_ok(nn_manifest_read(scratch_directory, &read, &there));
    assert_true(there);
    assert_true(read.run == written.run);
    assert_int_equal(read.count, 20);
    assert_memory_equal(read.entries, written.entries, read.count * sizeof *read.entries);
    assert_null(nn_manifest_find(&read, 4000));
    assert_true(nn_manifest_fits(nn_manifest_find(&read, NN_MANIFEST_BEST), "best", 4));
    assert_true(nn_manifest_fits(nn_manifest_find(&read, 3000), "other", 5));
    assert_true(nn_manifest_fits(nn_manifest_find(&read, 5000), &five, 8));
    assert_false(nn_manifest_fits(nn_manifest_find(&read, 6000), &five, 8));
    assert_false(nn_manifest_fits(nn_manifest_find(&read, 5000), &five, 7));
    nn_manifest_release(&read);
    nn_manifest_release(&written);
    assert_int_equal(nn_memory_in_use(), memory);
}

static void expect_refused(size_t where)
{
    nn_manifest read;
    bool there;
    if (nn_manifest_read(scratch_directory, &read, &there) != NN_ERROR_CHECKPOINT)
        fail_msg("damage at byte %zu was not seen", where);
    assert_true(there);
    assert_int_equal(read.count, 0);
    expect_message(scratch_path("manifest"));
}

/* Wrong: a manifest with a flipped bit, a missing end, or something after its end is accepted. */
static void test_damage(void **state)
{
    (void)state;
    nn_manifest written;
    size_t size;
    fill(&written);
    expect_ok(nn_manifest_write(scratch_directory, &written));
    nn_manifest_release(&written);
    unsigned char *bytes = scratch_read(scratch_path("manifest"), &size);
    for (size_t at = 0; at < size; at++) {
        bytes[at] ^= (unsigned char)(1 << at % 8);
        scratch_write(scratch_path("manifest"), bytes, size);
        expect_refused(at);
        bytes[at] ^= (unsigned char)(1 << at % 8);
    }
    for (size_t length = 0; length < size; length++) {
        scratch_write(scratch_path("manifest"), bytes, length);
        expect_refused(length);
    }
    bytes[size] = '\n'; /* scratch_read leaves room for one more byte */
    scratch_write(scratch_path("manifest"), bytes, size + 1);
    expect_refused(size);
    free(bytes);
}

/* Wrong: a missing manifest is taken for a damaged one, or an unreadable one for a missing one. */
static void test_missing_and_unreadable(void **state)
{
    (void)state;
    nn_manifest read;
    bool there;
    remove(scratch_path("manifest"));
    expect_ok(nn_manifest_read(scratch_directory, &read, &there));
    assert_false(there);
    assert_int_equal(mkdir(scratch_path("manifest"), 0777), 0);
    assert_int_equal(nn_manifest_read(scratch_directory, &read, &there), NN_ERROR_CHECKPOINT);
    assert_true(there);
    assert_int_equal(rmdir(scratch_path("manifest")), 0);
}

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
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_missing_and_unreadable),
        cmocka_unit_test(test_reread),
        cmocka_unit_test(test_check_array),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
