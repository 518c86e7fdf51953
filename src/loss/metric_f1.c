/* The harmonic mean of the precision and recall of a class; the mean over the classes. */
#include "loss/answers.h"

static double f1_of_class(double hits, double right, double predicted)
{
    return 2 * hits / (right + predicted);
}

static double f1_finish(const void *options, int64_t width, const double *counts)
{
    (void)options;
    return nn_answers_mean(width, counts, f1_of_class);
}

const nn_metric_type nn_metric_f1 = {
    .name = "f1",
    .summary = "for classes: harmonic mean of precision and recall, mean over the classes",
    .example = "f1",
    .undefined =
        "if no row has a label; a class that neither occurs nor is predicted is left out of the mean",
    .finish = f1_finish,
    NN_ANSWERS_MEAN,
};
