/* Which file of a run directory is used. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../store/scratch.h"
#include "base/memory.h"
#include "store/kept.h"

/* A file of a run directory, written at `step`. */
static void save(const char *name, int64_t step)
{
    const int64_t integers[NN_KEPT_STATE] = {step, 0, 0}, extent = NN_KEPT_STATE;
    char path[600];
    nn_store_image *image;
    void *bytes;
    size_t size;
    snprintf(path, sizeof path, "%s/%s", scratch_directory, name);
    expect_ok(nn_store_image_create(&image));
    expect_ok(nn_store_image_put(image, NN_KEPT_STATE_NAME, NN_STORE_I64, 1, &extent, integers));
    expect_ok(nn_store_image_seal(image, &bytes, &size));
    expect_ok(nn_store_commit(path, bytes, size));
    nn_store_image_destroy(image);
    nn_free(bytes);
}

static void expect_taken(const char *name)
{
    char path[NN_PATH_SIZE], expected[600];
    void *bytes;
    size_t size;
    expect_ok(nn_kept_newest(scratch_directory, path, &bytes, &size));
    snprintf(expected, sizeof expected, "%s/checkpoints/%s", scratch_directory, name);
    assert_string_equal(path, expected);
    assert_non_null(bytes);
    nn_free(bytes);
}

static int make_run(void **state)
{
    int outcome = scratch_make(state);
    return outcome ? outcome : mkdir(scratch_path("checkpoints"), 0777);
}

static int remove_run(void **state)
{
    static const char *const names[] = {"3", "6", "9"};
    for (int i = 0; i < 3; i++) {
        char name[64];
        snprintf(name, sizeof name, "checkpoints/step-000000000%s.h5", names[i]);
        remove(scratch_path(name));
    }
    return scratch_remove(state);
}

/* Wrong: a checkpoint with the name of another step is used instead of an older correct one; or its step is
 * not reported. */
static void test_exchanged(void **state)
{
    (void)state;
    nn_kept_checkpoint opened;
    size_t memory = nn_memory_in_use();
    save("checkpoints/step-0000000003.h5", 3);
    save("checkpoints/step-0000000006.h5", 6);
    expect_taken("step-0000000006.h5");
    save("checkpoints/step-0000000009.h5", 6);
    expect_taken("step-0000000006.h5");
    const char *path = scratch_path("checkpoints/step-0000000009.h5");
    assert_int_equal(nn_kept_open(path, 9, &opened), NN_ERROR_CHECKPOINT);
    expect_message("is the checkpoint of step 6, not of step 9");
    nn_kept_close(&opened);
    expect_ok(nn_kept_open(path, -1, &opened));
    assert_int_equal(opened.step, 6);
    nn_kept_close(&opened);
    assert_int_equal(nn_memory_in_use(), memory);
}

/* Wrong: if no correct one is left, a wrong one is used, or the directory is said to have none. */
static void test_none(void **state)
{
    (void)state;
    char path[NN_PATH_SIZE];
    void *bytes;
    size_t size;
    save("checkpoints/step-0000000003.h5", 6);
    save("checkpoints/step-0000000006.h5", 9);
    save("checkpoints/step-0000000009.h5", 3);
    assert_int_equal(nn_kept_newest(scratch_directory, path, &bytes, &size), NN_ERROR_CHECKPOINT);
    assert_null(bytes);
    expect_message("none of the 3 checkpoints is usable");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exchanged),
        cmocka_unit_test(test_none),
    };
    return cmocka_run_group_tests(tests, make_run, remove_run);
}
