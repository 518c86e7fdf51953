/* What a range test makes of its losses. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "train/lr_curve.h"

enum { STEPS = 200 };

/* Losses without noise, as a test sees them: flat, a fall that is steepest at 1e-3, a rise above 0.1. */
static double loss_at(double rate)
{
    double fall = 2 / (1 + pow(rate / 1e-3, 2));
    return 0.3 + fall + (rate > 0.1 ? 20 * (rate - 0.1) : 0);
}

static double noise(int64_t i)
{
    return (double)((uint64_t)(i + 1) * UINT64_C(0x9E3779B97F4A7C15) >> 40) / 16777216 - 0.5;
}

static void make(nn_lr_range *range, double scatter, double height)
{
    nn_lr_watch watch = {0};
    *range = (nn_lr_range){.rates = malloc(STEPS * sizeof(double)),
                           .losses = malloc(STEPS * sizeof(double)),
                           .smoothed = malloc(STEPS * sizeof(double))};
    while (range->count < STEPS && !range->diverges) {
        int64_t i = range->count++;
        range->rates[i] = 1e-6 * pow(1e7, (double)i / (STEPS - 1));
        range->losses[i] = 0.3 + height * (loss_at(range->rates[i]) - 0.3) + scatter * noise(i);
        range->diverges = nn_lr_watch_diverges(&watch, STEPS, range->losses[i]);
    }
    nn_lr_range_judge(range, STEPS);
}

static void release(nn_lr_range *range)
{
    free(range->rates);
    free(range->losses);
    free(range->smoothed);
}

/* If it fails: the suggestion is not where the loss falls fastest, or a test continues long after the loss
 * diverges. */
static void the_steepest_fall_is_suggested(void **state)
{
    (void)state;
    for (int noisy = 0; noisy < 2; noisy++) {
        nn_lr_range range;
        make(&range, noisy ? 0.3 : 0, 1);
        assert_true(range.diverges);
        assert_true(range.rates[range.count - 1] > 0.15 && range.rates[range.count - 1] < 1);
        assert_true(range.suggestion > 5e-4 && range.suggestion < 2e-3);
        assert_true(range.rates[range.lowest] > 1e-2 && range.rates[range.lowest] < 0.15);
        assert_non_null(strstr(range.reason, "diverges above"));
        release(&range);
    }
}

/* If it fails: chance is taken for a fall of the loss. */
static void noise_alone_gives_no_suggestion(void **state)
{
    (void)state;
    nn_lr_range range;
    make(&range, 1, 0);
    assert_int_equal(range.count, STEPS);
    assert_true(range.suggestion == 0);
    assert_non_null(strstr(range.reason, "no suggestion: the loss does not fall"));
    release(&range);
}

/* If it fails: one NaN, or a rise from the first step on, is followed by a suggestion. */
static void a_rise_gives_no_suggestion(void **state)
{
    (void)state;
    nn_lr_watch watch = {0};
    double rates[40], losses[40], smoothed[40];
    nn_lr_range range = {.rates = rates, .losses = losses, .smoothed = smoothed};
    for (; range.count < 40 && !range.diverges; range.count++) {
        rates[range.count] = 1 + (double)range.count;
        losses[range.count] = 1 + 0.02 * (double)range.count;
        range.diverges = nn_lr_watch_diverges(&watch, 40, losses[range.count]);
    }
    nn_lr_range_judge(&range, 40);
    assert_true(range.diverges && range.suggestion == 0);
    assert_non_null(strstr(range.reason, "does not fall before it diverges"));
    assert_true(nn_lr_watch_diverges(&watch, 40, NAN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_steepest_fall_is_suggested),
        cmocka_unit_test(noise_alone_gives_no_suggestion),
        cmocka_unit_test(a_rise_gives_no_suggestion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
