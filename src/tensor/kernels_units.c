/* Exponential and piecewise linear activation functions, and their gradients. */
#include "tensor/elementary.h"
#include "tensor/kernels.h"
#include "tensor/vectorize.h"

/* Constants for which mean 0 and variance 1 are a fixed point (Klambauer et al. 2017). */
#define UNITS_SELU_SCALE ((nn_real)1.0507009873554805)
#define UNITS_SELU_ALPHA ((nn_real)1.6732632423543772)

#define UNITS_SIXTH ((nn_real)(1.0 / 6.0))

NN_VECTORIZED
void nn_elu(int64_t count, const nn_real *x, nn_real *y)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) {
        nn_real below = elementary_expm1_below(x[i]);
        y[i] = x[i] > 0 ? x[i] : below;
    }
}

/* The derivative exp(x) is y + 1 below 0. */
NN_VECTORIZED
void nn_elu_gradient(int64_t count, const nn_real *y, const nn_real *dy, nn_real *dx)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) {
        nn_real slope = y[i] > 0 ? 1 : y[i] + 1;
        dx[i] = dy[i] * slope;
    }
}

NN_VECTORIZED
void nn_selu(int64_t count, const nn_real *x, nn_real *y)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) {
        nn_real below = UNITS_SELU_ALPHA * elementary_expm1_below(x[i]);
        y[i] = UNITS_SELU_SCALE * (x[i] > 0 ? x[i] : below);
    }
}

NN_VECTORIZED
void nn_selu_gradient(int64_t count, const nn_real *y, const nn_real *dy, nn_real *dx)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) {
        nn_real slope = y[i] > 0 ? UNITS_SELU_SCALE : y[i] + UNITS_SELU_SCALE * UNITS_SELU_ALPHA;
        dx[i] = dy[i] * slope;
    }
}

#define UNITS_FAR (2 * ELEMENTARY_EXP_HIGHEST) /* sigmoid is 0 below -UNITS_FAR and 1 above UNITS_FAR */

/* Where sigmoid is 0, its product with -Inf must be 0 too. */
NN_INLINE nn_real units_inside(nn_real x)
{
    return x < -UNITS_FAR ? -UNITS_FAR : x;
}

NN_VECTORIZED
void nn_silu(int64_t count, const nn_real *x, nn_real *y)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) {
        nn_real inside = units_inside(x[i]);
        y[i] = inside * elementary_sigmoid(inside);
    }
}

/* d (x s) / dx = s + x s (1 - s), s the sigmoid of x; 1 - s is 0 where x is large. */
NN_VECTORIZED
void nn_silu_gradient(int64_t count, const nn_real *x, const nn_real *dy, nn_real *dx)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) {
        nn_real inside = units_inside(x[i]);
        inside = inside > UNITS_FAR ? UNITS_FAR : inside;
        nn_real sigmoid = elementary_sigmoid(inside);
        dx[i] = dy[i] * (sigmoid * (1 + inside * (1 - sigmoid)));
    }
}

/* max(x, 0) + log(1 + e) with e = exp(-|x|), which does not overflow. The rounding error of u = 1 + e is
 * corrected: log(1 + e) is nearly log(u) e / (u - 1), since log(u) / (u - 1) varies slowly. */
NN_INLINE nn_real units_softplus(nn_real x)
{
    nn_real e = elementary_exp(-elementary_magnitude(x));
    nn_real u = 1 + e, kept = u - 1;
    nn_real logarithm = elementary_log(u);
    nn_real corrected = logarithm * (e / (kept == 0 ? 1 : kept));
    return (x > 0 ? x : 0) + (kept == 0 ? e : corrected);
}

NN_VECTORIZED
void nn_softplus(int64_t count, const nn_real *x, nn_real *y)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) {
        nn_real value = units_softplus(x[i]);
        y[i] = x[i] != x[i] ? x[i] : value;
    }
}

NN_VECTORIZED
void nn_softplus_gradient(int64_t count, const nn_real *x, const nn_real *dy, nn_real *dx)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) dx[i] = dy[i] * elementary_sigmoid(x[i]);
}

NN_INLINE nn_real units_hard_sigmoid(nn_real x)
{
    nn_real y = x * UNITS_SIXTH + (nn_real)0.5;
    y = y < 0 ? 0 : y;
    return y > 1 ? 1 : y;
}

NN_VECTORIZED
void nn_hard_sigmoid(int64_t count, const nn_real *x, nn_real *y)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) y[i] = units_hard_sigmoid(x[i]);
}

NN_VECTORIZED
void nn_hard_sigmoid_gradient(int64_t count, const nn_real *y, const nn_real *dy, nn_real *dx)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) {
        nn_real passed = dy[i] * UNITS_SIXTH;
        nn_real above = y[i] <= 0 ? 0 : passed;
        dx[i] = y[i] >= 1 ? 0 : above;
    }
}

NN_VECTORIZED
void nn_hard_swish(int64_t count, const nn_real *x, nn_real *y)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) {
        nn_real value = x[i] * units_hard_sigmoid(x[i]);
        y[i] = x[i] <= -3 ? 0 : value;
    }
}

NN_VECTORIZED
void nn_hard_swish_gradient(int64_t count, const nn_real *x, const nn_real *dy, nn_real *dx)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) {
        nn_real slope = x[i] * (nn_real)(1.0 / 3.0) + (nn_real)0.5;
        slope = x[i] <= -3 ? 0 : slope;
        dx[i] = dy[i] * (x[i] >= 3 ? 1 : slope);
    }
}

NN_VECTORIZED
void nn_hard_tanh(int64_t count, const nn_real *x, nn_real *y)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) {
        nn_real above = x[i] < -1 ? -1 : x[i];
        y[i] = above > 1 ? 1 : above;
    }
}

NN_VECTORIZED
void nn_hard_tanh_gradient(int64_t count, const nn_real *y, const nn_real *dy, nn_real *dx)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) {
        nn_real passed = dy[i];
        nn_real above = y[i] <= -1 ? 0 : passed;
        dx[i] = y[i] >= 1 ? 0 : above;
    }
}
