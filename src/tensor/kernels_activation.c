/* Activation functions of arrays, and their gradients. */
#include "tensor/elementary.h"
#include "tensor/kernels.h"
#include "tensor/vectorize.h"

#define ACTIVATION_SQRT_HALF ((nn_real)0.70710678118654752)
#define ACTIVATION_NORMAL_DENSITY_0 ((nn_real)0.39894228040143268) /* 1 / sqrt(2 pi) */

/* Below -40 the normal distribution is 0 in both types, and so is its product with x, even for -Inf. */
#define ACTIVATION_GELU_LOWEST ((nn_real)-40)

/* The normal distribution function Phi(x) = erfc(-x / sqrt 2) / 2, given exp(-x^2 / 2). The negative tail has
 * no cancellation. */
NN_INLINE nn_real activation_normal(nn_real x, nn_real exp_minus_half_square)
{
    nn_real z = elementary_magnitude(x) * ACTIVATION_SQRT_HALF;
    z = z > ELEMENTARY_ERFC_SATURATION ? ELEMENTARY_ERFC_SATURATION : z;
    nn_real near = 1 - elementary_erf_near(z);
    nn_real far = elementary_erfc_far(z, exp_minus_half_square);
    nn_real erfc = z < 1 ? near : far;
    return (nn_real)0.5 * (x < 0 ? erfc : 2 - erfc);
}

NN_INLINE nn_real activation_gelu(nn_real x)
{
    nn_real inside = x < ACTIVATION_GELU_LOWEST ? ACTIVATION_GELU_LOWEST : x;
    return inside * activation_normal(inside, elementary_exp(inside * inside * (nn_real)-0.5));
}

/* d (x Phi(x)) / dx = Phi(x) + x phi(x), phi the normal density; where phi is 0, its product with Inf is 0
 * too. */
NN_INLINE nn_real activation_gelu_slope(nn_real x)
{
    nn_real inside = x < ACTIVATION_GELU_LOWEST ? ACTIVATION_GELU_LOWEST : x;
    inside = inside > -ACTIVATION_GELU_LOWEST ? -ACTIVATION_GELU_LOWEST : inside;
    nn_real bell = elementary_exp(inside * inside * (nn_real)-0.5);
    return activation_normal(inside, bell) + inside * (bell * ACTIVATION_NORMAL_DENSITY_0);
}

NN_VECTORIZED
void nn_gelu(int64_t count, const nn_real *x, nn_real *y)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) y[i] = activation_gelu(x[i]);
}

NN_VECTORIZED
void nn_gelu_gradient(int64_t count, const nn_real *x, const nn_real *dy, nn_real *dx)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) dx[i] = dy[i] * activation_gelu_slope(x[i]);
}

NN_VECTORIZED
void nn_relu(int64_t count, const nn_real *x, nn_real *y)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) y[i] = x[i] < 0 ? 0 : x[i];
}

NN_VECTORIZED
void nn_relu_gradient(int64_t count, const nn_real *y, const nn_real *dy, nn_real *dx)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) {
        nn_real passed = dy[i]; /* read first: a load under a condition is slow */
        dx[i] = y[i] <= 0 ? 0 : passed;
    }
}

NN_VECTORIZED
void nn_leaky_relu(int64_t count, nn_real slope, const nn_real *x, nn_real *y)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) y[i] = x[i] < 0 ? slope * x[i] : x[i];
}

NN_VECTORIZED
void nn_leaky_relu_gradient(int64_t count, nn_real slope, const nn_real *y, const nn_real *dy, nn_real *dx)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) {
        nn_real passed = dy[i];
        dx[i] = y[i] <= 0 ? slope * passed : passed;
    }
}

NN_VECTORIZED
void nn_tanh_gradient(int64_t count, const nn_real *y, const nn_real *dy, nn_real *dx)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) dx[i] = dy[i] * (1 - y[i] * y[i]);
}

NN_VECTORIZED
void nn_sigmoid_gradient(int64_t count, const nn_real *y, const nn_real *dy, nn_real *dx)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) dx[i] = dy[i] * (y[i] * (1 - y[i]));
}
