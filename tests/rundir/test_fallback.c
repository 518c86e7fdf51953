/* Falling back: the newest checkpoint that can be used is taken, and a run that has lost all of them does not
 * begin from scratch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench.h"
#include "rundir/fallback.h"
#include "rundir/saving.h"
#include "rundir/saving_report.h"

static bench b;

static const char *step_path(int64_t step)
{
    static char path[NN_PATH_SIZE];
    nn_kept_path(b.job.run_directory, step, path);
    return path;
}

static void save(int64_t step)
{
    b.run.state.step = step;
    bench_set(&b, bench_weights(&b), 0, (double)step);
    expect_ok(nn_saving_save(&b.run.directory, &b.parts, true, false));
    nn_saving_watch(&b.run.directory, &b.parts, true);
}

/* Checkpoints of steps 1, 2 and 3. */
static int open_run(void **state)
{
    bench_fresh(state);
    bench_open(&b, bench_precisions[0]);
    for (int64_t step = 1; step <= 3; step++) save(step);
    return 0;
}

static int close_run(void **state)
{
    (void)state;
    bench_close(&b);
    return 0;
}

static void damage(int64_t step)
{
    size_t size;
    unsigned char *bytes = scratch_read(step_path(step), &size);
    bytes[size / 2] ^= 1;
    scratch_write(step_path(step), bytes, size);
    free(bytes);
}

/* The step that is found, and how many damaged ones; -1: none is found. */
static int64_t find(size_t damaged_count)
{
    char path[NN_PATH_SIZE];
    nn_kept_checkpoint found;
    nn_damaged damaged = {0};
    expect_ok(nn_fallback_find(&b.job, &b.parts, path, &found, &damaged));
    int64_t step = found.file ? found.step : -1;
    if (found.file) assert_string_equal(path, step_path(step));
    assert_int_equal(damaged.count, damaged_count);
    nn_kept_close(&found);
    nn_damaged_release(&damaged);
    return step;
}

static nn_status fails(void)
{
    char path[NN_PATH_SIZE];
    nn_kept_checkpoint found;
    nn_status status = nn_fallback_find(&b.job, &b.parts, path, &found, NULL);
    assert_null(found.file);
    nn_kept_close(&found);
    return status;
}

/* Wrong: not the newest is taken, a damaged one is, or it is not noted as damaged. */
static void test_damaged(void **state)
{
    (void)state;
    assert_int_equal(find(0), 3);
    damage(3);
    assert_int_equal(find(1), 2);
    damage(2);
    assert_int_equal(find(2), 1);
}

/* Wrong: an older checkpoint passes under a newer one's name, or is removed as damaged. */
static void test_exchanged(void **state)
{
    (void)state;
    char to[NN_PATH_SIZE];
    snprintf(to, sizeof to, "%s", step_path(3));
    assert_int_equal(unlink(bench_path("manifest")), 0); /* it would show that, too */
    assert_int_equal(rename(step_path(1), to), 0);
    assert_int_equal(find(0), 2);
}

/* Wrong: an intact file that is not the one that was written is preferred to a listed one; or is useless
 * where there is no other. */
static void test_not_listed(void **state)
{
    (void)state;
    void *bytes;
    size_t size;
    b.run.state.step = 3;
    bench_set(&b, bench_weights(&b), 0, 99);
    expect_ok(nn_checkpoint_build(&b.parts, &bytes, &size));
    scratch_write(step_path(3), bytes, size);
    nn_free(bytes);
    assert_int_equal(find(0), 2);
    damage(2);
    damage(1);
    assert_int_equal(find(2), 3);
}

/* Wrong: a run whose checkpoints are lost begins from scratch, or removes what is left of them; or does not
 * begin with --fresh. */
static void test_all_lost(void **state)
{
    (void)state;
    for (int64_t step = 1; step <= 3; step++) damage(step);
    assert_int_equal(fails(), NN_ERROR_CHECKPOINT);
    expect_message("from scratch");
    assert_true(access(step_path(3), F_OK) == 0);
    for (int64_t step = 1; step <= 3; step++) assert_int_equal(unlink(step_path(step)), 0);
    assert_int_equal(fails(), NN_ERROR_CHECKPOINT);
    expect_message("listed in the manifest");
    save(4);
    b.job.fresh = true;
    assert_int_equal(find(0), -1);
    assert_false(access(step_path(4), F_OK) == 0);
    b.job.fresh = false;
    assert_int_equal(find(0), -1);
}

/* Wrong: another run's checkpoints are resumed from, or are called damaged. */
static void test_other_settings(void **state)
{
    (void)state;
    b.parts.data_identity++;
    assert_int_equal(fails(), NN_ERROR_USAGE);
    expect_message("different settings or data");
    b.parts.data_identity--;
    assert_int_equal(find(0), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_damaged, open_run, close_run),
        cmocka_unit_test_setup_teardown(test_exchanged, open_run, close_run),
        cmocka_unit_test_setup_teardown(test_not_listed, open_run, close_run),
        cmocka_unit_test_setup_teardown(test_all_lost, open_run, close_run),
        cmocka_unit_test_setup_teardown(test_other_settings, open_run, close_run),
    };
    return cmocka_run_group_tests(tests, scratch_make, bench_remove);
}
