/* Elementary functions of arrays. */
#include "tensor/elementary.h"
#include "tensor/kernels.h"
#include "tensor/vectorize.h"

NN_VECTORIZED
void nn_exp(int64_t count, const nn_real *x, nn_real *y)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) y[i] = elementary_exp(x[i]);
}

NN_VECTORIZED
void nn_log(int64_t count, const nn_real *x, nn_real *y)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) y[i] = elementary_log(x[i]);
}

NN_VECTORIZED
void nn_tanh(int64_t count, const nn_real *x, nn_real *y)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) y[i] = elementary_tanh(x[i]);
}

NN_VECTORIZED
void nn_erf(int64_t count, const nn_real *x, nn_real *y)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) y[i] = elementary_erf(x[i]);
}

NN_VECTORIZED
void nn_sigmoid(int64_t count, const nn_real *x, nn_real *y)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) y[i] = elementary_sigmoid(x[i]);
}
