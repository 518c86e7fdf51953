/* Mean absolute error of each output; the mean over the outputs. */
#include "loss/outputs.h"

static double mae_finish(const void *options, int64_t width, const double *output)
{
    (void)options;
    (void)width;
    return output[NN_OUTPUT_ERRORS] / output[NN_OUTPUT_COUNT];
}

/* The same, in standard deviations of the target. */
static double mae_relative(const void *options, int64_t width, const double *output)
{
    return mae_finish(options, width, output) / nn_outputs_spread(output);
}

const nn_metric_type nn_metric_mae = {
    .name = "mae",
    .summary = "for values: mean absolute error, in the target's own units; mean over the outputs",
    .example = "mae",
    .definition = "per output: mean of |predicted - target|; then the mean over the outputs",
    .reference = "Willmott, Matsuura: Advantages of the mean absolute error (MAE) over the root "
                 "mean square error (RMSE) (2005)",
    .options = nn_no_options,
    .by_output = true,
    .undefined = "if all targets are missing",
    .state = NN_METRIC_SUMS,
    .check = nn_outputs_check,
    .width = nn_outputs_width,
    .accumulate = nn_outputs_accumulate,
    .join = nn_outputs_join,
    .finish = mae_finish,
    .relative = mae_relative,
};
