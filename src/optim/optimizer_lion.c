/*
 * Lion (Chen et al.: Symbolic discovery of optimization algorithms; NeurIPS 2023): only the sign moves the
 * weights, so that one state vector is enough:
 *   c = beta1 m + (1 - beta1) g     w = (1 - rate decay) w - rate sign(c)     m = beta2 m + (1 - beta2) g
 */
#include "optim/decay.h"
#include "tensor/vectorize.h"

typedef struct lion_options {
    double learning_rate, beta1, beta2, weight_decay;
    bool decay_all;
} lion_options;

/* Factors filled in by prepare. */
enum { LION_KEPT };

#define FIELD(member) offsetof(lion_options, member)
static const nn_option lion_table[] = {
    {"learning_rate", NN_OPTION_REAL, FIELD(learning_rate), "0.0003", 0, 9e18, NULL, NN_EFFECT_RESULT,
     "size of the step, before the schedule: use 1/3 to 1/10 of adam's"},
    {"beta1", NN_OPTION_REAL, FIELD(beta1), "0.9", 0, 0.999999, NULL, NN_EFFECT_RESULT,
     "weight of the momentum, against the gradient, in the sum whose sign is the step"},
    {"beta2", NN_OPTION_REAL, FIELD(beta2), "0.99", 0, 0.999999, NULL, NN_EFFECT_RESULT,
     "decay rate of the momentum"},
    NN_DECAY_OPTIONS(lion_options, "0",
                     "each step subtracts learning rate x this x the weights: use 3 to 10 times adamw's"),
    {.name = NULL}};
#undef FIELD

static int lion_slots(const void *options, const char **names)
{
    (void)options;
    names[0] = "momentum";
    return 1;
}

static void lion_prepare(const void *options, nn_optimizer_step *step)
{
    const lion_options *lion = options;
    step->factors[LION_KEPT] =
        1.0 - step->learning_rate * nn_decay(step, lion->weight_decay, lion->decay_all);
}

/* Constants for all elements, in the scalar type. */
typedef struct lion_factors {
    nn_real scale, keep1, take1, keep2, take2, rate, kept;
} lion_factors;

/* NaN if value is not finite: a sign would hide it. */
NN_INLINE nn_real lion_sign(nn_real value)
{
    nn_real sign = value > 0 ? (nn_real)1 : value < 0 ? (nn_real)-1 : (nn_real)0;
    return sign + (value - value);
}

NN_VECTORIZED
static void lion_update(lion_factors f, int64_t count, const nn_real *gradient, nn_real *momentum,
                        nn_real *weights)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) {
        nn_real g = f.scale * gradient[i], m = momentum[i];
        weights[i] = f.kept * weights[i] - f.rate * lion_sign(f.keep1 * m + f.take1 * g);
        momentum[i] = f.keep2 * m + f.take2 * g;
    }
}

static void lion_apply(const void *options, const nn_optimizer_step *step, int64_t count,
                       const nn_real *gradient, nn_real *const *slots, nn_real *weights)
{
    const lion_options *lion = options;
    lion_factors factors = {.scale = (nn_real)step->gradient_scale,
                            .keep1 = (nn_real)lion->beta1,
                            .take1 = (nn_real)(1.0 - lion->beta1),
                            .keep2 = (nn_real)lion->beta2,
                            .take2 = (nn_real)(1.0 - lion->beta2),
                            .rate = (nn_real)step->learning_rate,
                            .kept = (nn_real)step->factors[LION_KEPT]};
    lion_update(factors, count, gradient, slots[0], weights);
}

const nn_optimizer_type nn_optimizer_lion = {
    .name = "lion",
    .summary = "steps of equal size, from the sign of the gradient and its momentum (Chen et al. 2023)",
    .example = "lion: {learning_rate: 0.0003}",
    .options = lion_table,
    .options_size = sizeof(lion_options),
    .slots = lion_slots,
    .prepare = lion_prepare,
    .apply = lion_apply,
};
