/* Mean squared error over all values. */
#include "loss/value_loss.h"

static const nn_option mse_options[] = {{0}};

NN_INLINE double mse_term(double difference, double parameter, double *slope)
{
    (void)parameter;
    *slope = 2 * difference;
    return difference * difference;
}

static double mse_evaluate(const void *options, const nn_loss_call *call)
{
    (void)options;
    return value_evaluate(call, mse_term, 0);
}

const nn_loss_type nn_loss_mse = {
    .name = "mse",
    .summary = "for values: mean squared error",
    .example = "mse",
    .options = mse_options,
    .check = value_check,
    .denominator = value_denominator,
    .evaluate = mse_evaluate,
};
