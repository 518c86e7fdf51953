/* The elementary functions whose bits do not depend on the machine. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/maths.h"
#include "base/philox.h"

#define ARGUMENTS 100000

/* Computed on x86-64, and the same everywhere. */
#define RECORDED UINT64_C(0xd6e1239c13434d73)

/* The C library's long double counts as exact: its errors are a thousandth of a unit of double, or less. */
#if LDBL_MANT_DIG >= 64
#define HAS_REFERENCE 1
#else
#define HAS_REFERENCE 0
#endif

static double uniform(uint64_t index, double low, double high)
{
    nn_random stream = {.seed = 1, .purpose = NN_RANDOM_ORDER};
    return low + (high - low) * nn_random_uniform(stream, index);
}

/* Fails where y is more than `units` in the last place away from the exact result. */
static void expect_near(const char *name, double x, double y, long double exact, double units)
{
    int exponent;
    frexp((double)exact, &exponent);
    if (exponent < DBL_MIN_EXP) exponent = DBL_MIN_EXP; /* subnormal */
    double error = (double)(fabsl((long double)y - exact) * ldexpl(1, DBL_MANT_DIG - exponent));
    if (!(error <= units)) fail_msg("%s(%a) = %a is %g units from %La", name, x, y, error, exact);
}

/* Fails where a result is as wrong as its neighbour. */
static void test_accuracy(void **state)
{
    (void)state;
    if (!HAS_REFERENCE) skip();
    for (uint64_t i = 0; i < ARGUMENTS; i++) {
        double x = uniform(i, -10, 10);
        expect_near("exp", x, nn_maths_exp(x), expl(x), 0.7);
        x = uniform(i, -745, 709);
        expect_near("exp", x, nn_maths_exp(x), expl(x), x > -708 ? 0.7 : 1);
        x = exp(x < -708 ? -708 : x);
        expect_near("log", x, nn_maths_log(x), logl(x), 0.51);
        x = uniform(i, 0.9, 1.1);
        expect_near("log", x, nn_maths_log(x), logl(x), 0.51);
        x = uniform(i, -7, 7);
        expect_near("sin", x, nn_maths_sin(x), sinl(x), 0.76);
        expect_near("cos", x, nn_maths_cos(x), cosl(x), 0.76);
        x = 0x1p30 * exp(uniform(i, -25, 0));
        expect_near("sin", x, nn_maths_sin(x), sinl(x), 0.76);
        expect_near("cos", x, nn_maths_cos(-x), cosl(x), 0.76);
    }
}

/* Decay rates to the power of a billion steps, and others. */
static void test_power(void **state)
{
    (void)state;
    if (!HAS_REFERENCE) skip();
    for (uint64_t i = 0; i < ARGUMENTS; i++) {
        double x = 1 - exp(-uniform(i, 0, 25)), y = floor(exp(uniform(ARGUMENTS + i, 0, 21)));
        expect_near("pow", x, nn_maths_pow(x, y), powl(x, y), 1);
        x = exp(uniform(i, -10, 10));
        y = uniform(ARGUMENTS + i, -60, 60);
        expect_near("pow", x, nn_maths_pow(x, y), powl(x, y), 0.8);
    }
}

/* The arguments of all functions near the ends of their ranges, and beyond. */
static void test_special(void **state)
{
    (void)state;
    static const double values[] = {0,      -0.0,   1,       -1,      0.5,      2,         3,      1e300,
                                    1e-300, 5e-324, 1e-310,  -2.5,    709.7,    709.79,    -745.1, -746,
                                    1e10,   -1e10,  DBL_MAX, DBL_MIN, INFINITY, -INFINITY, NAN,    1e-9};
    size_t count = sizeof values / sizeof *values;
    for (size_t i = 0; i < count; i++) {
        double x = values[i], e = exp(x), l = log(x);
        assert_true(fabs(nn_maths_exp(x) - e) <= 1e-15 * e || (isnan(e) && isnan(nn_maths_exp(x))) ||
                    (isinf(e) && isinf(nn_maths_exp(x))));
        assert_true(fabs(nn_maths_log(x) - l) <= 1e-15 * fabs(l) || (isnan(l) && isnan(nn_maths_log(x))) ||
                    l == nn_maths_log(x));
        for (size_t j = 0; j < count; j++) {
            double p = x < 0 && values[j] != 0 ? NAN : pow(x == 0 ? 0 : x, values[j]),
                   own = nn_maths_pow(x, values[j]);
            if (!(fabs(own - p) <= 1e-15 * p || own == p || (isnan(own) && isnan(p))))
                fail_msg("pow(%g, %g) = %g, not %g", x, values[j], own, p);
        }
    }
    assert_true(nn_maths_sin(0) == 0 && signbit(nn_maths_sin(-0.0)) && nn_maths_cos(0) == 1);
    assert_true(nn_maths_sin(1e-300) == 1e-300 && nn_maths_cos(1e-300) == 1);
    assert_true(isnan(nn_maths_sin(INFINITY)) && isnan(nn_maths_cos(NAN)) && isnan(nn_maths_cos(1.1e9)));
}

/* Fails where a build, a compiler or a CPU computes other bits than those that are promised everywhere. */
static void test_recorded(void **state)
{
    (void)state;
    if (nn_maths_hash() != RECORDED)
        fail_msg("the hash is %#llx, not the recorded one", (unsigned long long)nn_maths_hash());
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_accuracy), cmocka_unit_test(test_power),
                                       cmocka_unit_test(test_special), cmocka_unit_test(test_recorded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
