/* When a run must stop to save in time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guard/deadline.h"

/* Fails when a run would not leave the time for its last steps and checkpoint. */
static void test_needs(void **state)
{
    (void)state;
    nn_deadline deadline = {0};
    nn_deadline_ahead inside = {.ends_epoch = false}, ending = {.ends_epoch = true};
    nn_deadline_step(&deadline, 3);
    nn_deadline_saving(&deadline, 20);
    nn_deadline_evaluation(&deadline, 100);
    double needs = nn_deadline_needs(&deadline, &inside);
    assert_true(needs > 2 * 3 + 20 && needs < 100);
    assert_true(nn_deadline_needs(&deadline, &ending) >= needs + 100);
}

/* Fails when what has never been measured is taken to cost nothing. */
static void test_unknown(void **state)
{
    (void)state;
    nn_deadline deadline = {0};
    nn_deadline_ahead nothing = {.ends_epoch = true};
    nn_deadline_ahead ahead = {.ends_epoch = true, .evaluation_steps = 10, .checkpoint_bytes = 1e9};
    nn_deadline_step(&deadline, 2);
    assert_true(nn_deadline_needs(&deadline, &ahead) >= nn_deadline_needs(&deadline, &nothing) + 10 * 2 + 10);
}

/* Fails when one slow step is forgotten at once, or never. */
static void test_longest(void **state)
{
    (void)state;
    nn_deadline deadline = {0};
    nn_deadline_step(&deadline, 10);
    nn_deadline_step(&deadline, 1);
    assert_true(deadline.step > 9);
    for (int i = 0; i < 200; i++) nn_deadline_step(&deadline, 1);
    assert_true(deadline.step < 1.1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_needs),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_longest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
