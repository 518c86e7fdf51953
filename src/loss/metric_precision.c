/* The fraction of the predictions of a class that are correct. */
#include "loss/answers.h"

static double precision_of_class(double hits, double right, double predicted)
{
    (void)right;
    return predicted > 0 ? hits / predicted : 0;
}

static double precision_finish(const void *options, int64_t width, const double *counts)
{
    return nn_answers_average(options, width, counts, precision_of_class);
}

const nn_metric_type nn_metric_precision = {
    .name = "precision",
    .summary = "for classes: the fraction of the predictions of a class that are correct",
    .example = "precision",
    .definition = "per class: hits / rows predicted as the class; hits are rows of the class that "
                  "are predicted as such",
    .reference = "van Rijsbergen: Information retrieval (1979)",
    .undefined = NN_ANSWERS_UNDEFINED "; the precision of a class that occurs but is never predicted is 0",
    .finish = precision_finish,
    .of_class = precision_of_class,
    NN_ANSWERS_AVERAGE,
};
