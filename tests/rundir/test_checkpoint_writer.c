/* The writer: what is kept, what is removed, and what is tried again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../store/scratch.h"
#include "base/log.h"
#include "base/memory.h"
#include "rundir/checkpoint_writer.h"
#include "rundir/manifest.h"

#define RUN 42

static int fresh(void **state)
{
    char command[600];
    (void)state;
    nn_log_enable(false);
    snprintf(command, sizeof command, "rm -rf '%s'/* && mkdir '%s'/checkpoints", scratch_directory,
             scratch_directory);
    return system(command);
}

static int remove_all(void **state)
{
    char command[600];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", scratch_directory);
    return system(command);
}

static const char *step_path(int64_t step)
{
    static char path[NN_PATH_SIZE];
    nn_kept_path(scratch_directory, step, path);
    return path;
}

static bool exists(int64_t step)
{
    return access(step_path(step), F_OK) == 0;
}

/* The best weights are chosen by two results. */
static nn_status create(int64_t keep_last, nn_writer **writer)
{
    static const nn_best_rules bests = {2, {{.file = "best.h5"}, {.file = "best-auc.h5"}}};
    const nn_writer_request request = {
        .run_directory = scratch_directory, .keep_last = keep_last, .run = RUN, .bests = &bests};
    return nn_writer_create(&request, writer);
}

/* Writes bytes that repeat the step, in place of a checkpoint. */
static nn_write_outcome write_step(nn_writer *writer, int64_t step, bool regular, unsigned best)
{
    int64_t *bytes;
    nn_write_outcome outcome;
    expect_ok(NN_ALLOCATE(&bytes, 4, "a checkpoint"));
    for (int i = 0; i < 4; i++) bytes[i] = step;
    nn_write_job job = {step, regular, best, bytes, 4 * sizeof *bytes, NULL, 0, NULL, 0};
    nn_writer_start(writer, &job);
    assert_true(nn_writer_ended(writer, true, &outcome));
    assert_false(nn_writer_ended(writer, true, &outcome));
    return outcome;
}

static void expect_content(const char *path, int64_t step)
{
    size_t size;
    unsigned char *bytes = scratch_read(path, &size);
    assert_int_equal(size, 4 * sizeof step);
    assert_memory_equal(bytes, &step, sizeof step);
    free(bytes);
}

static void expect_listed(int64_t entry, const char *best, int64_t step)
{
    nn_manifest manifest;
    bool there;
    const int64_t bytes[4] = {step, step, step, step};
    expect_ok(nn_manifest_read(scratch_directory, &manifest, &there));
    assert_true(there && manifest.run == RUN);
    assert_non_null(nn_manifest_find(&manifest, entry, best));
    assert_true(nn_manifest_fits(nn_manifest_find(&manifest, entry, best), bytes, sizeof bytes));
    nn_manifest_release(&manifest);
}

/* Wrong: a write is lost or not listed, too few or too many checkpoints stay, or one of a later step goes. */
static void test_keeps_last(void **state)
{
    (void)state;
    nn_writer *writer;
    nn_manifest manifest;
    bool there;
    size_t memory = nn_memory_in_use();
    scratch_write(step_path(900), "later", 5);
    expect_ok(create(2, &writer));
    for (int64_t step = 10; step <= 40; step += 10) {
        nn_write_outcome outcome = write_step(writer, step, true, step == 20);
        assert_int_equal(outcome.failed, 0);
        assert_int_equal(outcome.tried, NN_UNSAVED_CHECKPOINT | (step == 20 ? NN_UNSAVED_BEST : 0));
        assert_int_equal(outcome.step, step);
        expect_listed(step, NULL, step);
    }
    assert_false(exists(10) || exists(20));
    expect_content(step_path(30), 30);
    expect_content(step_path(40), 40);
    assert_true(exists(900));
    expect_content(scratch_path("best.h5"), 20);
    expect_listed(-1, "best.h5", 20);
    expect_ok(nn_manifest_read(scratch_directory, &manifest, &there));
    assert_null(nn_manifest_find(&manifest, 20, NULL));
    nn_manifest_release(&manifest);
    nn_writer_destroy(writer);
    assert_int_equal(nn_memory_in_use(), memory);
}

/* Wrong: a damaged checkpoint stays for ever, or a sound one of a later step goes with it. */
static void test_damaged(void **state)
{
    (void)state;
    nn_writer *writer;
    nn_damaged damaged = {0};
    scratch_write(step_path(50), "damaged", 7);
    scratch_write(step_path(60), "sound", 5);
    expect_ok(nn_damaged_add(&damaged, 50));
    expect_ok(create(3, &writer));
    nn_writer_take_damaged(writer, &damaged);
    assert_int_equal(damaged.count, 0);
    assert_int_equal(write_step(writer, 10, true, 0).failed, 0);
    assert_false(exists(50));
    assert_true(exists(60) && exists(10));
    nn_writer_destroy(writer);
}

/* Wrong: a save that fails is taken for a good one, removes older checkpoints, or gives up the best weights.
 */
static void test_failure(void **state)
{
    (void)state;
    nn_writer *writer;
    expect_ok(create(1, &writer));
    assert_int_equal(write_step(writer, 10, true, 0).failed, 0);
    assert_int_equal(mkdir(step_path(20), 0777), 0);
    assert_int_equal(mkdir(scratch_path("best.h5"), 0777), 0);
    nn_write_outcome outcome = write_step(writer, 20, true, 1);
    assert_int_equal(outcome.failed, NN_UNSAVED_CHECKPOINT | NN_UNSAVED_BEST);
    assert_non_null(strstr(outcome.problem, "best.h5"));
    assert_non_null(strstr(outcome.problem, "free"));
    assert_true(exists(10));
    assert_int_equal(rmdir(scratch_path("best.h5")), 0);
    outcome = write_step(writer, 30, true, 0);
    assert_int_equal(outcome.tried, NN_UNSAVED_CHECKPOINT | NN_UNSAVED_BEST);
    assert_int_equal(outcome.failed, 0);
    expect_content(scratch_path("best.h5"), 20);
    expect_content(step_path(30), 30);
    assert_false(exists(10));
    nn_writer_destroy(writer);
}

/* Wrong: one of several best weights replaces another, waits for nothing or is lost where both wait, or the
 * bytes that they share are freed twice or never. */
static void test_several_best(void **state)
{
    (void)state;
    nn_writer *writer;
    size_t memory = nn_memory_in_use();
    expect_ok(create(2, &writer));
    assert_int_equal(write_step(writer, 10, true, 3).tried, NN_UNSAVED_CHECKPOINT | NN_UNSAVED_BEST * 3);
    expect_content(scratch_path("best.h5"), 10);
    expect_content(scratch_path("best-auc.h5"), 10);
    assert_int_equal(write_step(writer, 20, false, 2).tried, NN_UNSAVED_BEST * 2);
    expect_content(scratch_path("best.h5"), 10);
    expect_content(scratch_path("best-auc.h5"), 20);
    expect_listed(-1, "best.h5", 10);
    expect_listed(-1, "best-auc.h5", 20);
    remove(scratch_path("best.h5"));
    remove(scratch_path("best-auc.h5"));
    assert_int_equal(mkdir(scratch_path("best.h5"), 0777), 0);
    assert_int_equal(mkdir(scratch_path("best-auc.h5"), 0777), 0);
    assert_int_equal(write_step(writer, 30, true, 3).failed, NN_UNSAVED_BEST * 3);
    assert_int_equal(write_step(writer, 40, true, 2).failed, NN_UNSAVED_BEST * 3);
    assert_int_equal(rmdir(scratch_path("best.h5")), 0);
    assert_int_equal(write_step(writer, 50, true, 0).failed, NN_UNSAVED_BEST * 2);
    expect_content(scratch_path("best.h5"), 30);
    assert_int_equal(rmdir(scratch_path("best-auc.h5")), 0);
    assert_int_equal(write_step(writer, 60, true, 1).failed, 0);
    expect_content(scratch_path("best.h5"), 60);
    expect_content(scratch_path("best-auc.h5"), 40);
    nn_writer_destroy(writer);
    assert_int_equal(nn_memory_in_use(), memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_keeps_last, fresh),
        cmocka_unit_test_setup(test_damaged, fresh),
        cmocka_unit_test_setup(test_failure, fresh),
        cmocka_unit_test_setup(test_several_best, fresh),
    };
    return cmocka_run_group_tests(tests, scratch_make, remove_all);
}
