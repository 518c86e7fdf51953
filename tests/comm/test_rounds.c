/* The rounds in which ranks merge vectors: each level of the tree is in one of them, in order, and there are
 * few. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "comm/rounds.h"

/* Returns the number of rounds. */
static int check_levels(int size, size_t bytes)
{
    nn_round rounds[NN_ROUNDS_MAX];
    int count = nn_rounds_plan(size, bytes, rounds), step = 1;
    for (int i = 0; i < count && rounds[i].kind != NN_ROUND_GATHER; i++) {
        assert_int_equal(rounds[i].step, step);
        assert_true(rounds[i].radix >= 2 && rounds[i].radix <= NN_ROUND_RADIX);
        step *= rounds[i].radix;
    }
    assert_int_equal(step, size);
    return count;
}

static void test_levels(void **state)
{
    (void)state;
    for (int levels = 0; levels <= 20; levels++) {
        int few = (levels + 1) / 2, scattered = levels >= 2 ? few + 1 : few;
        assert_int_equal(check_levels(1 << levels, NN_ROUND_SCATTER_BYTES - 1), few);
        assert_int_equal(check_levels(1 << levels, NN_ROUND_SCATTER_BYTES), scattered);
    }
}

/* What is scattered is gathered in the end, among the same ranks. */
static void test_scattered(void **state)
{
    nn_round rounds[NN_ROUNDS_MAX];
    size_t sent = 0;
    (void)state;
    int count = nn_rounds_plan(1024, 8000, rounds);
    assert_int_equal(rounds[0].kind, NN_ROUND_SCATTER);
    assert_int_equal(rounds[count - 1].kind, NN_ROUND_GATHER);
    assert_int_equal(rounds[count - 1].step, rounds[0].step);
    assert_int_equal(rounds[count - 1].radix, rounds[0].radix);
    for (int i = 0; i < count; i++) sent += (size_t)(rounds[i].radix - 1) * rounds[i].bytes;
    assert_int_equal(sent, 36000); /* 4.5 vectors; in pairs, 10 */
    for (int i = 1; i < count - 1; i++) assert_int_equal(rounds[i].kind, NN_ROUND_SWAP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_levels), cmocka_unit_test(test_scattered)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
