/* Matthews's correlation coefficient of the correct and the predicted classes (Matthews 1975; for several
 * classes Gorodkin 2004): 1 if all agree, 0 for guessing, negative if worse. */
#include <math.h>

#include "loss/answers.h"

static double mcc_finish(const void *options, int64_t width, const double *counts)
{
    double rows = 0, hits = 0, both = 0, squares = 0, predicted_squares = 0;
    (void)options;
    for (int64_t c = 0; c < nn_answers_classes(width); c++) {
        const double *of = counts + 3 * c;
        rows += of[1];
        hits += of[0];
        both += of[1] * of[2];
        squares += of[1] * of[1];
        predicted_squares += of[2] * of[2];
    }
    if (rows == 0) return (double)NAN;
    double spread = (rows * rows - squares) * (rows * rows - predicted_squares);
    return spread > 0 ? (hits * rows - both) / sqrt(spread) : 0;
}

const nn_metric_type nn_metric_mcc = {
    .name = "mcc",
    .summary = "for classes: Matthews's correlation coefficient of correct and predicted classes, -1 to 1",
    .example = "mcc",
    .definition = "(rows x hits - sum over classes of right x predicted) / sqrt((rows^2 - sum of "
                  "right^2) (rows^2 - sum of predicted^2)), where right are the rows of a class, "
                  "predicted those predicted as it",
    .reference = "Matthews: Comparison of the predicted and observed secondary structure of T4 "
                 "phage lysozyme (1975); for several classes Gorodkin: Comparing two K-category "
                 "assignments by a K-category correlation coefficient (2004)",
    .options = nn_threshold_table,
    .options_size = sizeof(nn_answers_options),
    .higher_is_better = true,
    .undefined = "if no row has a label; 0 if all rows are of one class, or are predicted as one",
    .state = NN_METRIC_COUNTS,
    .check = nn_answers_check_one,
    .width = nn_answers_width,
    .accumulate = nn_answers_count,
    .finish = mcc_finish,
    .qualify = nn_threshold_qualify,
};
