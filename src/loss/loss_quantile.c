/* The pinball loss, whose minimiser is a quantile of the target (Koenker, Bassett 1978). */
#include "loss/value_loss.h"

typedef struct quantile_options {
    double q;
} quantile_options;

static const nn_option quantile_table[] = {
    {"q", NN_OPTION_REAL, offsetof(quantile_options, q), "0.5", 1e-6, 1 - 1e-6, NULL, NN_EFFECT_RESULT,
     "fraction of the targets that should lie below the prediction; 0.5: the median"},
    {NULL, 0, 0, NULL, 0, 0, NULL, 0, NULL}};

/* (1 - q) d above the target, -q d below it. */
NN_INLINE double quantile_term(double difference, double q, double *slope)
{
    *slope = difference > 0 ? 1 - q : difference < 0 ? -q : 0;
    return *slope * difference;
}

static double quantile_evaluate(const void *options, const nn_loss_call *call)
{
    return value_evaluate(call, quantile_term, ((const quantile_options *)options)->q);
}

const nn_loss_type nn_loss_quantile = {
    .name = "quantile",
    .summary = "for values: predicts the value below which a given fraction of the targets lies",
    .example = "quantile: {q: 0.9}",
    .options = quantile_table,
    .options_size = sizeof(quantile_options),
    .check = value_check,
    .denominator = value_denominator,
    .evaluate = quantile_evaluate,
};
