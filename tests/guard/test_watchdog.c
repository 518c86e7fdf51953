/* The watchdog in a process of its own: it ends a process that hangs, says what it was doing, and leaves
 * alone one that was suspended, or whose watchdog was stopped. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "guard/watchdog.h"

#define TIMEOUT 1.0

static void pause_for(double seconds)
{
    struct timespec left = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    while (nanosleep(&left, &left) != 0) {
    }
}

/* ---- what the child does under its watchdog ---- */

static void hang_in_work(nn_watchdog *watchdog)
{
    (void)watchdog;
    nn_pulse_step(41);
    nn_pulse_phase(NN_PHASE_COMPUTE);
    for (;;) pause();
}

static void wait_for_ever(nn_watchdog *watchdog)
{
    (void)watchdog;
    nn_pulse_step(6);
    nn_pulse_phase(NN_PHASE_REDUCE);
    nn_pulse_wait();
    for (;;) pause();
}

static void be_silent_without(nn_watchdog *watchdog)
{
    nn_watchdog_stop(watchdog);
    pause_for(3 * TIMEOUT);
}

/* Suspends itself, threads and all, until the parent continues it; then lets the watchdog tick a few times.
 */
static void be_suspended(nn_watchdog *watchdog)
{
    nn_pulse();
    pause_for(0.25 * TIMEOUT);
    raise(SIGSTOP);
    pause_for(0.25 * TIMEOUT);
    nn_watchdog_stop(watchdog);
}

/* ---- the parent ---- */

typedef struct outcome {
    int code; /* of the exit; -1: ended by a signal */
    char text[4096];
} outcome;

static void run_child(void (*work)(nn_watchdog *), int report)
{
    nn_comm *comm = NULL;
    nn_watchdog *watchdog = NULL;
    alarm(300); /* a watchdog that does not bite fails the test */
    dup2(report, STDERR_FILENO);
    if (nn_comm_start(NULL, NULL, &comm) != NN_OK) _exit(99);
    if (nn_watchdog_start(comm, TIMEOUT, NULL, &watchdog) != NN_OK || !watchdog) _exit(98);
    work(watchdog);
    nn_comm_destroy(comm);
    _exit(0);
}

static outcome run(void (*work)(nn_watchdog *))
{
    outcome found = {.code = -1};
    FILE *report = tmpfile();
    assert_non_null(report);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) run_child(work, fileno(report));
    int status;
    assert_int_equal(waitpid(child, &status, WUNTRACED), child);
    if (WIFSTOPPED(status)) {
        pause_for(3 * TIMEOUT);
        kill(child, SIGCONT);
        assert_int_equal(waitpid(child, &status, 0), child);
    }
    if (WIFEXITED(status)) found.code = WEXITSTATUS(status);
    rewind(report);
    size_t length = fread(found.text, 1, sizeof found.text - 1, report);
    found.text[length] = '\0';
    fclose(report);
    return found;
}

static void expect_text(const outcome *found, const char *text)
{
    if (!strstr(found->text, text)) fail_msg("the report does not say '%s':\n%s", text, found->text);
}

/* Fails when a process that hangs continues, or the report does not say who, where and what to do. */
static void work_that_hangs_is_ended(void **state)
{
    (void)state;
    outcome found = run(hang_in_work);
    assert_int_equal(found.code, NN_ERROR_HANG);
    expect_text(&found, "nntrain: no progress for 1 s (training.hang_timeout)");
    expect_text(&found, "rank 0 on ");
    expect_text(&found, "computing, step 42");
    expect_text(&found, "start the same command again");
    const char *first = strstr(found.text, "nntrain: ");
    assert_null(strstr(first + 1, "nntrain: "));
}

/* Fails when a rank that waits is taken for the one that hangs: where all wait, messages do not arrive. */
static void waiting_for_ever_is_no_rank_s_fault(void **state)
{
    (void)state;
    outcome found = run(wait_for_ever);
    assert_int_equal(found.code, NN_ERROR_HANG);
    expect_text(&found, "all ranks wait for one another");
    expect_text(&found, "summing gradients, step 7");
    assert_null(strstr(found.text, "late:"));
}

/* Fails when a watchdog bites after it was stopped. */
static void a_stopped_watchdog_is_silent(void **state)
{
    (void)state;
    outcome found = run(be_silent_without);
    assert_int_equal(found.code, 0);
    assert_null(strstr(found.text, "no progress"));
}

/* Fails when the time of a suspension counts as silence. */
static void a_suspended_process_has_not_hung(void **state)
{
    (void)state;
    outcome found = run(be_suspended);
    assert_int_equal(found.code, 0);
    assert_null(strstr(found.text, "no progress"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_that_hangs_is_ended),
        cmocka_unit_test(waiting_for_ever_is_no_rank_s_fault),
        cmocka_unit_test(a_stopped_watchdog_is_silent),
        cmocka_unit_test(a_suspended_process_has_not_hung),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
