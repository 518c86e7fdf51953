/* What a network says of classes: private to metrics. */
#ifndef NN_LOSS_ANSWERS_H
#define NN_LOSS_ANSWERS_H

#include "loss/metric.h"

/* The option table of metrics that have none. */
extern const nn_option nn_no_options[];

/* The target is a class; or yes or no, where the loss asks that. */
nn_status nn_answers_check(const void *options, const nn_judged *judged);

/* The column of the largest value, the first one on ties. */
int64_t nn_answers_largest(int64_t columns, const nn_real *row);

/* The right class and the one predicted of a row with a label: the largest output; of one output 1 where it
 * is above 0. False where the row does not count. */
bool nn_answers_of_row(const nn_loss_call *call, int64_t row, int64_t *right, int64_t *predicted);

/*
 * For each class how many rows are of it and predicted so, are of it, and are predicted so: 3 counts a class.
 * One column makes two classes, no and yes; several columns of values are questions of their own, and their
 * "class" is yes.
 */
int64_t nn_answers_width(const void *options, int64_t columns);
void nn_answers_count(const void *options, const nn_loss_call *call, double *counts);

/* The mean over the classes that occur or are predicted of a figure of these counts. */
double nn_answers_mean(int64_t width, const double *counts,
                       double (*figure)(double hits, double right, double predicted));

#endif
