/* Root of the mean squared error over all values. */
#include <math.h>

#include "nn/answers.h"
#include "nn/fit.h"

static nn_status rmse_check(const void *options, const nn_judged *judged)
{
    (void)options;
    return nn_fit_values(judged->output, judged->target);
}

static int64_t rmse_width(const void *options, int64_t columns)
{
    (void)options;
    (void)columns;
    return 2;
}

static void rmse_accumulate(const void *options, const nn_loss_call *call, double *sums)
{
    (void)options;
    for (int64_t i = 0; i < call->rows * call->columns; i++) {
        double target = (double)call->targets[i], difference = (double)call->output[i] - target;
        if (isnan(target)) continue;
        sums[0] += difference * difference;
        sums[1]++;
    }
}

static double rmse_finish(const void *options, int64_t width, const double *sums)
{
    (void)options;
    (void)width;
    return sqrt(sums[0] / sums[1]);
}

const nn_metric_type NN_REAL_SYMBOL(nn_metric_rmse) = {
    .name = "rmse",
    .summary = "for values: the root of the mean squared difference, in the target's own units",
    .example = "rmse",
    .options = nn_no_options,
    .state = NN_METRIC_SUMS,
    .check = rmse_check,
    .width = rmse_width,
    .accumulate = rmse_accumulate,
    .finish = rmse_finish,
};
