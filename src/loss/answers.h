/* The classes that a network predicts: private to metrics. */
#ifndef NN_LOSS_ANSWERS_H
#define NN_LOSS_ANSWERS_H

#include "loss/metric.h"

/* The options of metrics that compare classes; some have the threshold alone. */
typedef struct nn_answers_options {
    double threshold;
    int average; /* index in the choices of `average` */
} nn_answers_options;

extern const nn_option nn_answers_table[];   /* threshold, average */
extern const nn_option nn_threshold_table[]; /* threshold */

/* Fails unless the target is a class or, if the loss is of yes or no, yes or no; and if a threshold is given
 * for more than two classes. options: nn_answers_options, or NULL. */
nn_status nn_answers_check(const void *options, const nn_judged *judged);

/* The same without a threshold, for metrics that compare scores. */
nn_status nn_answers_check_scores(const void *options, const nn_judged *judged);

/* Fails also if the average is that of the positive class, and there are more than two classes, or several
 * questions of yes or no. */
nn_status nn_answers_check_average(const void *options, const nn_judged *judged);

/* Fails also for several questions of yes or no. */
nn_status nn_answers_check_one(const void *options, const nn_judged *judged);

/* An output above this number means yes. */
double nn_answers_margin(const void *options);

/* The correct and the predicted class of a row: the column of the largest output, the first one on ties; of
 * one or two columns, 1 if the output, or the difference of the second and the first, is above the margin.
 * Returns false if the row has no label and does not count. */
bool nn_answers_of_row(const nn_loss_call *call, double margin, int64_t row, int64_t *right,
                       int64_t *predicted);

/*
 * Three counts per class: rows of the class that are predicted as such, rows of the class, rows predicted as
 * the class. One column makes two classes, no and yes; several columns of values are separate questions, each
 * with one "class", yes. One more count is that of the answers to separate questions.
 */
int64_t nn_answers_width(const void *options, int64_t columns);
void nn_answers_count(const void *options, const nn_loss_call *call, double *counts);

/* The number of classes, or of separate questions, in such counts. */
static inline int64_t nn_answers_classes(int64_t width)
{
    return width / 3;
}

/* A result of these counts for one class; NaN if undefined. */
typedef double nn_answers_result(double hits, double right, double predicted);

/* The average of a result that the options ask for. */
double nn_answers_average(const void *options, int64_t width, const double *counts,
                          nn_answers_result *result);

/* The name of that average, such as "macro", and the threshold, if it is not 0.5. */
void nn_answers_qualify(const void *options, const nn_judged *judged, char text[NN_METRIC_QUALIFIER]);
void nn_threshold_qualify(const void *options, const nn_judged *judged, char text[NN_METRIC_QUALIFIER]);

/* What averages have in common for classes that have no samples. */
#define NN_ANSWERS_UNDEFINED                                                                                 \
    "if no row has a label; a class that neither occurs nor is predicted is left out of a mean, and makes "  \
    "`positive` undefined"

/* The members common to metrics that are such an average: the rest is name, summary, example, undefined,
 * finish. */
#define NN_ANSWERS_AVERAGE                                                                                   \
    .options = nn_answers_table, .options_size = sizeof(nn_answers_options), .higher_is_better = true,       \
    .percent = true, .state = NN_METRIC_COUNTS, .check = nn_answers_check_average,                           \
    .width = nn_answers_width, .accumulate = nn_answers_count, .qualify = nn_answers_qualify

#endif
