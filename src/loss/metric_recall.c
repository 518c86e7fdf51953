/* The fraction of the samples of a class that are predicted as such. */
#include "loss/answers.h"

static double recall_of_class(double hits, double right, double predicted)
{
    (void)predicted;
    return right > 0 ? hits / right : 0;
}

static double recall_finish(const void *options, int64_t width, const double *counts)
{
    return nn_answers_average(options, width, counts, recall_of_class);
}

const nn_metric_type nn_metric_recall = {
    .name = "recall",
    .summary = "for classes: the fraction of the samples of a class that are found",
    .example = "recall",
    .definition = "per class: hits / rows of the class; hits are rows of the class that are "
                  "predicted as such",
    .reference = "van Rijsbergen: Information retrieval (1979)",
    .undefined = NN_ANSWERS_UNDEFINED "; the recall of a class that is predicted but never occurs is 0",
    .finish = recall_finish,
    .of_class = recall_of_class,
    NN_ANSWERS_AVERAGE,
};
