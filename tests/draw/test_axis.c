/* Axes whose ticks are not round, are outside of the range, or have labels that cannot be told apart. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "draw/axis.h"

/* The ticks ascend, lie in the range, and have different labels, which read back as their values. */
static void check_axis(const nn_axis *axis)
{
    char label[NN_AXIS_LABEL], before[NN_AXIS_LABEL] = "";
    assert_true(axis->count >= 2);
    for (int t = 0; t < axis->count; t++) {
        double place = nn_axis_place(axis, axis->ticks[t]), read;
        assert_true(place > -1e-6 && place < 1 + 1e-6);
        if (t > 0) assert_true(axis->ticks[t] > axis->ticks[t - 1]);
        assert_string_not_equal(nn_axis_label(axis, t, label), before);
        assert_int_equal(sscanf(label, "%lf", &read), 1);
        double slack = axis->step > 0 ? 0.01 * axis->step : 1e-3 * axis->ticks[t];
        assert_true(fabs(read - axis->ticks[t]) <= slack);
        memcpy(before, label, sizeof before);
    }
}

static void test_ranges(void **state)
{
    static const double ranges[][2] = {{0, 1},          {1, 12},        {0.2478, 2.4943}, {-3, 7},
                                       {-1e-9, 2e-9},   {1e9, 1.7e9},   {0.9341, 0.9352}, {5, 5},
                                       {0, 0},          {-4, -4},       {1e-300, 2e-300}, {1, 10000},
                                       {99999, 100001}, {0, 123456789}, {0.5, 0.5000001}};
    (void)state;
    for (size_t r = 0; r < sizeof ranges / sizeof *ranges; r++)
        for (int widened = 0; widened < 2; widened++)
            for (int wanted = 2; wanted <= 12; wanted += 5) {
                nn_axis axis;
                nn_axis_fit(&axis, ranges[r][0], ranges[r][1], false, widened, wanted);
                assert_true(axis.low <= ranges[r][0] && axis.high >= ranges[r][1]);
                check_axis(&axis);
            }
}

static void test_logarithmic(void **state)
{
    static const double ranges[][2] = {{1e-5, 3},     {0.1, 2}, {0.3, 0.7}, {5, 5.01},
                                       {1e-30, 1e30}, {2, 2},   {1, 10}};
    (void)state;
    for (size_t r = 0; r < sizeof ranges / sizeof *ranges; r++)
        for (int widened = 0; widened < 2; widened++) {
            nn_axis axis;
            nn_axis_fit(&axis, ranges[r][0], ranges[r][1], true, widened, 6);
            assert_true(axis.low <= ranges[r][0] * (1 + 1e-9) && axis.high >= ranges[r][1] * (1 - 1e-9));
            check_axis(&axis);
            assert_true(isnan(nn_axis_place(&axis, 0)) && isnan(nn_axis_place(&axis, -1)));
        }
}

static void test_places(void **state)
{
    nn_axis axis;
    (void)state;
    nn_axis_fit(&axis, 0, 10, false, false, 5);
    assert_int_equal(axis.count, 6);
    assert_true(axis.ticks[1] == 2);
    assert_true(fabs(nn_axis_place(&axis, 2.5) - 0.25) < 1e-12);
    nn_axis_fit(&axis, 1, 100, true, false, 5);
    assert_true(fabs(nn_axis_place(&axis, 10) - 0.5) < 1e-12);
    assert_int_equal(axis.count, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ranges), cmocka_unit_test(test_logarithmic),
                                       cmocka_unit_test(test_places)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
