/* The coefficient of determination of each output: 1 - sum of squared errors / sum of squared distances from
 * the mean of the targets; the mean over the outputs. */
#include <math.h>

#include "loss/outputs.h"

/* What two sums of squares of the same size may differ by from rounding alone, relative to them. */
#define R2_ROUNDING 1e-13

/* The mean of the targets explains nothing: not -2e-16 of their variance. */
static double r2_finish(const void *options, int64_t width, const double *output)
{
    (void)options;
    (void)width;
    double r2 = 1 - output[NN_OUTPUT_SQUARED_ERRORS] / output[NN_OUTPUT_SQUARES];
    return fabs(r2) < R2_ROUNDING ? 0 : r2;
}

const nn_metric_type nn_metric_r2 = {
    .name = "r2",
    .summary = "for values: coefficient of determination, the explained fraction of the variance; mean over "
               "the outputs",
    .example = "r2",
    .definition = "per output: 1 - sum of (predicted - target)^2 / sum of (target - mean of the "
                  "targets)^2; then the mean over the outputs",
    .reference = "Wright: Correlation and causation (1921)",
    .options = nn_no_options,
    .higher_is_better = true,
    .by_output = true,
    .undefined = "for an output whose targets are all equal, or with one sample: it is left out of the mean",
    .state = NN_METRIC_SUMS,
    .check = nn_outputs_check,
    .width = nn_outputs_width,
    .accumulate = nn_outputs_accumulate,
    .join = nn_outputs_join,
    .finish = r2_finish,
};
