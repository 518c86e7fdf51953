/*
 * exp, log, pow, sin and cos whose results have the same bits on every machine: the C library's may differ in
 * the last bit between versions and CPUs. Whatever enters weights, losses or data uses these, or, for arrays,
 * the kernels of tensor/kernels.h.
 *
 * Only + - * / are used, which IEEE 754 rounds exactly, and integer operations. Errors are below 0.75 units
 * in the last place (about 1 where a result is subnormal). Special cases are C's (Annex F), unless stated.
 */
#ifndef NN_BASE_MATHS_H
#define NN_BASE_MATHS_H

#include <stdint.h>

double nn_maths_exp(double x);
double nn_maths_log(double x);

/* NaN for x < 0, unless y is 0; -0 counts as 0. */
double nn_maths_pow(double x, double y);

/* x in radians; NaN for |x| > 2^30. */
double nn_maths_sin(double x);
double nn_maths_cos(double x);

/* A hash of results for a thousand arguments of each: the same for every build that keeps to IEEE 754. */
uint64_t nn_maths_hash(void);

#endif
