/* The fraction of the samples of a class that are predicted as such; the mean over the classes. */
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
    .summary = "for classes: the fraction of the samples of a class that are found, mean over the classes",
    .example = "recall",
    .undefined = "if no row has a label; the recall of a class that is predicted but never occurs is 0",
    .finish = recall_finish,
    NN_ANSWERS_MEAN,
};
