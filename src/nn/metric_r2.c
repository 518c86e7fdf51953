/* The coefficient of determination: 1 - sum of squared errors / sum of squared distances from the mean, over
 * all values together. */
#include <math.h>

#include "nn/answers.h"
#include "nn/fit.h"

static nn_status r2_check(const void *options, const nn_judged *judged)
{
    (void)options;
    return nn_fit_values(judged->output, judged->target);
}

static int64_t r2_width(const void *options, int64_t columns)
{
    (void)options;
    (void)columns;
    return 4;
}

static void r2_accumulate(const void *options, const nn_loss_call *call, double *sums)
{
    (void)options;
    for (int64_t i = 0; i < call->rows * call->columns; i++) {
        double target = (double)call->targets[i], difference = (double)call->output[i] - target;
        if (isnan(target)) continue;
        sums[0] += difference * difference;
        sums[1] += target;
        sums[2] += target * target;
        sums[3]++;
    }
}

static double r2_finish(const void *options, int64_t width, const double *sums)
{
    (void)options;
    (void)width;
    double mean = sums[1] / sums[3];
    return 1 - sums[0] / (sums[2] - sums[1] * mean);
}

const nn_metric_type NN_REAL_SYMBOL(nn_metric_r2) = {
    .name = "r2",
    .summary = "for values: the part of their variance that is explained, over all values together",
    .example = "r2",
    .options = nn_no_options,
    .higher_is_better = true,
    .state = NN_METRIC_SUMS,
    .check = r2_check,
    .width = r2_width,
    .accumulate = r2_accumulate,
    .finish = r2_finish,
};
