/* Numbers that do not fit an int are refused, not truncated. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/narrow.h"

static void test_narrow(void **state)
{
    (void)state;
    static const int64_t too_wide[] = {
        -1, (int64_t)INT_MAX + 1, (int64_t)1 << 32, ((int64_t)1 << 32) + 5, INT64_MAX, INT64_MIN};
    int narrow = 7;
    assert_int_equal(nn_narrow(0, "taps", "choose fewer", &narrow), NN_OK);
    assert_int_equal(narrow, 0);
    assert_int_equal(nn_narrow(INT_MAX, "taps", "choose fewer", &narrow), NN_OK);
    assert_int_equal(narrow, INT_MAX);
    for (size_t i = 0; i < sizeof too_wide / sizeof *too_wide; i++) {
        assert_int_equal(nn_narrow(too_wide[i], "taps", "choose fewer", &narrow), NN_ERROR_USAGE);
        assert_int_equal(narrow, INT_MAX);
        assert_non_null(strstr(nn_error_text(), "taps"));
        assert_non_null(strstr(nn_error_text(), "choose fewer"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_narrow)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
