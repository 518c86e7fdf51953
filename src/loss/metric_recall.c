/* Of what is of a class, the part that is found; the mean over the classes. */
#include "loss/answers.h"

static double recall_of_class(double hits, double right, double predicted)
{
    (void)predicted;
    return right > 0 ? hits / right : 0;
}

static double recall_finish(const void *options, int64_t width, const double *counts)
{
    (void)options;
    return nn_answers_mean(width, counts, recall_of_class);
}

const nn_metric_type nn_metric_recall = {
    .name = "recall",
    .summary = "for classes: the part of the samples of a class that is found, mean over the classes",
    .example = "recall",
    .options = nn_no_options,
    .higher_is_better = true,
    .percent = true,
    .undefined = "where no row has a label; that of a class that is predicted but never occurs is 0",
    .state = NN_METRIC_COUNTS,
    .check = nn_answers_check,
    .width = nn_answers_width,
    .accumulate = nn_answers_count,
    .finish = recall_finish,
};
