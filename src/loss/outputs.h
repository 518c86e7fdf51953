/* The state of metrics of values, per output: private to them. */
#ifndef NN_LOSS_OUTPUTS_H
#define NN_LOSS_OUTPUTS_H

#include "loss/metric.h"

/* The state of one output. The mean is relative to the center, the first target, and the squares are about
 * the mean: a large center costs no digits, and the squares of a constant are exactly 0. */
enum {
    NN_OUTPUT_COUNT,
    NN_OUTPUT_CENTER,
    NN_OUTPUT_MEAN,
    NN_OUTPUT_SQUARES,
    NN_OUTPUT_ERRORS,         /* sum of absolute differences */
    NN_OUTPUT_SQUARED_ERRORS, /* sum of squared differences */
    NN_OUTPUT_VALUES
};

/* Adds one value to the state of its output. */
void nn_outputs_add(double *output, double predicted, double observed);

/* Fails unless the target is values. */
nn_status nn_outputs_check(const void *options, const nn_judged *judged);
int64_t nn_outputs_width(const void *options, int64_t columns);
void nn_outputs_accumulate(const void *options, const nn_loss_call *call, double *state);
void nn_outputs_join(int64_t width, double *state, const double *later);

/* The standard deviation of the targets of one output. */
double nn_outputs_spread(const double *output);

#endif
