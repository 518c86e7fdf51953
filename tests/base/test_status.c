/* Failures carry their text, each thread its own. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/status.h"

static nn_status fail_with(const char *what)
{
    NN_FAIL(NN_ERROR_DATA, "%s is missing", what);
}

static nn_status pass_up(const char *what, int *reached)
{
    if (what) NN_TRY(fail_with(what));
    *reached = 1;
    return NN_OK;
}

static nn_status leave_by_one_exit(const char *what, int *cleaned)
{
    nn_status status = NN_OK;
    if (what) NN_TRY_TO(leave, status, fail_with(what));
    status = NN_STOPPED;
leave:
    *cleaned = 1;
    return status;
}

/* Fails when a failure is not returned at once, or its text is lost. */
static void test_propagation(void **state)
{
    (void)state;
    int reached = 0, cleaned = 0;
    nn_error_clear();
    assert_string_equal(nn_error_text(), "");
    assert_int_equal(pass_up("x_train", &reached), NN_ERROR_DATA);
    assert_int_equal(reached, 0);
    assert_string_equal(nn_error_text(), "x_train is missing");
    assert_int_equal(pass_up(NULL, &reached), NN_OK);
    assert_int_equal(reached, 1);
    assert_int_equal(leave_by_one_exit("y_train", &cleaned), NN_ERROR_DATA);
    assert_int_equal(cleaned, 1);
    assert_int_equal(leave_by_one_exit(NULL, &cleaned), NN_STOPPED);
}

/* Fails when a text composed from the recorded text is corrupted. */
static void test_context(void **state)
{
    (void)state;
    assert_int_equal(fail_with("x"), NN_ERROR_DATA);
    assert_int_equal(nn_fail_context(NN_ERROR_IO, "%s:%d", "a.h5", 3), NN_ERROR_IO);
    assert_string_equal(nn_error_text(), "a.h5:3: x is missing");
    assert_int_equal(nn_fail(NN_ERROR_DATA, "first; then %s", nn_error_text()), NN_ERROR_DATA);
    assert_string_equal(nn_error_text(), "first; then a.h5:3: x is missing");
}

/* Fails when a text that is too long overflows its buffer, or loses its beginning. */
static void test_long_texts_are_cut(void **state)
{
    (void)state;
    assert_int_equal(nn_fail(NN_ERROR_USAGE, "begin %20000d", 1), NN_ERROR_USAGE);
    assert_int_equal(strlen(nn_error_text()), 16383);
    assert_int_equal(nn_fail_context(NN_ERROR_USAGE, "place"), NN_ERROR_USAGE);
    assert_int_equal(strlen(nn_error_text()), 16383);
    assert_memory_equal(nn_error_text(), "place: begin ", 13);
    assert_int_equal(nn_fail_context(NN_ERROR_USAGE, "%020000d", 0), NN_ERROR_USAGE);
    assert_int_equal(strlen(nn_error_text()), 16383);
}

static void *fail_elsewhere(void *unused)
{
    (void)nn_fail(NN_ERROR_IO, "from another thread");
    return unused;
}

/* Fails when one thread's failure replaces the text of another. */
static void test_threads_have_their_own_text(void **state)
{
    (void)state;
    pthread_t thread;
    assert_int_equal(fail_with("here"), NN_ERROR_DATA);
    assert_int_equal(pthread_create(&thread, NULL, fail_elsewhere, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_string_equal(nn_error_text(), "here is missing");
}

/* Fails when a silenced rank writes a line, or does not know that it is silenced. */
static void test_log_can_be_silenced(void **state)
{
    (void)state;
    assert_true(nn_log_enabled());
    nn_log_enable(false);
    assert_false(nn_log_enabled());
    nn_log_enable(true);
}

/* Fails when the library reports an invalid version. */
static void test_version(void **state)
{
    (void)state;
    int major, minor, patch;
    char rest;
    assert_int_equal(sscanf(nn_version(), "%d.%d.%d%c", &major, &minor, &patch, &rest), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_propagation),         cmocka_unit_test(test_context),
        cmocka_unit_test(test_long_texts_are_cut),  cmocka_unit_test(test_threads_have_their_own_text),
        cmocka_unit_test(test_log_can_be_silenced), cmocka_unit_test(test_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
