/* The fraction of the predictions of a class that are correct; the mean over the classes. */
#include "loss/answers.h"

static double precision_of_class(double hits, double right, double predicted)
{
    (void)right;
    return predicted > 0 ? hits / predicted : 0;
}

static double precision_finish(const void *options, int64_t width, const double *counts)
{
    (void)options;
    return nn_answers_mean(width, counts, precision_of_class);
}

const nn_metric_type nn_metric_precision = {
    .name = "precision",
    .summary =
        "for classes: the fraction of the predictions of a class that are correct, mean over the classes",
    .example = "precision",
    .undefined = "if no row has a label; the precision of a class that occurs but is never predicted is 0",
    .finish = precision_finish,
    NN_ANSWERS_MEAN,
};
