/* Root of the mean squared error of each output; the mean over the outputs. */
#include <math.h>

#include "loss/outputs.h"

static double rmse_finish(const void *options, int64_t width, const double *output)
{
    (void)options;
    (void)width;
    return sqrt(output[NN_OUTPUT_SQUARED_ERRORS] / output[NN_OUTPUT_COUNT]);
}

/* The same, in standard deviations of the target. */
static double rmse_relative(const void *options, int64_t width, const double *output)
{
    return rmse_finish(options, width, output) / nn_outputs_spread(output);
}

const nn_metric_type nn_metric_rmse = {
    .name = "rmse",
    .summary = "for values: root mean squared error, in the target's own units; mean over the outputs",
    .example = "rmse",
    .definition = "per output: sqrt(mean of (predicted - target)^2); then the mean over the outputs",
    .reference = "Chai, Draxler: Root mean square error (RMSE) or mean absolute error (MAE)? "
                 "(2014)",
    .options = nn_no_options,
    .by_output = true,
    .undefined = "if all targets are missing",
    .state = NN_METRIC_SUMS,
    .check = nn_outputs_check,
    .width = nn_outputs_width,
    .accumulate = nn_outputs_accumulate,
    .join = nn_outputs_join,
    .finish = rmse_finish,
    .relative = rmse_relative,
};
