/* The manifest: every change is detected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../store/scratch.h"
#include "base/memory.h"
#include "rundir/manifest.h"

static void fill(nn_manifest *manifest)
{
    *manifest = (nn_manifest){.run = 0x0123456789abcdefU};
    expect_ok(nn_manifest_put(manifest, -1, "best.h5", "best", 4));
    for (int64_t step = 0; step < 20; step++)
        expect_ok(nn_manifest_put(manifest, step * 1000, NULL, &step, 8));
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
    expect_ok(nn_manifest_put(&written, 3000, NULL, "other", 5));
    expect_ok(nn_manifest_put(&written, -1, "best-label.auc.h5", "by auc", 6));
    expect_ok(nn_manifest_put(&written, -1, "best-loss.h5", "by loss", 7));
    expect_ok(nn_manifest_put(&written, -1, "best-loss.h5", "loss", 4));
    nn_manifest_remove(&written, 4000, NULL);
    nn_manifest_remove(&written, 4001, NULL);
    nn_manifest_remove(&written, -1, "best-loss");
    expect_ok(nn_manifest_write(scratch_directory, &written));
    expect_ok(nn_manifest_read(scratch_directory, &read, &there));
    assert_true(there);
    assert_true(read.run == written.run);
    assert_int_equal(read.count, 22);
    assert_memory_equal(read.entries, written.entries, read.count * sizeof *read.entries);
    assert_null(nn_manifest_find(&read, 4000, NULL));
    assert_true(nn_manifest_fits(nn_manifest_find(&read, -1, "best.h5"), "best", 4));
    assert_true(nn_manifest_fits(nn_manifest_find(&read, -1, "best-label.auc.h5"), "by auc", 6));
    assert_true(nn_manifest_fits(nn_manifest_find(&read, -1, "best-loss.h5"), "loss", 4));
    assert_null(nn_manifest_find(&read, -1, NULL));
    assert_true(nn_manifest_fits(nn_manifest_find(&read, 3000, NULL), "other", 5));
    assert_true(nn_manifest_fits(nn_manifest_find(&read, 5000, NULL), &five, 8));
    assert_false(nn_manifest_fits(nn_manifest_find(&read, 6000, NULL), &five, 8));
    assert_false(nn_manifest_fits(nn_manifest_find(&read, 5000, NULL), &five, 7));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_missing_and_unreadable),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
