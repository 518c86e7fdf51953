/* Steps and batches: every sample of an epoch belongs to exactly one step, whatever the sizes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "step/plan.h"

static void check_epoch(int64_t samples, int64_t batch_size, int64_t microbatch_size, bool drop_last)
{
    nn_plan plan = nn_plan_make(samples, batch_size, microbatch_size, 3, drop_last, 0);
    int64_t next = 0;
    for (int64_t step = 0; step < plan.length.steps_per_epoch; step++) {
        nn_batch batch = nn_plan_batch(&plan, step + plan.length.steps_per_epoch);
        assert_int_equal(batch.epoch, 1);
        assert_int_equal(batch.first, next);
        assert_true(batch.samples > 0 && batch.samples <= plan.batch_size);
        assert_true(batch.microbatches == plan.microbatches || batch.microbatches == plan.last_microbatches);
        assert_true(batch.microbatches * plan.microbatch_size >= batch.samples);
        next += batch.samples;
    }
    assert_int_equal(next, drop_last ? samples / plan.batch_size * plan.batch_size : samples);
    assert_int_equal(plan.length.steps, 3 * plan.length.steps_per_epoch);
}

/* 16 samples, but for microbatches that are larger. */
static void sums_are_rounded_from_16_samples_on(void **state)
{
    (void)state;
    static const int64_t expected[][2] = {{1, 16}, {2, 8},  {3, 8},  {4, 4},  {5, 4},
                                          {8, 2},  {15, 2}, {16, 1}, {100, 1}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        assert_int_equal(nn_plan_wire_leaves(expected[i][0]), expected[i][1]);
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

/* Would be wrong: an epoch that continues after its limit, or a limit beyond the data that adds batches. */
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
    assert_int_equal(nn_plan_make(100000, 32, 0, 1, false, 0).microbatch_size, 4);
    assert_int_equal(nn_plan_make(100000, 16, 0, 1, false, 0).microbatch_size, 4);
    assert_int_equal(nn_plan_make(100000, 8, 0, 1, false, 0).microbatch_size, 2);
    assert_int_equal(nn_plan_make(100000, 3, 0, 1, false, 0).microbatch_size, 1);
}

/* Would be wrong: four ranks, as the README starts them, that a default refuses though each could have
 * samples.
 */
static void four_ranks_share_any_default(void **state)
{
    (void)state;
    for (int64_t samples = 4; samples < 3000; samples++) {
        nn_plan plan = nn_plan_make(samples, 0, 0, 1, false, 0);
        if (nn_plan_check_ranks(&plan, 4) != NN_OK)
            fail_msg("%lld samples: %s", (long long)samples, nn_error_text());
    }
}

/* The numbers after each of the `--set`s of a message; false: it has no such key. */
static bool advised(const char *key, int64_t *value)
{
    const char *at = strstr(nn_error_text(), key);
    if (at) *value = strtoll(at + strlen(key), NULL, 10);
    return at != NULL;
}

/* Would be wrong: a message about too many ranks whose advice, followed, is refused again, or that is not the
 * largest microbatch that works. */
static void advice_for_many_ranks_works(void **state)
{
    (void)state;
    for (int64_t batch = 1; batch <= 70; batch++)
        for (int size = 2; size <= 40; size++) {
            nn_plan plan = nn_plan_make(90, batch, batch < 7 ? batch : 7, 1, false, 0);
            int64_t other = 0;
            if (nn_plan_check_ranks(&plan, size) == NN_OK) continue;
            const char *set = strstr(nn_error_text(), "different bits from");
            assert_int_equal(set != NULL, batch >= size);
            if (set) {
                int64_t micro = strtoll(strchr(set, '=') + 1, NULL, 10);
                plan = nn_plan_make(90, batch, micro, 1, false, 0);
                assert_true(plan.microbatches >= size);
                assert_true(nn_plan_make(90, batch, micro + 1, 1, false, 0).microbatches < size);
            }
            nn_plan_check_ranks(
                &(nn_plan){.samples = 90, .batch_size = batch, .microbatch_size = 7, .microbatches = 1},
                size);
            if (advised("--set training.batch_size=", &other))
                assert_true(nn_plan_make(90, other, 7, 1, false, 0).microbatches >= size);
            nn_plan begun = nn_plan_make(90, batch, batch, 1, false, 0);
            begun.begun = true;
            assert_int_equal(nn_plan_check_ranks(&begun, size), NN_ERROR_USAGE);
            assert_null(strstr(nn_error_text(), "--set"));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_has_one_step),
        cmocka_unit_test(an_epoch_ends_at_its_limit),
        cmocka_unit_test(sizes_of_zero_follow_the_rules),
        cmocka_unit_test(four_ranks_share_any_default),
        cmocka_unit_test(advice_for_many_ranks_works),
        cmocka_unit_test(sums_are_rounded_from_16_samples_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
