/*
 * exp, log, tanh and erf of one number, without branches, for use inside vector loops. Values computed
 * outside the range of a formula are discarded by a selection at the end, which also handles NaN.
 */
#ifndef NN_TENSOR_ELEMENTARY_H
#define NN_TENSOR_ELEMENTARY_H

#include <math.h>
#include <string.h>

#include "base/real.h"
#include "tensor/vectorize.h"

#ifdef NN_REAL_DOUBLE
#include "tensor/elementary_f64.h"
#else
#include "tensor/elementary_f32.h"
#endif

#define ELEMENTARY_INFINITY ((nn_real)INFINITY)
#define ELEMENTARY_SIGN ((elementary_bits)1 << (8 * sizeof(nn_real) - 1))
#define ELEMENTARY_ONE_BITS ((elementary_bits)ELEMENTARY_EXPONENT_BIAS << ELEMENTARY_FRACTION_BITS)
#define ELEMENTARY_FRACTION (((elementary_bits)1 << ELEMENTARY_FRACTION_BITS) - 1)

/* With f bits in the fraction, the numbers in [2^f, 2^(f+1)) are the integers: adding 2^f moves an integer
 * into the fraction. */
#define ELEMENTARY_INTEGERS ((nn_real)((elementary_bits)1 << ELEMENTARY_FRACTION_BITS))

NN_INLINE elementary_bits elementary_to_bits(nn_real x)
{
    elementary_bits bits;
    memcpy(&bits, &x, sizeof(bits));
    return bits;
}

NN_INLINE nn_real elementary_from_bits(elementary_bits bits)
{
    nn_real x;
    memcpy(&x, &bits, sizeof(x));
    return x;
}

NN_INLINE nn_real elementary_magnitude(nn_real x)
{
    return elementary_from_bits(elementary_to_bits(x) & ~ELEMENTARY_SIGN);
}

/* x >= 0 with the sign of another number. */
NN_INLINE nn_real elementary_with_sign(nn_real x, nn_real sign)
{
    return elementary_from_bits(elementary_to_bits(x) | (elementary_to_bits(sign) & ELEMENTARY_SIGN));
}

/* Horner's rule. Every call has a constant table, so that the loop is unrolled. */
#define ELEMENTARY_POLYNOMIAL(table, x) elementary_polynomial((table), sizeof(table) / sizeof(*(table)), (x))

NN_INLINE nn_real elementary_polynomial(const nn_real *table, size_t count, nn_real x)
{
    nn_real sum = table[count - 1];
    for (size_t i = count - 1; i > 0; i--) sum = sum * x + table[i - 1];
    return sum;
}

/* x = n ln 2 + r, |r| <= (ln 2) / 2, for |x| within the range of exp. exp(r) - 1 = expm1 = r + r^2 Q(r). */
typedef struct elementary_reduced {
    nn_real expm1, lost; /* lost: rounding error of expm1 */
    elementary_bits n;   /* shifted to the position of the exponent; modulo 2^(bits of exponent and sign) */
} elementary_reduced;

NN_INLINE elementary_reduced elementary_reduce(nn_real x)
{
    const nn_real shift = ELEMENTARY_INTEGERS * (nn_real)1.5; /* rounds to an integer, of either sign */
    nn_real shifted = x * ELEMENTARY_LOG2_E + shift;
    nn_real n = shifted - shift;
    nn_real r = (x - n * ELEMENTARY_LN2_HIGH) - n * ELEMENTARY_LN2_LOW;
    elementary_reduced reduced;
    nn_real rest = r * r * ELEMENTARY_POLYNOMIAL(elementary_exp_table, r);
    reduced.expm1 = r + rest;
    reduced.lost = (r - reduced.expm1) + rest;
    reduced.n = elementary_to_bits(shifted) << ELEMENTARY_FRACTION_BITS;
    return reduced;
}

/* 2^n exp(r): adds n to the exponent, which neither overflows nor underflows within the range. */
NN_INLINE nn_real elementary_exp(nn_real x)
{
    nn_real inside = x > ELEMENTARY_EXP_HIGHEST ? ELEMENTARY_EXP_HIGHEST : x;
    inside = inside < ELEMENTARY_EXP_LOWEST ? ELEMENTARY_EXP_LOWEST : inside;
    elementary_reduced reduced = elementary_reduce(inside);
    nn_real y = elementary_from_bits(elementary_to_bits(1 + reduced.expm1) + reduced.n);
    y = x > ELEMENTARY_EXP_HIGHEST ? ELEMENTARY_INFINITY : y;
    y = x < ELEMENTARY_EXP_LOWEST ? 0 : y;
    return x != x ? x : y;
}

/* x = 2^k (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2). With s = f / (2 + f) and z = s^2, log(1 + f) = 2
 * atanh(s) = 2 s + s z R(z) = f - s (f - z R(z)): the last form rounds only small terms. */
NN_INLINE nn_real elementary_log(nn_real x)
{
    nn_real normal = x < ELEMENTARY_SMALLEST ? x * ELEMENTARY_INTEGERS : x;
    nn_real bias = x < ELEMENTARY_SMALLEST ? (nn_real)(ELEMENTARY_EXPONENT_BIAS + ELEMENTARY_FRACTION_BITS)
                                           : (nn_real)ELEMENTARY_EXPONENT_BIAS;
    elementary_bits bits = elementary_to_bits(normal) + (ELEMENTARY_ONE_BITS - ELEMENTARY_SQRT_HALF_BITS);
    elementary_bits exponent = (bits >> ELEMENTARY_FRACTION_BITS) | elementary_to_bits(ELEMENTARY_INTEGERS);
    nn_real k = elementary_from_bits(exponent) - ELEMENTARY_INTEGERS - bias;
    nn_real f = elementary_from_bits((bits & ELEMENTARY_FRACTION) + ELEMENTARY_SQRT_HALF_BITS) - 1;
    nn_real s = f / (2 + f);
    nn_real z = s * s;
    nn_real tail = s * (f - z * ELEMENTARY_POLYNOMIAL(elementary_log_table, z));
    nn_real y = k * ELEMENTARY_LN2_HIGH + (f - (tail - k * ELEMENTARY_LN2_LOW));
    y = x < ELEMENTARY_INFINITY ? y : x; /* Inf, NaN */
    y = x < 0 ? (nn_real)NAN : y;
    return x == 0 ? -ELEMENTARY_INFINITY : y;
}

/* With t = exp(-2 |x|) - 1, tanh(-|x|) = y = t / (2 + t); t keeps its relative accuracy near 0. The rounding
 * errors of t and 2 + t are corrected afterwards, using 1 / (2 + t) = (1 - y) / 2. */
NN_INLINE nn_real elementary_tanh(nn_real x)
{
    nn_real inside = elementary_magnitude(x);
    inside = inside > ELEMENTARY_TANH_SATURATION ? ELEMENTARY_TANH_SATURATION : inside;
    elementary_reduced reduced = elementary_reduce(-2 * inside);
    nn_real scale = elementary_from_bits(ELEMENTARY_ONE_BITS + reduced.n);
    nn_real small = scale * reduced.expm1;
    nn_real t = small + (scale - 1);
    nn_real t_lost = (((scale - 1) - t) + small) + scale * reduced.lost;
    nn_real divisor = 2 + t;
    nn_real divisor_lost = ((2 - divisor) + t) + t_lost;
    nn_real y = t / divisor;
    y += (t_lost - y * divisor_lost) * ((1 - y) / 2);
    y = elementary_with_sign(elementary_magnitude(y), x);
    return x != x ? x : y;
}

/* exp(x) - 1 for x <= 0, with full relative accuracy near 0. */
NN_INLINE nn_real elementary_expm1_below(nn_real x)
{
    nn_real inside = x < -ELEMENTARY_TANH_SATURATION * 4 ? -ELEMENTARY_TANH_SATURATION * 4 : x;
    inside = inside > 0 ? 0 : inside;
    elementary_reduced reduced = elementary_reduce(inside);
    nn_real scale = elementary_from_bits(ELEMENTARY_ONE_BITS + reduced.n);
    nn_real y = scale * reduced.expm1 + (scale - 1);
    return x != x ? x : y;
}

NN_INLINE nn_real elementary_sigmoid(nn_real x)
{
    return 1 / (1 + elementary_exp(-x));
}

/* erf z = z + z E(z^2), for 0 <= z <= 1. */
NN_INLINE nn_real elementary_erf_near(nn_real z)
{
    return z + z * ELEMENTARY_POLYNOMIAL(elementary_erf_table, z * z);
}

/* erfc z = exp(-z^2) T((z - 5/2) / (z + 5/2)) / (z + 5/2), for z >= 1, given exp(-z^2): T has no pole and is
 * nearly linear from 1 to infinity. */
NN_INLINE nn_real elementary_erfc_far(nn_real z, nn_real exp_minus_z_squared)
{
    nn_real inverse = 1 / (z + (nn_real)2.5);
    nn_real t = (z - (nn_real)2.5) * inverse;
    return exp_minus_z_squared * inverse * ELEMENTARY_POLYNOMIAL(elementary_erfc_table, t);
}

NN_INLINE nn_real elementary_erf(nn_real x)
{
    nn_real z = elementary_magnitude(x);
    z = z > ELEMENTARY_ERFC_SATURATION ? ELEMENTARY_ERFC_SATURATION : z;
    nn_real near = elementary_erf_near(z);
    nn_real far = 1 - elementary_erfc_far(z, elementary_exp(-(z * z)));
    nn_real y = elementary_with_sign(z < 1 ? near : far, x);
    return x != x ? x : y;
}

#endif
