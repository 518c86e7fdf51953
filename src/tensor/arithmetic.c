/* The table of tensor for one precision. */
#include "tensor/arithmetic.h"

#include "tensor/kernels.h"
#include "tensor/peak.h"
#include "tensor/trial.h"

static void arithmetic_scale(int64_t count, double factor, nn_real *values)
{
    nn_scale(count, (nn_real)factor, values);
}

static void arithmetic_to_doubles(int64_t count, const nn_real *values, double *doubles)
{
    for (int64_t i = 0; i < count; i++) doubles[i] = (double)values[i];
}

const nn_tensor_arithmetic NN_REAL_SYMBOL(nn_tensor_arithmetic) = {
    .add = nn_add,
    .scale = arithmetic_scale,
    .all_finite = nn_all_finite,
    .to_doubles = arithmetic_to_doubles,
    .peak = nn_peak,
    .trial_fill = nn_trial_fill,
    .trial_hash = nn_trial_hash,
    .trial_kernels = nn_trial_kernels,
};
