/* Time limits, as batch systems write and report them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "host/limit.h"

/* Fails when a limit is read differently than by SLURM. */
static void test_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double seconds;
    } cases[] = {
        {"90", 5400},     {"0:45", 45},        {"90:30", 5430},        {"1:30:00", 5400}, {"2-0", 172800},
        {"1-12", 129600}, {"1-12:30", 131400}, {"1-12:30:15", 131415}, {"45s", 45},       {"45 s", 45},
        {"10 min", 600},  {"1.5 h", 5400},     {"2 days", 172800},     {"1 hour", 3600},  {"0.5", 30},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double seconds = 0;
        assert_int_equal(nn_time_limit_parse(cases[i].text, &seconds), NN_OK);
        assert_float_equal(seconds, cases[i].seconds, 1e-9);
    }
}

/* Fails when an invalid limit is accepted. */
static void test_wrong(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",         "soon",   "-5",  "0",   "1:2:3:4", "1:",   ":30",   "1-",   "1-x",
        "10 miles", "1:30 h", "nan", "inf", "+5",      "0x10", "1e300", "1.2.3"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double seconds = 0;
        assert_int_equal(nn_time_limit_parse(cases[i], &seconds), NN_ERROR_USAGE);
    }
}

/* Fails when the end of the job is not read, or that of another job is accepted. */
static void test_of_job(void **state)
{
    (void)state;
    double end = 1;
    unsetenv("SLURM_JOB_END_TIME");
    assert_int_equal(nn_time_limit_of_job(1000, &end), NN_OK);
    assert_float_equal(end, 0, 0);
    setenv("SLURM_JOB_END_TIME", "1060", 1);
    assert_int_equal(nn_time_limit_of_job(1000, &end), NN_OK);
    assert_float_equal(end, 1060, 0);
    assert_int_equal(nn_time_limit_of_job(2000, &end), NN_ERROR_USAGE);
    assert_float_equal(end, 0, 0);
    setenv("SLURM_JOB_END_TIME", "NONE", 1);
    assert_int_equal(nn_time_limit_of_job(1000, &end), NN_ERROR_USAGE);
    unsetenv("SLURM_JOB_END_TIME");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_of_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
