/*
 * Standard normal numbers by inversion: Wichura, Algorithm AS 241: The percentage points of the normal
 * distribution, Applied Statistics 37 (1988), routine PPND16; about 16 digits.
 *
 * Only + - * / and sqrt are used, which IEEE 754 rounds exactly: the initial weights have the same bits on
 * every machine, whatever its maths library.
 */
#include <math.h>
#include <string.h>

#include "base/philox.h"

#define NORMAL_TERMS 8

/* A quotient of two polynomials, with coefficients from the constant term up. */
typedef struct normal_quotient {
    double numerator[NORMAL_TERMS];
    double denominator[NORMAL_TERMS];
} normal_quotient;

/* For |p - 1/2| <= 0.425. */
static const normal_quotient normal_centre = {
    .numerator = {3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
                  1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
                  3.3430575583588128105e4, 2.5090809287301226727e3},
    .denominator = {1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
                    2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4,
                    5.2264952788528545610e3},
};

/* For sqrt(-log(tail)) <= 5. */
static const normal_quotient normal_shoulder = {
    .numerator = {1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
                  3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
                  2.27238449892691845833e-2, 7.74545014278341407640e-4},
    .denominator = {1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
                    1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
                    1.05075007164441684324e-9},
};

/* For the rest. */
static const normal_quotient normal_tail = {
    .numerator = {6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
                  2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                  2.71155556874348757815e-5, 2.01033439929228813265e-7},
    .denominator = {1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
                    7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
                    2.04426310338993978564e-15},
};

static double normal_polynomial(const double *coefficients, double x)
{
    double value = coefficients[NORMAL_TERMS - 1];
    for (int i = NORMAL_TERMS - 2; i >= 0; i--) value = value * x + coefficients[i];
    return value;
}

static double normal_divide(const normal_quotient *quotient, double x)
{
    return normal_polynomial(quotient->numerator, x) / normal_polynomial(quotient->denominator, x);
}

/* Natural logarithm of x > 0: x = m 2^e with m in [sqrt(1/2), sqrt(2)), log m = 2 atanh((m - 1) / (m + 1)),
 * whose series ends where the next term is below the last bit. */
static double normal_log(double x)
{
    const double log_2 = 0x1.62e42fefa39efp-1;
    int exponent;
    double mantissa = frexp(x, &exponent);
    if (mantissa < 0x1.6a09e667f3bcdp-1) {
        mantissa *= 2.0;
        exponent--;
    }
    double ratio = (mantissa - 1.0) / (mantissa + 1.0);
    double square = ratio * ratio;
    double series = 0.0;
    for (int power = 23; power >= 1; power -= 2) series = series * square + 1.0 / power;
    return exponent * log_2 + 2.0 * ratio * series;
}

/* The quantile of a probability that differs from 1/2 by more than 0.425. */
static double normal_outer(double uniform)
{
    double tail = uniform < 0.5 ? uniform : 1.0 - uniform;
    double depth = sqrt(-normal_log(tail));
    double distance = depth <= 5.0 ? normal_divide(&normal_shoulder, depth - 1.6)
                                   : normal_divide(&normal_tail, depth - 5.0);
    return uniform < 0.5 ? -distance : distance;
}

static double normal_inner(double centred)
{
    return centred * normal_divide(&normal_centre, 0.180625 - centred * centred);
}

double nn_random_normal(nn_random stream, uint64_t index)
{
    double uniform = nn_random_uniform(stream, index);
    double centred = uniform - 0.5;
    return fabs(centred) <= 0.425 ? normal_inner(centred) : normal_outer(uniform);
}

/* Enough numbers to fill vectors, few enough to stay in cache. */
#define NORMAL_CHUNK 64

/* The central quotient is computed for all numbers, in a loop without branches; then the few others are
 * replaced. */
static void normal_chunk(nn_random stream, uint64_t index, double normals[NORMAL_CHUNK])
{
    double uniforms[NORMAL_CHUNK];
    for (int i = 0; i < NORMAL_CHUNK; i += 4) {
        uint32_t words[4];
        nn_random_words(stream, index + (uint64_t)i / 4, words);
        for (int w = 0; w < 4; w++) uniforms[i + w] = ((double)words[w] + 0.5) * 0x1p-32;
    }
    for (int i = 0; i < NORMAL_CHUNK; i++) normals[i] = normal_inner(uniforms[i] - 0.5);
    for (int i = 0; i < NORMAL_CHUNK; i++)
        if (fabs(uniforms[i] - 0.5) > 0.425) normals[i] = normal_outer(uniforms[i]);
}

void nn_random_normals(nn_random stream, uint64_t index, int64_t count, double *normals)
{
    double chunk[NORMAL_CHUNK];
    int64_t whole = count - count % NORMAL_CHUNK;
    for (int64_t i = 0; i < whole; i += NORMAL_CHUNK)
        normal_chunk(stream, index + (uint64_t)i / 4, normals + i);
    if (whole == count) return;
    normal_chunk(stream, index + (uint64_t)whole / 4, chunk);
    memcpy(normals + whole, chunk, (size_t)(count - whole) * sizeof *chunk);
}
