/* The mean, over the classes that occur, of the fraction of their rows that are found: accuracy as if each
 * class had the same number of rows (Brodersen et al. 2010). */
#include "loss/answers.h"

static double balanced_accuracy_finish(const void *options, int64_t width, const double *counts)
{
    double sum = 0, classes = 0;
    (void)options;
    for (int64_t c = 0; c < nn_answers_classes(width); c++) {
        if (counts[3 * c + 1] == 0) continue;
        sum += counts[3 * c] / counts[3 * c + 1];
        classes++;
    }
    return sum / classes;
}

const nn_metric_type nn_metric_balanced_accuracy = {
    .name = "balanced_accuracy",
    .summary =
        "for classes: mean over the classes that occur of the fraction of their samples that are found",
    .example = "balanced_accuracy",
    .definition = "mean of the recalls of the classes that occur",
    .reference = "Brodersen et al.: The balanced accuracy and its posterior distribution (2010)",
    .options = nn_threshold_table,
    .options_size = sizeof(nn_answers_options),
    .higher_is_better = true,
    .percent = true,
    .undefined = "if no row has a label",
    .state = NN_METRIC_COUNTS,
    .check = nn_answers_check_one,
    .width = nn_answers_width,
    .accumulate = nn_answers_count,
    .finish = balanced_accuracy_finish,
    .qualify = nn_threshold_qualify,
};
