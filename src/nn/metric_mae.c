/* Mean absolute error over all values. */
#include <math.h>

#include "nn/fit.h"
#include "nn/loss.h"

static void mae_accumulate(const nn_loss_call *call, double *sums)
{
    int64_t count = call->rows * call->columns;
    double sum = 0.0;
    for (int64_t i = 0; i < count; i++) sum += fabs((double)call->output[i] - (double)call->targets[i]);
    sums[0] = sum;
    sums[1] = (double)count;
}

static double mae_finish(const double *sums)
{
    return sums[0] / sums[1];
}

const nn_metric_type NN_REAL_SYMBOL(nn_metric_mae) = {
    .name = "mae",
    .summary = "for values: the mean of the absolute differences, in the target's own units",
    .example = "mae",
    .sums = 2,
    .check = nn_fit_values,
    .accumulate = mae_accumulate,
    .finish = mae_finish,
};
