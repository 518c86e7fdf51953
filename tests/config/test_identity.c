/* The number that tells runs apart: it changes with whatever changes the result, and with nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/identity.h"

#define SEED "0\ttraining.seed\t1\n"
#define RATE "0\toptimizer.adam.learning_rate\t0.01\n"
#define EPOCHS "1\ttraining.epochs\t3\n"
#define THREADS "2\ttraining.threads\t3\n"
#define KEEP "3\tcheckpoint.keep_last\t3\n"

/* Would be wrong: a run resumed with more epochs, other threads or other output counts as another run. */
static void test_same_run(void **state)
{
    (void)state;
    uint64_t run = nn_config_identity(SEED RATE EPOCHS THREADS KEEP, 7);
    assert_true(run == nn_config_identity(SEED RATE, 7));
    assert_true(run == nn_config_identity(RATE "1\ttraining.epochs\t9\n" SEED, 7));
    assert_true(run ==
                nn_config_identity("3\tcheckpoint.keep_last\t9\n" SEED "2\ttraining.threads\t9\n" RATE, 7));
}

/* Would be wrong: another seed, option, set of options or data set counts as the same run. */
static void test_other_run(void **state)
{
    (void)state;
    uint64_t run = nn_config_identity(SEED RATE EPOCHS, 7);
    assert_true(run != nn_config_identity(SEED RATE EPOCHS, 8));
    assert_true(run != nn_config_identity(SEED EPOCHS, 7));
    assert_true(run != nn_config_identity(SEED RATE RATE EPOCHS, 7));
    assert_true(run != nn_config_identity("0\ttraining.seed\t2\n" RATE EPOCHS, 7));
    assert_true(run != nn_config_identity("", 7));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_run),
        cmocka_unit_test(test_other_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
