/* Squared differences up to delta, absolute differences beyond (Huber 1964). */
#include <math.h>

#include "loss/value_loss.h"

typedef struct huber_options {
    double delta;
} huber_options;

static const nn_option huber_table[] = {
    {"delta", NN_OPTION_REAL, offsetof(huber_options, delta), "1", 1e-12, 1e30, NULL, NN_EFFECT_RESULT,
     "difference, in units of the normalised target, beyond which the loss grows linearly"},
    {NULL, 0, 0, NULL, 0, 0, NULL, 0, NULL}};

/* d^2 / 2 up to delta, then delta (|d| - delta / 2). */
NN_INLINE double huber_term(double difference, double delta, double *slope)
{
    double magnitude = fabs(difference), near = magnitude < delta ? magnitude : delta;
    *slope = difference < 0 ? -near : near;
    return near * (magnitude - 0.5 * near);
}

static double huber_evaluate(const void *options, const nn_loss_call *call)
{
    return value_evaluate(call, huber_term, ((const huber_options *)options)->delta);
}

const nn_loss_type nn_loss_huber = {
    .name = "huber",
    .summary = "for values: squared error for small differences, absolute error for large ones",
    .example = "huber: {delta: 1}",
    .options = huber_table,
    .options_size = sizeof(huber_options),
    .check = value_check,
    .denominator = value_denominator,
    .evaluate = huber_evaluate,
};
