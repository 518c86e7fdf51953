/* What metrics of values keep of each output: private to them. */
#ifndef NN_LOSS_OUTPUTS_H
#define NN_LOSS_OUTPUTS_H

#include "loss/metric.h"

/* Of one output. The mean is that above the center, the first target, and the squares are those about the
 * mean: a large center costs them no digits, and those of a constant are exactly 0. */
enum {
    NN_OUTPUT_COUNT,
    NN_OUTPUT_CENTER,
    NN_OUTPUT_MEAN,
    NN_OUTPUT_SQUARES,
    NN_OUTPUT_ERRORS,         /* sum of absolute differences */
    NN_OUTPUT_SQUARED_ERRORS, /* sum of squared differences */
    NN_OUTPUT_VALUES
};

/* The target is values, and so is what the network says. */
nn_status nn_outputs_check(const void *options, const nn_judged *judged);
int64_t nn_outputs_width(const void *options, int64_t columns);
void nn_outputs_accumulate(const void *options, const nn_loss_call *call, double *state);
void nn_outputs_join(int64_t width, double *state, const double *later);

/* The standard deviation of the targets. */
double nn_outputs_spread(const double *output);

#endif
