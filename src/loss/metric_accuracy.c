/* The fraction of the rows that are predicted as their class. */
#include <math.h>

#include "loss/answers.h"

static int64_t accuracy_width(const void *options, int64_t columns)
{
    (void)options;
    (void)columns;
    return 2;
}

static void accuracy_accumulate(const void *options, const nn_loss_call *call, double *sums)
{
    int64_t right, predicted;
    double margin = nn_answers_margin(options);
    for (int64_t r = 0; call->labels && r < call->rows; r++) {
        if (!nn_answers_of_row(call, margin, r, &right, &predicted)) continue;
        sums[0] += right == predicted;
        sums[1]++;
    }
    for (int64_t i = 0; !call->labels && i < call->rows * call->columns; i++) {
        if (isnan(call->targets[i])) continue;
        sums[0] += (call->targets[i] > (nn_real)0.5) == ((double)call->output[i] > margin);
        sums[1]++;
    }
}

static double accuracy_finish(const void *options, int64_t width, const double *sums)
{
    (void)options;
    (void)width;
    return sums[0] / sums[1];
}

const nn_metric_type nn_metric_accuracy = {
    .name = "accuracy",
    .summary = "for classes: the fraction of samples, or steps, classified correctly",
    .example = "accuracy",
    .definition = "rows whose predicted class is their label / rows with a label; the class with "
                  "the largest output is predicted, the first one on ties, or yes if its "
                  "probability is above threshold",
    .reference = "Sokolova, Lapalme: A systematic analysis of performance measures for "
                 "classification tasks (2009)",
    .options = nn_threshold_table,
    .options_size = sizeof(nn_answers_options),
    .qualify = nn_threshold_qualify,
    .higher_is_better = true,
    .percent = true,
    .undefined = "if no row has a label",
    .state = NN_METRIC_SUMS,
    .check = nn_answers_check,
    .width = accuracy_width,
    .accumulate = accuracy_accumulate,
    .finish = accuracy_finish,
};
