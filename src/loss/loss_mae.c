/* Mean absolute error over all values. */
#include <math.h>

#include "loss/value_loss.h"

static const nn_option mae_options[] = {{0}};

NN_INLINE double mae_term(double difference, double parameter, double *slope)
{
    (void)parameter;
    *slope = (double)(difference > 0) - (double)(difference < 0);
    return fabs(difference);
}

static double mae_evaluate(const void *options, const nn_loss_call *call)
{
    (void)options;
    return value_evaluate(call, mae_term, 0);
}

const nn_loss_type nn_loss_mae = {
    .name = "mae",
    .summary = "for values: mean absolute error, less sensitive to outliers than mse",
    .example = "mae",
    .options = mae_options,
    .check = value_check,
    .denominator = value_denominator,
    .evaluate = mae_evaluate,
};
