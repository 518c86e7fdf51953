/* The lease: one holder at a time, and none after its death. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/memory.h"
#include "scratch.h"
#include "store/lease.h"

/* The status that a separate process gets when it tries to take the lease. */
static int take_elsewhere(void)
{
    int outcome;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        nn_lease *lease;
        nn_status status = nn_lease_take(scratch_directory, &lease);
        nn_lease_release(lease);
        _exit((int)status);
    }
    assert_int_equal(waitpid(child, &outcome, 0), child);
    assert_true(WIFEXITED(outcome));
    return WEXITSTATUS(outcome);
}

/* Wrong: two jobs in one directory, in two processes or in one; or a directory that remains taken after a
 * release. */
static void test_one_holder(void **state)
{
    (void)state;
    nn_lease *lease, *second;
    char holder[64];
    size_t memory = nn_memory_in_use();
    expect_ok(nn_lease_take(scratch_directory, &lease));
    assert_int_equal(take_elsewhere(), NN_ERROR_BUSY);
    assert_int_equal(nn_lease_look(scratch_directory), NN_ERROR_BUSY);
    assert_int_equal(nn_lease_take(scratch_directory, &second), NN_ERROR_BUSY);
    assert_null(second);
    snprintf(holder, sizeof holder, "process %ld,", (long)getpid());
    expect_message(holder);
    expect_message(scratch_directory);
    expect_message("another run directory");
    nn_lease_release(lease);
    assert_int_equal(nn_lease_look(scratch_directory), NN_OK);
    assert_int_equal(take_elsewhere(), NN_OK);
    expect_ok(nn_lease_take(scratch_directory, &lease));
    nn_lease_release(lease);
    nn_lease_release(NULL);
    assert_int_equal(nn_memory_in_use(), memory);
}

/* Wrong: the lease of a job outlives its kill by signal 9. */
static void test_holder_is_killed(void **state)
{
    (void)state;
    int ready[2], outcome;
    char word = 0;
    nn_lease *lease;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        word = nn_lease_take(scratch_directory, &lease) == NN_OK ? 'y' : 'n';
        if (write(ready[1], &word, 1) != 1) _exit(1);
        for (;;) pause();
    }
    ssize_t got = read(ready[0], &word, 1);
    nn_status while_alive = nn_lease_take(scratch_directory, &lease);
    kill(child, SIGKILL); /* before any check can leave this function */
    assert_int_equal(waitpid(child, &outcome, 0), child);
    close(ready[0]);
    close(ready[1]);
    assert_int_equal(got, 1);
    assert_int_equal(word, 'y');
    assert_int_equal(while_alive, NN_ERROR_BUSY);
    assert_int_equal(nn_lease_look(scratch_directory), NN_OK);
    expect_ok(nn_lease_take(scratch_directory, &lease));
    nn_lease_release(lease);
}

/* Wrong: a job with a lock ignores the fresh stamp of a holder on a node without locks; or waits for the
 * stamp of a dead holder that had a lock. */
static void test_stamp_of_another(void **state)
{
    (void)state;
    static const char stamped[] = "host n1, process 1, since 2026-01-01 00:00:00 UTC, by time stamp\n";
    static const char locked[] = "host n1, process 1, since 2026-01-01 00:00:00 UTC, lease 01\n";
    nn_lease *lease;
    scratch_write(scratch_path("lease"), stamped, sizeof stamped - 1);
    assert_int_equal(nn_lease_take(scratch_directory, &lease), NN_ERROR_BUSY);
    expect_message("host n1, process 1");
    scratch_write(scratch_path("lease"), locked, sizeof locked - 1);
    expect_ok(nn_lease_take(scratch_directory, &lease));
    expect_ok(nn_lease_check(lease));
    /* A file server that has lost the lock admits another job. */
    scratch_write(scratch_path("lease"), locked, sizeof locked - 1);
    assert_int_equal(nn_lease_check(lease), NN_ERROR_BUSY);
    nn_lease_release(lease);
}

/* Wrong: a missing directory is taken, or reported as busy. */
static void test_no_directory(void **state)
{
    (void)state;
    nn_lease *lease;
    assert_int_equal(nn_lease_look(scratch_path("none")), NN_OK);
    assert_int_equal(nn_lease_take(scratch_path("none"), &lease), NN_ERROR_IO);
    assert_null(lease);
    expect_message("none/lease");
    expect_message("check the path");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_holder),
        cmocka_unit_test(test_holder_is_killed),
        cmocka_unit_test(test_stamp_of_another),
        cmocka_unit_test(test_no_directory),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
