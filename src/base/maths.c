/*
 * Intermediate results are pairs of doubles (Dekker: A floating-point technique for extending the available
 * precision; Numerische Mathematik 18, 1971), so that the last rounding is almost the only one. Arguments are
 * reduced with constants in several parts (Cody, Waite: Software manual for the elementary functions, 1980),
 * and series end where the next term is below the precision that is needed.
 */
#include "base/maths.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/hash.h"

#define MATHS_LOG2_E 0x1.71547652b82fep+0
#define MATHS_TWO_OVER_PI 0x1.45f306dc9c883p-1
#define MATHS_SQRT_HALF 0x1.6a09e667f3bcdp-1

/* ln 2: the product of the high part with an exponent is exact. */
#define MATHS_LN2_HIGH 0x1.62e42fefa38p-1
#define MATHS_LN2_LOW 0x1.ef35793c76730p-45

/* Beyond these exp overflows, or is below half of the smallest number. */
#define MATHS_EXP_HIGHEST 709.79
#define MATHS_EXP_LOWEST -745.14

#define MATHS_ANGLE_HIGHEST 0x1p30

/* ---- pairs ---- */

/* The unevaluated sum of two numbers; |low| is at most about half a unit in the last place of high. */
typedef struct maths_pair {
    double high, low;
} maths_pair;

/* The exact sum (Knuth, TAOCP 2, 4.2.2). */
static maths_pair maths_sum(double a, double b)
{
    double sum = a + b, part = sum - a;
    return (maths_pair){sum, (a - (sum - part)) + (b - part)};
}

/* The upper 26 bits. */
static double maths_upper(double x)
{
    double scaled = 0x8000001p0 * x;
    return scaled - (scaled - x);
}

/* The exact product. */
static maths_pair maths_product(double a, double b)
{
    double product = a * b, a_high = maths_upper(a), b_high = maths_upper(b);
    double a_low = a - a_high, b_low = b - b_high;
    return (maths_pair){product,
                        ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low};
}

static maths_pair maths_pair_add(maths_pair a, maths_pair b)
{
    maths_pair sum = maths_sum(a.high, b.high);
    return maths_sum(sum.high, sum.low + (a.low + b.low));
}

static maths_pair maths_pair_multiply(maths_pair a, maths_pair b)
{
    maths_pair product = maths_product(a.high, b.high);
    return maths_sum(product.high, product.low + (a.high * b.low + a.low * b.high));
}

/* Horner's rule, coefficients from the constant term up. */
#define MATHS_POLYNOMIAL(table, x) maths_polynomial((table), sizeof(table) / sizeof(*(table)), (x))

static double maths_polynomial(const double *table, size_t count, double x)
{
    double sum = table[count - 1];
    for (size_t i = count - 1; i > 0; i--) sum = sum * x + table[i - 1];
    return sum;
}

static double maths_from_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static uint64_t maths_to_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* ---- exp ---- */

/* 2^n for a normal result. */
static double maths_power_of_2(int n)
{
    return maths_from_bits((uint64_t)(n + 1023) << 52);
}

/* x = n ln 2 + r with |r| <= (ln 2) / 2; exp(r) = 1 + r + r^2 (1/2! + r/3! + ...). */
static double maths_exp_pair(maths_pair x)
{
    static const double factors[] = {
        1.0 / 2,         1.0 / 6,          1.0 / 24,          1.0 / 120,          1.0 / 720,
        1.0 / 5040,      1.0 / 40320,      1.0 / 362880,      1.0 / 3628800,      1.0 / 39916800,
        1.0 / 479001600, 1.0 / 6227020800, 1.0 / 87178291200, 1.0 / 1307674368000};
    if (x.high > MATHS_EXP_HIGHEST) return INFINITY;
    if (x.high < MATHS_EXP_LOWEST) return 0;
    double n = floor(x.high * MATHS_LOG2_E + 0.5);
    maths_pair r = maths_sum(x.high - n * MATHS_LN2_HIGH, x.low - n * MATHS_LN2_LOW);
    maths_pair one = maths_sum(1, r.high);
    double rest = r.high * r.high * MATHS_POLYNOMIAL(factors, r.high);
    double y = one.high + (one.low + (r.low + rest));
    /* In two steps: 2^n alone may overflow or be subnormal. */
    int half = (int)n / 2;
    return y * maths_power_of_2(half) * maths_power_of_2((int)n - half);
}

double nn_maths_exp(double x)
{
    return x != x ? x : maths_exp_pair((maths_pair){x, 0});
}

/* ---- log ---- */

/* x = 2^k m for x > 0, with sqrt(1/2) <= m < sqrt(2). */
static double maths_split(double x, double *k)
{
    double scaled = x < 0x1p-1022 ? x * 0x1p54 : x;
    uint64_t bits = maths_to_bits(scaled);
    double m = maths_from_bits((bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1022) << 52); /* in [1/2, 1) */
    *k = (double)((int)(bits >> 52) - 1022 - (x < 0x1p-1022 ? 54 : 0));
    if (m >= MATHS_SQRT_HALF) return m;
    *k -= 1;
    return 2 * m;
}

/* log x = k ln 2 + 2 atanh(s), s = (m - 1) / (m + 1), |s| < 0.172; with z = s^2
 * 2 atanh(s) = 2 s + 2 s z (1/3 + z/5 + z^2/7 + z^3 (1/9 + ...)). Only the last part has no need of pairs. */
static maths_pair maths_log_pair(double x)
{
    static const double factors[] = {1.0 / 9,  1.0 / 11, 1.0 / 13, 1.0 / 15, 1.0 / 17, 1.0 / 19,
                                     1.0 / 21, 1.0 / 23, 1.0 / 25, 1.0 / 27, 1.0 / 29, 1.0 / 31};
    static const maths_pair first[] = {{0x1.2492492492492p-3, 0x1.2492492492492p-57},  /* 1/7 */
                                       {0x1.999999999999ap-3, -0x1.999999999999ap-57}, /* 1/5 */
                                       {0x1.5555555555555p-2, 0x1.5555555555555p-56}}; /* 1/3 */
    double k, m = maths_split(x, &k);
    maths_pair below = maths_sum(m, 1);
    double quotient = (m - 1) / below.high;
    maths_pair product = maths_product(quotient, below.high);
    double rest = (((m - 1) - product.high) - product.low) - quotient * below.low;
    maths_pair s = maths_sum(quotient, rest / below.high), z = maths_pair_multiply(s, s);
    maths_pair series = {MATHS_POLYNOMIAL(factors, z.high), 0};
    for (int i = 0; i < 3; i++) series = maths_pair_add(first[i], maths_pair_multiply(z, series));
    series = maths_pair_multiply(maths_pair_multiply(s, z), series);
    maths_pair half = maths_pair_add(s, series);
    maths_pair powers = maths_sum(k * MATHS_LN2_HIGH, k * MATHS_LN2_LOW);
    return maths_pair_add(powers, (maths_pair){2 * half.high, 2 * half.low});
}

double nn_maths_log(double x)
{
    if (x < 0) return NAN;
    if (x == 0) return -INFINITY;
    return x < INFINITY ? maths_log_pair(x).high : x;
}

/* ---- pow ---- */

/* Where x is 0 or infinite, or y is infinite and x not 1. */
static double maths_pow_end(double x, double y)
{
    bool rises = (x > 1) == (y > 0);
    return rises ? INFINITY : 0;
}

/* x^y = exp(y log x). The logarithm has some 75 bits: the product with y, at most 745, has an error far below
 * that of the result. */
double nn_maths_pow(double x, double y)
{
    if (y == 0 || x == 1) return 1;
    if (x != x || y != y || x < 0) return NAN;
    if (x == 0 || x == INFINITY || fabs(y) == INFINITY) return maths_pow_end(x, y);
    maths_pair logarithm = maths_log_pair(x);
    /* Outside the range of exp; the product of pairs might overflow. */
    if (fabs(y * logarithm.high) > 1000) return maths_pow_end(x, y);
    maths_pair exponent = maths_product(y, logarithm.high);
    return maths_exp_pair(maths_sum(exponent.high, exponent.low + y * logarithm.low));
}

/* ---- sin, cos ---- */

/* x = n pi/2 + r with |r| <= pi/4 for |x| <= 2^30; *quarter is n modulo 4. pi/2 in parts whose products with
 * n are exact, but for the last. */
static maths_pair maths_reduce_angle(double x, unsigned *quarter)
{
    static const double parts[] = {0x1.921fb4p+0, 0x1.4442dp-24, 0x1.84698p-48, 0x1.3198ap-69,
                                   0x1.701b839a25205p-92};
    double n = floor(x * MATHS_TWO_OVER_PI + 0.5);
    maths_pair r = {x - n * parts[0], 0};
    for (int i = 1; i < 5; i++) r = maths_pair_add(r, (maths_pair){-n * parts[i], 0});
    *quarter = (unsigned)((int64_t)n & 3);
    return r;
}

/* r - r^3/3! + ... for |r| <= pi/4 */
static double maths_sin_pair(maths_pair r)
{
    static const double factors[] = {
        -1.0 / 6,        1.0 / 120,        -1.0 / 5040,          1.0 / 362880,
        -1.0 / 39916800, 1.0 / 6227020800, -1.0 / 1307674368000, 1.0 / 355687428096000};
    double z = r.high * r.high;
    return r.high + (r.high * z * MATHS_POLYNOMIAL(factors, z) + r.low * (1 - z / 2));
}

/* 1 - r^2/2! + r^4/4! - ... for |r| <= pi/4 */
static double maths_cos_pair(maths_pair r)
{
    static const double factors[] = {
        1.0 / 24,        -1.0 / 720,         1.0 / 40320,          -1.0 / 3628800,
        1.0 / 479001600, -1.0 / 87178291200, 1.0 / 20922789888000, -1.0 / 6402373705728000};
    maths_pair z = maths_product(r.high, r.high), one = maths_sum(1, -0.5 * z.high);
    double rest = z.high * z.high * MATHS_POLYNOMIAL(factors, z.high) - (0.5 * z.low + r.high * r.low);
    return one.high + (one.low + rest);
}

/* sin(x + shift pi/2) */
static double maths_wave(double x, unsigned shift)
{
    unsigned quarter;
    if (!(fabs(x) <= MATHS_ANGLE_HIGHEST)) return NAN;
    maths_pair r = maths_reduce_angle(x, &quarter);
    quarter = (quarter + shift) & 3;
    double y = quarter & 1 ? maths_cos_pair(r) : maths_sin_pair(r);
    return quarter & 2 ? -y : y;
}

double nn_maths_sin(double x)
{
    return fabs(x) < 0x1p-27 ? x : maths_wave(x, 0);
}

double nn_maths_cos(double x)
{
    return maths_wave(x, 1);
}

/* ---- a hash of results ---- */

/* Number `index` of a sequence that fills [0, 1) evenly, with 53 bits. */
static double maths_share(uint64_t index)
{
    return (double)((index * UINT64_C(0x9e3779b97f4a7c15)) >> 11) * 0x1p-53;
}

uint64_t nn_maths_hash(void)
{
    uint64_t hash = 0;
    for (uint64_t i = 1; i <= 1024; i++) {
        double x = maths_share(i), y = maths_share(i * 7 + 3);
        double results[] = {nn_maths_exp(20 * x - 10),
                            nn_maths_exp(1500 * x - 750),
                            nn_maths_log(0.9 + 0.2 * x),
                            nn_maths_log(nn_maths_exp(1400 * x - 700)),
                            nn_maths_pow(x, 1 + floor(3000 * y)),
                            nn_maths_pow(100 * x, 20 * y - 10),
                            nn_maths_sin(6.5 * x),
                            nn_maths_cos(6.5 * x),
                            nn_maths_sin(1e6 * y),
                            nn_maths_cos(1e6 * y)};
        hash = nn_hash(results, sizeof results, hash);
    }
    return hash;
}
