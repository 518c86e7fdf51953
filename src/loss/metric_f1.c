/* The harmonic mean of the precision and recall of a class (van Rijsbergen 1979). */
#include "loss/answers.h"

static double f1_of_class(double hits, double right, double predicted)
{
    return 2 * hits / (right + predicted);
}

static double f1_finish(const void *options, int64_t width, const double *counts)
{
    return nn_answers_average(options, width, counts, f1_of_class);
}

const nn_metric_type nn_metric_f1 = {
    .name = "f1",
    .summary =
        "for classes: harmonic mean of precision and recall, 2 x hits / (rows + predictions of the class)",
    .example = "f1",
    .definition = "per class: 2 x hits / (rows of the class + rows predicted as the class), the "
                  "harmonic mean of precision and recall",
    .reference = "van Rijsbergen: Information retrieval (1979)",
    .undefined = NN_ANSWERS_UNDEFINED,
    .finish = f1_finish,
    .of_class = f1_of_class,
    NN_ANSWERS_AVERAGE,
};
