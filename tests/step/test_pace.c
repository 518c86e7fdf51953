/* Which ranks are slow: a table of cases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "step/pace.h"

#define RANKS 5

typedef struct pace_case {
    const char *name;
    int count;
    double seconds[RANKS], rounds[RANKS];
    unsigned slow; /* bit r: rank r */
} pace_case;

static const pace_case cases[] = {
    {"one rank", 1, {10}, {100}, 0},
    {"two alike", 2, {10, 11}, {100, 100}, 0},
    {"of two the slower", 2, {10, 20}, {100, 100}, 2},
    {"of two the first", 2, {20, 10}, {100, 100}, 1},
    {"uneven shares are not slowness", 3, {30, 10, 10}, {300, 100, 100}, 0},
    {"one of five", 5, {10, 10, 16, 10, 10}, {100, 100, 100, 100, 100}, 4},
    {"not quite one and a half times", 5, {10, 10, 14.9, 10, 10}, {100, 100, 100, 100, 100}, 0},
    {"two of five", 5, {10, 30, 10, 20, 10}, {100, 100, 100, 100, 100}, 10},
    {"a rank without a share", 3, {10, 0, 20}, {100, 0, 100}, 4},
    {"too little to tell", 3, {0.1, 0.4, 0.1}, {100, 100, 100}, 0},
    {"nobody has computed", 3, {0, 0, 0}, {0, 0, 0}, 0},
};

static void test_factors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        nn_pace paces[RANKS];
        double factors[RANKS];
        unsigned slow = 0;
        for (int r = 0; r < cases[i].count; r++)
            paces[r] = (nn_pace){.seconds = cases[i].seconds[r], .rounds = cases[i].rounds[r]};
        nn_pace_factors(paces, cases[i].count, factors);
        for (int r = 0; r < cases[i].count; r++) slow |= (unsigned)(factors[r] > 0) << r;
        if (slow != cases[i].slow) fail_msg("%s: %x, not %x", cases[i].name, slow, cases[i].slow);
    }
}

static void test_size_of_factor(void **state)
{
    (void)state;
    const nn_pace paces[] = {{10, 100, 0}, {25, 100, 0}, {20, 200, 0}};
    double factors[3];
    nn_pace_factors(paces, 3, factors);
    assert_true(factors[1] > 2.49 && factors[1] < 2.51);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_factors), cmocka_unit_test(test_size_of_factor)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
