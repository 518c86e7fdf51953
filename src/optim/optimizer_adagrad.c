/*
 * Adagrad (Duchi, Hazan, Singer; JMLR 2011): with the sum s of all squared gradients so far,
 *   g = g + weight_decay w     s = s + g^2     w = w - rate g / (sqrt(s) + epsilon)
 * where rate = learning_rate / (1 + (t - 1) rate_decay) at step t.
 */
#include <tgmath.h>

#include "optim/decay.h"
#include "tensor/vectorize.h"

typedef struct adagrad_options {
    double learning_rate, rate_decay, epsilon, weight_decay;
    bool decay_all;
} adagrad_options;

/* Factors filled in by prepare. */
enum { ADAGRAD_RATE, ADAGRAD_DECAY };

#define FIELD(member) offsetof(adagrad_options, member)
static const nn_option adagrad_table[] = {
    {"learning_rate", NN_OPTION_REAL, FIELD(learning_rate), "0.01", 0, 9e18, NULL, NN_EFFECT_RESULT,
     "factor on the step, before the schedule"},
    {"rate_decay", NN_OPTION_REAL, FIELD(rate_decay), "0", 0, 9e18, NULL, NN_EFFECT_RESULT,
     "the learning rate of step t is divided by 1 + (t - 1) rate_decay"},
    {"epsilon", NN_OPTION_REAL, FIELD(epsilon), "1e-10", 1e-30, 1, NULL, NN_EFFECT_RESULT,
     "added to the root of the summed squared gradients"},
    NN_DECAY_OPTIONS(adagrad_options, "0", "multiple of the weights added to their gradient"),
    {.name = NULL}};
#undef FIELD

static int adagrad_slots(const void *options, const char **names)
{
    (void)options;
    names[0] = "sum_of_squares";
    return 1;
}

static void adagrad_prepare(const void *options, nn_optimizer_step *step)
{
    const adagrad_options *adagrad = options;
    step->factors[ADAGRAD_RATE] =
        step->learning_rate / (1.0 + (double)(step->step - 1) * adagrad->rate_decay);
    step->factors[ADAGRAD_DECAY] = nn_decay(step, adagrad->weight_decay, adagrad->decay_all);
}

/* Constants for all elements, in the scalar type. */
typedef struct adagrad_factors {
    nn_real scale, decay, epsilon, rate;
} adagrad_factors;

NN_VECTORIZED
static void adagrad_update(adagrad_factors f, int64_t count, const nn_real *gradient, nn_real *sum,
                           nn_real *weights)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) {
        nn_real g = f.scale * gradient[i] + f.decay * weights[i];
        nn_real s = sum[i] + g * g;
        sum[i] = s;
        weights[i] -= f.rate * (g / (sqrt(s) + f.epsilon));
    }
}

static void adagrad_apply(const void *options, const nn_optimizer_step *step, int64_t count,
                          const nn_real *gradient, nn_real *const *slots, nn_real *weights)
{
    const adagrad_options *adagrad = options;
    adagrad_factors factors = {.scale = (nn_real)step->gradient_scale,
                               .decay = (nn_real)step->factors[ADAGRAD_DECAY],
                               .epsilon = (nn_real)adagrad->epsilon,
                               .rate = (nn_real)step->factors[ADAGRAD_RATE]};
    adagrad_update(factors, count, gradient, slots[0], weights);
}

const nn_optimizer_type nn_optimizer_adagrad = {
    .name = "adagrad",
    .summary =
        "steps divided by the root of the sum of all squared gradients so far (Duchi, Hazan, Singer 2011)",
    .example = "adagrad: {learning_rate: 0.01}",
    .options = adagrad_table,
    .options_size = sizeof(adagrad_options),
    .slots = adagrad_slots,
    .prepare = adagrad_prepare,
    .apply = adagrad_apply,
};
