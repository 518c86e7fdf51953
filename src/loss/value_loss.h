/* What losses on values share: private to them. Each is the sum, over all values, of a term of the difference
 * between output and target. */
#ifndef NN_LOSS_VALUE_LOSS_H
#define NN_LOSS_VALUE_LOSS_H

#include "loss/fit.h"
#include "loss/loss.h"
#include "tensor/reduce.h"

/* The term of a difference (output - target) and its derivative: both 0 where the difference is 0. */
typedef double (*value_term)(double difference, double parameter, double *slope);

/* A missing target counts as reached. */
NN_INLINE double value_at(const nn_real *output, const nn_real *targets, int64_t i, value_term term,
                          double parameter, double factor, nn_real *gradient)
{
    double target = (double)targets[i], slope;
    double difference = target == target ? (double)output[i] - target : 0;
    double value = term(difference, parameter, &slope);
    if (gradient) gradient[i] = (nn_real)(slope * factor);
    return value;
}

/* The sum over a row, in the order of tensor/reduce.h. factor: multiplies the slopes, for the gradient. */
NN_INLINE double value_row(int64_t columns, const nn_real *output, const nn_real *targets, value_term term,
                           double parameter, double factor, nn_real *gradient)
{
    double lanes[NN_LANES] = {0}, rest = 0;
    int64_t whole = columns - columns % NN_LANES;
    for (int64_t i = 0; i < whole; i += NN_LANES)
        for (int lane = 0; lane < NN_LANES; lane++)
            lanes[lane] += value_at(output, targets, i + lane, term, parameter, factor, gradient);
    for (int64_t i = whole; i < columns; i++)
        rest += value_at(output, targets, i, term, parameter, factor, gradient);
    return whole > 0 ? reduce_fold(lanes) + rest : rest;
}

NN_INLINE double value_evaluate(const nn_loss_call *call, value_term term, double parameter)
{
    double loss = 0;
    for (int64_t r = 0; r < call->rows; r++) {
        double weight = call->weights ? (double)call->weights[r] : 1;
        const nn_real *output = call->output + r * call->columns;
        const nn_real *targets = call->targets + r * call->columns;
        if (call->gradient)
            loss += weight * value_row(call->columns, output, targets, term, parameter,
                                       weight / call->denominator, call->gradient + r * call->columns);
        else
            loss += weight * value_row(call->columns, output, targets, term, parameter, 0, NULL);
    }
    return loss;
}

static inline nn_status value_check(const void *options, nn_shape output, const nn_field *target)
{
    (void)options;
    return nn_fit_values(output, target);
}

/* The sum of the weights of all values that are not missing. */
static inline double value_denominator(const void *options, const nn_loss_call *call)
{
    (void)options;
    double sum = 0;
    for (int64_t r = 0; r < call->rows; r++) {
        const nn_real *targets = call->targets + r * call->columns;
        int64_t counted = 0;
        for (int64_t c = 0; c < call->columns; c++) counted += targets[c] == targets[c];
        sum += (call->weights ? (double)call->weights[r] : 1) * (double)counted;
    }
    return sum;
}

#endif
