/* The classes that a network predicts: private to metrics. */
#ifndef NN_LOSS_ANSWERS_H
#define NN_LOSS_ANSWERS_H

#include "loss/metric.h"

/* Fails unless the target is a class or, if the loss is of yes or no, yes or no. */
nn_status nn_answers_check(const void *options, const nn_judged *judged);

/* The column of the largest value, the first one on ties. */
int64_t nn_answers_largest(int64_t columns, const nn_real *row);

/* The correct and the predicted class of a row: the column of the largest output or, for a single output, 1
 * if it is above 0. Returns false if the row has no label and does not count. */
bool nn_answers_of_row(const nn_loss_call *call, int64_t row, int64_t *right, int64_t *predicted);

/*
 * Three counts per class: rows of the class that are predicted as such, rows of the class, rows predicted as
 * the class. One column makes two classes, no and yes; several columns of values are separate questions, each
 * with one "class", yes.
 */
int64_t nn_answers_width(const void *options, int64_t columns);
void nn_answers_count(const void *options, const nn_loss_call *call, double *counts);

/* The mean of a result of these counts over the classes that occur or are predicted. */
double nn_answers_mean(int64_t width, const double *counts,
                       double (*result)(double hits, double right, double predicted));

/* The members common to metrics that are such a mean: the rest is name, summary, example, undefined, finish.
 */
#define NN_ANSWERS_MEAN                                                                                      \
    .options = nn_no_options, .higher_is_better = true, .percent = true, .state = NN_METRIC_COUNTS,          \
    .check = nn_answers_check, .width = nn_answers_width, .accumulate = nn_answers_count

#endif
