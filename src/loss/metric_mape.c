/* Mean absolute percentage error of each output: the mean of |predicted - target| / |target|; the mean over
 * the outputs. */
#include <math.h>

#include "loss/outputs.h"

static int64_t mape_width(const void *options, int64_t columns)
{
    (void)options;
    return 2 * columns;
}

/* A target of 0 makes the sum infinite, and the result undefined. */
static void mape_accumulate(const void *options, const nn_loss_call *call, double *state)
{
    int64_t output = 0;
    (void)options;
    for (int64_t i = 0; i < call->rows * call->columns; i++) {
        if (!isnan(call->observed[i])) {
            double error = fabs(call->predicted[i] - call->observed[i]);
            state[2 * output] += call->observed[i] == 0 ? (double)INFINITY : error / fabs(call->observed[i]);
            state[2 * output + 1]++;
        }
        if (++output == call->outputs) output = 0;
    }
}

static double mape_finish(const void *options, int64_t width, const double *output)
{
    (void)options;
    (void)width;
    return output[0] / output[1];
}

const nn_metric_type nn_metric_mape = {
    .name = "mape",
    .summary = "for values: mean absolute error relative to the target; mean over the outputs",
    .example = "mape",
    .definition = "per output: mean of |predicted - target| / |target|; then the mean over the "
                  "outputs",
    .reference = "Hyndman, Koehler: Another look at measures of forecast accuracy (2006)",
    .options = nn_no_options,
    .percent = true,
    .by_output = true,
    .undefined =
        "for an output with a target of 0, or all of whose targets are missing: it is left out of the "
        "mean",
    .state = NN_METRIC_SUMS,
    .check = nn_outputs_check,
    .width = mape_width,
    .accumulate = mape_accumulate,
    .finish = mape_finish,
};
