/* Warnings that are collected for a report instead of being printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/log.h"

/* Would be wrong: a warning that is lost, appears twice, or is mistaken for another with the same
 * beginning. */
static void warnings_are_collected_once(void **state)
{
    (void)state;
    nn_text warnings = {0};
    nn_log_collect(&warnings);
    nn_log_warning("a thing of %d parts", 12);
    nn_log_warning("a thing of %d parts", 1);
    nn_log_warning("a thing of %d parts", 12);
    nn_log_warning("two lines:\n%s", "the second");
    nn_log_warning("a thing");
    nn_log_warning("two lines:\nthe second");
    nn_log_warning("%s", "");
    nn_log_collect(NULL);
    assert_string_equal(warnings.bytes,
                        "a thing of 12 parts\na thing of 1 parts\ntwo lines:\n  the second\na thing");
    nn_text_free(&warnings);
}

/* Would be wrong: silent ranks that collect what the others report. */
static void silent_ranks_collect_nothing(void **state)
{
    (void)state;
    nn_text warnings = {0};
    nn_log_enable(false);
    nn_log_collect(&warnings);
    nn_log_warning("a thing");
    nn_log_collect(NULL);
    nn_log_enable(true);
    assert_int_equal(warnings.length, 0);
    nn_text_free(&warnings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(warnings_are_collected_once),
        cmocka_unit_test(silent_ranks_collect_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
