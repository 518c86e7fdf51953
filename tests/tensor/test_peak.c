/* The rate to which utilisation refers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "tensor/peak.h"

/* Fails when a precision is not measured, of sizes that our products take and of larger ones. */
static void test_peak(void **state)
{
    (void)state;
    assert_true(nn_peak(NN_ENGINE_BLAS, 64, 0) > 0);
    assert_true(nn_peak(NN_ENGINE_PORTABLE, 600, 0) > 0);
    assert_true((nn_peak(NN_ENGINE_MIXED, 64, 0) > 0) == (sizeof(nn_real) == sizeof(float)));
}

/* If out of memory, nothing is measured, and no block or error is left behind. */
static void test_without_memory(void **state)
{
    (void)state;
    size_t before = nn_memory_in_use();
    nn_memory_fail_at(1);
    assert_true(nn_peak(NN_ENGINE_BLAS, 8, 0) == 0);
    nn_memory_fail_at(0);
    assert_string_equal(nn_error_text(), "");
    assert_true(nn_memory_in_use() == before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_peak),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
