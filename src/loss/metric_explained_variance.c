/* The explained variance of each output: 1 - variance of the errors / variance of the targets; the mean over
 * the outputs. Unlike r2 it does not count a constant error. */
#include <math.h>

#include "loss/outputs.h"

/* What two sums of squares of the same size may differ by from rounding alone, relative to them. */
#define EXPLAINED_ROUNDING 1e-13

/* The state of the targets, and that of the errors, about their own center. */
#define EXPLAINED_VALUES (2 * NN_OUTPUT_VALUES)

static int64_t explained_variance_width(const void *options, int64_t columns)
{
    (void)options;
    return EXPLAINED_VALUES * columns;
}

static void explained_variance_accumulate(const void *options, const nn_loss_call *call, double *state)
{
    int64_t output = 0;
    (void)options;
    for (int64_t i = 0; i < call->rows * call->columns; i++) {
        double *of = state + output * EXPLAINED_VALUES, observed = call->observed[i];
        if (!isnan(observed)) {
            nn_outputs_add(of, call->predicted[i], observed);
            nn_outputs_add(of + NN_OUTPUT_VALUES, 0, call->predicted[i] - observed);
        }
        if (++output == call->outputs) output = 0;
    }
}

static void explained_variance_join(int64_t width, double *state, const double *later)
{
    for (int64_t at = 0; at < width; at += NN_OUTPUT_VALUES)
        nn_outputs_join(NN_OUTPUT_VALUES, state + at, later + at);
}

static double explained_variance_finish(const void *options, int64_t width, const double *output)
{
    (void)options;
    (void)width;
    double explained = 1 - output[NN_OUTPUT_VALUES + NN_OUTPUT_SQUARES] / output[NN_OUTPUT_SQUARES];
    return fabs(explained) < EXPLAINED_ROUNDING ? 0 : explained;
}

const nn_metric_type nn_metric_explained_variance = {
    .name = "explained_variance",
    .summary = "for values: 1 - variance of the errors / variance of the targets; mean over the outputs",
    .example = "explained_variance",
    .definition = "per output: 1 - variance of (target - predicted) / variance of the targets; then "
                  "the mean over the outputs",
    .reference = "Pedregosa et al.: Scikit-learn: machine learning in Python (2011)",
    .options = nn_no_options,
    .higher_is_better = true,
    .by_output = true,
    .undefined = "for an output whose targets are all equal, or with one sample: it is left out of the mean",
    .state = NN_METRIC_SUMS,
    .check = nn_outputs_check,
    .width = explained_variance_width,
    .accumulate = explained_variance_accumulate,
    .join = explained_variance_join,
    .finish = explained_variance_finish,
};
