/* The run directory: made, leased by one job, swept, and emptied of what nntrain has written alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../store/scratch.h"
#include "rundir/rundir.h"

static char path[512];

static int fresh(void **state)
{
    char command[600];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'/*", scratch_directory);
    snprintf(path, sizeof path, "%s", scratch_path("deep/run"));
    return system(command);
}

static int remove_all(void **state)
{
    char command[600];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", scratch_directory);
    return system(command);
}

static const char *in_run(const char *name)
{
    char relative[128];
    snprintf(relative, sizeof relative, "deep/run/%s", name);
    return scratch_path(relative);
}

static void make(const char *name)
{
    scratch_write(in_run(name), "x", 1);
}

static bool has(const char *name)
{
    return access(in_run(name), F_OK) == 0;
}

/* Wrong: folders are not made, two jobs have one directory, or it stays taken after its job. */
static void test_open(void **state)
{
    (void)state;
    nn_rundir one = {.path = path}, other = {.path = path};
    expect_ok(nn_rundir_open(&one));
    assert_true(has("checkpoints"));
    expect_ok(nn_rundir_check_lease(&one));
    assert_int_equal(nn_rundir_open(&other), NN_ERROR_BUSY);
    nn_rundir_close(&other);
    nn_rundir_close(&one);
    expect_ok(nn_rundir_open(&other));
    nn_rundir_close(&other);
}

/* Wrong: what a killed job has left half written stays, or a file of somebody else goes. */
static void test_sweep(void **state)
{
    (void)state;
    static const char *const half[] = {"best.h5.nntrain.tmp", "metrics.jsonl.nntrain.tmp",
                                       "config.yaml.nntrain.tmp", "manifest.nntrain.tmp",
                                       "checkpoints/step-0000000001.h5.nntrain.tmp"};
    nn_rundir one = {.path = path};
    expect_ok(nn_rundir_open(&one));
    nn_rundir_close(&one);
    for (size_t i = 0; i < sizeof half / sizeof *half; i++) make(half[i]);
    make("mine.h5.tmp");
    make("checkpoints/step-0000000001.h5");
    expect_ok(nn_rundir_open(&one));
    for (size_t i = 0; i < sizeof half / sizeof *half; i++) assert_false(has(half[i]));
    assert_true(has("mine.h5.tmp") && has("checkpoints/step-0000000001.h5"));
    nn_rundir_close(&one);
}

/* Wrong: --fresh leaves something of the old run, or removes what is not of nntrain. */
static void test_empty(void **state)
{
    (void)state;
    static const char *const written[] = {"best.h5",
                                          "metrics.jsonl",
                                          "config.yaml",
                                          "manifest",
                                          "status",
                                          "nonfinite-12.h5",
                                          "checkpoints/step-0000000001.h5"};
    static const char *const others[] = {"notes.txt", "nonfinite-12.h5.old", "checkpoints/step-1.h5.copy"};
    nn_rundir one = {.path = path};
    expect_ok(nn_rundir_open(&one));
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) make(written[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) make(others[i]);
    make("nonfinite-7.h5");
    assert_int_equal(nn_rundir_count_nonfinite(path, 0), 2);
    assert_int_equal(nn_rundir_count_nonfinite(path, 7), 1);
    expect_ok(nn_rundir_empty(path));
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) assert_false(has(written[i]));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) assert_true(has(others[i]));
    assert_int_equal(nn_rundir_count_nonfinite(path, 0), 0);
    nn_rundir_close(&one);
}

/* Wrong: a file in the directory's place is taken for it, or is removed. */
static void test_not_a_folder(void **state)
{
    (void)state;
    nn_rundir one = {.path = scratch_path("file")};
    scratch_write(one.path, "x", 1);
    assert_int_equal(nn_rundir_open(&one), NN_ERROR_IO);
    expect_message("is not a folder");
    assert_int_equal(access(one.path, F_OK), 0);
    nn_rundir_close(&one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_open, fresh),
        cmocka_unit_test_setup(test_sweep, fresh),
        cmocka_unit_test_setup(test_empty, fresh),
        cmocka_unit_test_setup(test_not_a_folder, fresh),
    };
    return cmocka_run_group_tests(tests, scratch_make, remove_all);
}
