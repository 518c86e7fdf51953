/* Root of the mean squared error over all values. */
#include <math.h>

#include "nn/fit.h"
#include "nn/loss.h"

static void rmse_accumulate(const nn_loss_call *call, double *sums)
{
    int64_t count = call->rows * call->columns;
    double sum = 0.0;
    for (int64_t i = 0; i < count; i++) {
        double difference = (double)call->output[i] - (double)call->targets[i];
        sum += difference * difference;
    }
    sums[0] = sum;
    sums[1] = (double)count;
}

static double rmse_finish(const double *sums)
{
    return sqrt(sums[0] / sums[1]);
}

const nn_metric_type NN_REAL_SYMBOL(nn_metric_rmse) = {
    .name = "rmse",
    .summary = "for values: the root of the mean squared difference, in the target's own units",
    .example = "rmse",
    .sums = 2,
    .check = nn_fit_values,
    .accumulate = rmse_accumulate,
    .finish = rmse_finish,
};
