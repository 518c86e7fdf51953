/* Mean squared error over all values. */
#include "nn/fit.h"
#include "nn/loss.h"

static const nn_option mse_options[] = {{0}};

static nn_status mse_check(const void *options, nn_shape output, const nn_field *target)
{
    (void)options;
    return nn_fit_values(output, target);
}

static double mse_denominator(const void *options, const nn_loss_call *call)
{
    (void)options;
    return (double)call->rows * (double)call->columns;
}

static double mse_evaluate(const void *options, const nn_loss_call *call)
{
    (void)options;
    double loss = 0.0;
    for (int64_t i = 0; i < call->rows * call->columns; i++) {
        double difference = (double)call->output[i] - (double)call->targets[i];
        loss += difference * difference;
        if (call->gradient) call->gradient[i] = (nn_real)(2.0 * difference / call->denominator);
    }
    return loss;
}

const nn_loss_type NN_REAL_SYMBOL(nn_loss_mse) = {
    .name = "mse",
    .summary = "for values: the mean of the squared differences",
    .example = "mse",
    .options = mse_options,
    .check = mse_check,
    .denominator = mse_denominator,
    .evaluate = mse_evaluate,
};
