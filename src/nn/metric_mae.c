/* Mean absolute error over all values. */
#include <math.h>

#include "nn/answers.h"
#include "nn/fit.h"

static nn_status mae_check(const void *options, const nn_judged *judged)
{
    (void)options;
    return nn_fit_values(judged->output, judged->target);
}

static int64_t mae_width(const void *options, int64_t columns)
{
    (void)options;
    (void)columns;
    return 2;
}

static void mae_accumulate(const void *options, const nn_loss_call *call, double *sums)
{
    (void)options;
    for (int64_t i = 0; i < call->rows * call->columns; i++) {
        double target = (double)call->targets[i], difference = (double)call->output[i] - target;
        if (isnan(target)) continue;
        sums[0] += fabs(difference);
        sums[1]++;
    }
}

static double mae_finish(const void *options, int64_t width, const double *sums)
{
    (void)options;
    (void)width;
    return sums[0] / sums[1];
}

const nn_metric_type NN_REAL_SYMBOL(nn_metric_mae) = {
    .name = "mae",
    .summary = "for values: the mean of the absolute differences, in the target's own units",
    .example = "mae",
    .options = nn_no_options,
    .state = NN_METRIC_SUMS,
    .check = mae_check,
    .width = mae_width,
    .accumulate = mae_accumulate,
    .finish = mae_finish,
};
