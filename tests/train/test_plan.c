/* Steps and batches: every sample of an epoch belongs to exactly one step, whatever the sizes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "train/plan.h"

static void check_epoch(int64_t samples, int64_t batch_size, int64_t microbatch_size, bool drop_last)
{
    nn_plan plan = nn_plan_make(samples, batch_size, microbatch_size, 3, drop_last, 0);
    int64_t next = 0;
    for (int64_t step = 0; step < plan.length.steps_per_epoch; step++) {
        nn_batch batch = nn_plan_batch(&plan, step + plan.length.steps_per_epoch);
        assert_int_equal(batch.epoch, 1);
        assert_int_equal(batch.first, next);
        assert_true(batch.samples > 0 && batch.samples <= plan.batch_size);
        assert_true(batch.leaves == plan.leaves || batch.leaves == plan.last_leaves);
        assert_true(batch.leaves * plan.microbatch_size >= batch.samples);
        next += batch.samples;
    }
    assert_int_equal(next, drop_last ? samples / plan.batch_size * plan.batch_size : samples);
    assert_int_equal(plan.length.steps, 3 * plan.length.steps_per_epoch);
}

static void every_sample_has_one_step(void **state)
{
    (void)state;
    static const int64_t sizes[][3] = {{1257, 64, 4}, {64, 64, 64}, {65, 64, 7},
                                       {10, 64, 4},   {1, 1, 1},    {97, 10, 3}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        check_epoch(sizes[i][0], sizes[i][1], sizes[i][2], false);
        check_epoch(sizes[i][0], sizes[i][1], sizes[i][2], true);
    }
}

/* Would be wrong: an epoch that goes on behind its limit, or a limit beyond the data that adds batches. */
static void an_epoch_ends_at_its_limit(void **state)
{
    (void)state;
    nn_plan plan = nn_plan_make(100, 10, 5, 3, false, 4);
    assert_int_equal(plan.length.steps_per_epoch, 4);
    assert_int_equal(plan.length.steps, 12);
    nn_batch batch = nn_plan_batch(&plan, 4);
    assert_int_equal(batch.epoch, 1);
    assert_int_equal(batch.first, 0);
    batch = nn_plan_batch(&plan, 7);
    assert_int_equal(batch.first, 30);
    assert_int_equal(batch.samples, 10);
    assert_int_equal(nn_plan_make(101, 10, 5, 3, false, 40).length.steps_per_epoch, 11);
}

static void sizes_of_zero_follow_the_rules(void **state)
{
    (void)state;
    assert_int_equal(nn_plan_make(9999, 0, 0, 1, false, 0).batch_size, 32);
    assert_int_equal(nn_plan_make(10000, 0, 0, 1, false, 0).batch_size, 64);
    assert_int_equal(nn_plan_make(100000, 0, 0, 1, false, 0).batch_size, 256);
    assert_int_equal(nn_plan_make(100000, 256, 0, 1, false, 0).microbatch_size, 16);
    assert_int_equal(nn_plan_make(100000, 4096, 0, 1, false, 0).microbatch_size, 64);
    assert_int_equal(nn_plan_make(100000, 8, 0, 1, false, 0).microbatch_size, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_has_one_step),
        cmocka_unit_test(an_epoch_ends_at_its_limit),
        cmocka_unit_test(sizes_of_zero_follow_the_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
