/*
 * Constants of elementary.h for double. The tables are minimax polynomials, lowest power first, found by
 * Remez exchange in 50-digit arithmetic and then rounded; elementary.h says what each approximates.
 */
#ifndef NN_TENSOR_ELEMENTARY_F64_H
#define NN_TENSOR_ELEMENTARY_F64_H

#include <stdint.h>

#include "base/real.h"

typedef uint64_t elementary_bits;

#define ELEMENTARY_FRACTION_BITS 52
#define ELEMENTARY_EXPONENT_BIAS 1023
#define ELEMENTARY_SQRT_HALF_BITS UINT64_C(0x3fe6a09e667f3bcd)
#define ELEMENTARY_SMALLEST 0x1p-1022 /* normal number */

/* ln 2 in two parts: the first times any exponent is exact. */
#define ELEMENTARY_LN2_HIGH 0x1.62e42fefa38p-1
#define ELEMENTARY_LN2_LOW 5.497923018708371e-14
#define ELEMENTARY_LOG2_E 1.4426950408889634

/* exp is Inf above HIGHEST and 0 below LOWEST, where it would be subnormal; tanh and erf are constant beyond
 * the saturations. */
#define ELEMENTARY_EXP_HIGHEST 0x1.62e42fefa39efp+9
#define ELEMENTARY_EXP_LOWEST (-0x1.6232bdd7abcd2p+9)
#define ELEMENTARY_TANH_SATURATION 20.0
#define ELEMENTARY_ERFC_SATURATION 27.0 /* erfc is 0 */

/* |r| <= 0.35, relative error of exp 4e-18. */
static const nn_real elementary_exp_table[] = {
    0.5000000000000014,     0.16666666666666702,    0.04166666666650315,    0.008333333333304906,
    0.001388888895052992,   0.00019841269922352174, 2.4801486046065106e-05, 2.7557211880805286e-06,
    2.7632748956065173e-07, 2.5119253620622476e-08};

/* 0 <= z <= 0.0298, relative error of log 3e-18. */
static const nn_real elementary_log_table[] = {0.666666666666674,   0.39999999999379154, 0.28571428751056327,
                                               0.22222197610218303, 0.18183617942435304, 0.15312592998532726,
                                               0.14811342930269597};

/* 0 <= z <= 1, absolute error 8e-18. */
static const nn_real elementary_erf_table[] = {
    0.12837916709551256,    -0.3761263890318355,     0.11283791670945253,    -0.02686617064327622,
    0.005223977607423468,   -0.0008548325989696758,  0.00012055295320494294, -1.4924744663335489e-05,
    1.6447517677871873e-06, -1.6209175911748696e-07, 1.3722976265924504e-08, -7.801188874097751e-10};

/* 1 <= z <= 27, absolute error of erfc 9e-17. */
static const nn_real elementary_erfc_table[] = {
    1.0540318203057173,     -0.8046518494391324,   0.45391411664832676,     -0.17125114524830343,
    0.028361550117824753,   0.008393044400149404,  -0.004818785214110889,   -0.000439210262428344,
    0.0007026910314021352,  5.832961738985396e-05, -0.00011260116061878669, -1.9661322377656078e-05,
    1.8330476853200466e-05, 7.126648632466598e-06, -2.8551213552692032e-06, -2.260665590280468e-06,
    9.42840114608076e-07};

#endif
