/* Saving: a save that fails is noticed, retried and, at the end, not claimed to be there. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench.h"
#include "rundir/saving.h"
#include "rundir/saving_report.h"

#define STEP_2 "checkpoints/step-0000000002.h5"
#define STEP_4 "checkpoints/step-0000000004.h5"

static bench b;

static int open_run(void **state)
{
    bench_fresh(state);
    bench_open(&b, bench_precisions[1]);
    return 0;
}

static int close_run(void **state)
{
    (void)state;
    bench_close(&b);
    return 0;
}

/* Takes the folder of checkpoints away, and brings it back. */
static void break_folder(void)
{
    assert_int_equal(rename(bench_path("checkpoints"), bench_path("away")), 0);
    scratch_write(bench_path("checkpoints"), "", 0);
}

static void mend_folder(void)
{
    assert_int_equal(unlink(bench_path("checkpoints")), 0);
    assert_int_equal(rename(bench_path("away"), bench_path("checkpoints")), 0);
}

static void save(int64_t step, bool regular, bool best)
{
    b.run.state.step = step;
    expect_ok(nn_saving_save(&b.run.directory, &b.parts, regular, best));
    nn_saving_watch(&b.run.directory, &b.parts, true);
}

/* Wrong: a good save is not on the disk, or is not known to be. */
static void test_good(void **state)
{
    (void)state;
    save(2, true, true);
    assert_true(bench_has(STEP_2) && bench_has("best.h5"));
    assert_true(b.run.directory.saving.saved_at > 0);
    expect_ok(nn_saving_end(&b.run.directory, &b.parts));
    assert_int_equal(b.run.directory.saving.newest, 2);
    expect_ok(nn_saving_check(&b.run.directory, &b.parts, "training is finished"));
}

/* Wrong: a failed save is forgotten, or is not made up for by the next one, which was only to be of the best
 * weights. */
static void test_retried(void **state)
{
    (void)state;
    const nn_saving *saving = &b.run.directory.saving;
    break_folder();
    save(2, true, false);
    save(2, true, false);
    assert_int_equal(saving->unsaved, NN_UNSAVED_CHECKPOINT);
    assert_int_equal(saving->failures, 2);
    assert_int_equal(nn_saving_check(&b.run.directory, &b.parts, "training is finished"), NN_ERROR_UNSAVED);
    expect_message("the checkpoint could not be saved");
    mend_folder();
    save(4, false, true);
    assert_true(bench_has(STEP_4) && bench_has("best.h5"));
    assert_int_equal(saving->unsaved, 0);
    assert_int_equal(saving->failures, 0);
}

/* Wrong: what failed last is given up at the end of training. */
static void test_end(void **state)
{
    (void)state;
    break_folder();
    save(2, true, false);
    mend_folder();
    expect_ok(nn_saving_end(&b.run.directory, &b.parts));
    assert_true(bench_has(STEP_2));
    expect_ok(nn_saving_check(&b.run.directory, &b.parts, "training is finished"));
}

static nn_status refuse(void *context)
{
    (void)context;
    return nn_fail(NN_ERROR_CORRUPT, "corrupt");
}

/* Wrong: weights that are not finite, or that a guard refuses, take the place of good ones. */
static void test_refused(void **state)
{
    (void)state;
    b.run.state.step = 2;
    bench_set(&b, bench_weights(&b), 1, NAN);
    assert_int_equal(nn_saving_save(&b.run.directory, &b.parts, true, false), NN_ERROR_NONFINITE);
    expect_message("NaN or Inf");
    bench_set(&b, bench_weights(&b), 1, 0);
    bench_set(&b, b.run.stepper->update->average, 1, INFINITY);
    assert_int_equal(nn_saving_save(&b.run.directory, &b.parts, true, false), NN_ERROR_NONFINITE);
    bench_set(&b, b.run.stepper->update->average, 1, 0);
    b.run.directory.admit = refuse;
    assert_int_equal(nn_saving_save(&b.run.directory, &b.parts, true, false), NN_ERROR_CORRUPT);
    nn_saving_watch(&b.run.directory, &b.parts, true);
    assert_false(bench_has(STEP_2));
    b.run.directory.admit = NULL;
    save(2, true, false);
    assert_true(bench_has(STEP_2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_good, open_run, close_run),
        cmocka_unit_test_setup_teardown(test_retried, open_run, close_run),
        cmocka_unit_test_setup_teardown(test_end, open_run, close_run),
        cmocka_unit_test_setup_teardown(test_refused, open_run, close_run),
    };
    return cmocka_run_group_tests(tests, scratch_make, bench_remove);
}
