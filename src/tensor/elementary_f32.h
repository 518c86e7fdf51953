/*
 * Constants of elementary.h for float. The tables are minimax polynomials, lowest power first, found by Remez
 * exchange in 50-digit arithmetic and then rounded; elementary.h says what each approximates.
 */
#ifndef NN_TENSOR_ELEMENTARY_F32_H
#define NN_TENSOR_ELEMENTARY_F32_H

#include <stdint.h>

#include "base/real.h"

typedef uint32_t elementary_bits;

#define ELEMENTARY_FRACTION_BITS 23
#define ELEMENTARY_EXPONENT_BIAS 127
#define ELEMENTARY_SQRT_HALF_BITS UINT32_C(0x3f3504f3)
#define ELEMENTARY_SMALLEST 0x1p-126f /* normal number */

/* ln 2 in two parts: the first times any exponent is exact. */
#define ELEMENTARY_LN2_HIGH 0x1.62e4p-1f
#define ELEMENTARY_LN2_LOW 1.4286068e-06f
#define ELEMENTARY_LOG2_E 1.44269504f

/* exp is Inf above HIGHEST and 0 below LOWEST, where it would be subnormal; tanh and erf are constant beyond
 * the saturations. */
#define ELEMENTARY_EXP_HIGHEST 0x1.62e42ep+6f
#define ELEMENTARY_EXP_LOWEST (-0x1.5d589ep+6f)
#define ELEMENTARY_TANH_SATURATION 10.0f
#define ELEMENTARY_ERFC_SATURATION 10.0f /* erfc is 0 */

/* |r| <= 0.35, relative error of exp 4e-9. */
static const nn_real elementary_exp_table[] = {0.5f, 0.166665122f, 0.0416661873f, 0.00836959854f,
                                               0.00139517197f};

/* 0 <= z <= 0.0298, relative error of log 2e-9. */
static const nn_real elementary_log_table[] = {0.666667819f, 0.399770796f, 0.298852056f};

/* 0 <= z <= 1, absolute error 2e-9. */
static const nn_real elementary_erf_table[] = {0.128379166f,   -0.37612626f,   0.112836003f,
                                               -0.0268544462f, 0.00518953661f, -0.000802084571f,
                                               7.8891193e-05f};

/* 1 <= z <= 9.4, absolute error of erfc 5e-11. */
static const nn_real elementary_erfc_table[] = {1.05403185f,     -0.804651856f,   0.453914165f,
                                                -0.17125082f,    0.0283601135f,   0.00838819798f,
                                                -0.00480411481f, -0.00041123858f, 0.000636933721f};

#endif
