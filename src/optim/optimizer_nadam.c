/*
 * Nadam: Adam with Nesterov momentum (Dozat; ICLR workshop 2016), with decoupled weight decay (Loshchilov,
 * Hutter; ICLR 2019). With the momentum of step t,
 *   mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2)      P_t = mu_1 mu_2 ... mu_t
 *   m = beta1 m + (1 - beta1) g                         v = beta2 v + (1 - beta2) g^2
 *   n = (1 - mu_t) / (1 - P_t) g  +  mu_t+1 / (1 - P_t+1) m
 *   w = (1 - rate decay) w - rate n / (sqrt(v / (1 - beta2^t)) + epsilon)
 */
#include <tgmath.h>

#include "base/maths.h"
#include "optim/adam.h"

typedef struct nadam_options {
    double learning_rate, beta1, beta2, epsilon, momentum_decay, weight_decay;
    bool decay_all;
} nadam_options;

/* Factors filled in by prepare. */
enum { NADAM_GRADIENT, NADAM_MOMENT, NADAM_ROOT, NADAM_KEPT };

/* Products below this do not change 1 - product. */
#define NADAM_PRODUCT_LEAST 1e-17

#define FIELD(member) offsetof(nadam_options, member)
static const nn_option nadam_table[] = {
    {"learning_rate", NN_OPTION_REAL, FIELD(learning_rate), "0.002", 0, 9e18, NULL, NN_EFFECT_RESULT,
     "factor on the step, before the schedule"},
    {"beta1", NN_OPTION_REAL, FIELD(beta1), "0.9", 0, 0.9999, NULL, NN_EFFECT_RESULT,
     "decay rate of the running average of the gradient"},
    {"beta2", NN_OPTION_REAL, FIELD(beta2), "0.999", 0, 0.999999, NULL, NN_EFFECT_RESULT,
     "decay rate of the running average of the squared gradient"},
    {"epsilon", NN_OPTION_REAL, FIELD(epsilon), "1e-8", 1e-30, 1, NULL, NN_EFFECT_RESULT,
     "added to the root of the averaged squared gradient"},
    {"momentum_decay", NN_OPTION_REAL, FIELD(momentum_decay), "0.004", 0, 9e18, NULL, NN_EFFECT_RESULT,
     "rate at which the momentum rises from beta1 / 2 to beta1"},
    NN_DECAY_OPTIONS(nadam_options, "0", "each step subtracts learning rate x this x the weights"),
    {.name = NULL}};
#undef FIELD

static double nadam_momentum(const nadam_options *nadam, int64_t step)
{
    return nadam->beta1 * (1.0 - 0.5 * nn_maths_pow(0.96, (double)step * nadam->momentum_decay));
}

/* P_t, recomputed from step 1, so that it depends only on the step's number. */
static double nadam_product(const nadam_options *nadam, int64_t step)
{
    double product = 1;
    for (int64_t t = 1; t <= step && product > NADAM_PRODUCT_LEAST; t++) product *= nadam_momentum(nadam, t);
    return product;
}

static void nadam_prepare(const void *options, nn_optimizer_step *step)
{
    const nadam_options *nadam = options;
    double momentum = nadam_momentum(nadam, step->step), next = nadam_momentum(nadam, step->step + 1);
    double product = nadam_product(nadam, step->step), rate = step->learning_rate;
    step->factors[NADAM_GRADIENT] = rate * (1.0 - momentum) / (1.0 - product);
    step->factors[NADAM_MOMENT] = rate * next / (1.0 - product * next);
    step->factors[NADAM_ROOT] = 1.0 / sqrt(1.0 - nn_maths_pow(nadam->beta2, (double)step->step));
    step->factors[NADAM_KEPT] = 1.0 - rate * nn_decay(step, nadam->weight_decay, nadam->decay_all);
}

/* Constants for all elements, in the scalar type. */
typedef struct nadam_factors {
    nn_adam_averages averages;
    nn_real scale, epsilon, of_gradient, of_moment, root, kept;
} nadam_factors;

NN_VECTORIZED
static void nadam_update(nadam_factors f, int64_t count, const nn_real *gradient, nn_real *first,
                         nn_real *second, nn_real *weights)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) {
        nn_real g = f.scale * gradient[i];
        nn_real m = nn_adam_first(f.averages, first[i], g);
        nn_real v = nn_adam_second(f.averages, second[i], g);
        first[i] = m;
        second[i] = v;
        nn_real ahead = f.of_gradient * g + f.of_moment * m;
        weights[i] = f.kept * weights[i] - ahead / (sqrt(v) * f.root + f.epsilon);
    }
}

static void nadam_apply(const void *options, const nn_optimizer_step *step, int64_t count,
                        const nn_real *gradient, nn_real *const *slots, nn_real *weights)
{
    const nadam_options *nadam = options;
    nadam_factors factors = {.averages = nn_adam_averages_of(nadam->beta1, nadam->beta2),
                             .scale = (nn_real)step->gradient_scale,
                             .epsilon = (nn_real)nadam->epsilon,
                             .of_gradient = (nn_real)step->factors[NADAM_GRADIENT],
                             .of_moment = (nn_real)step->factors[NADAM_MOMENT],
                             .root = (nn_real)step->factors[NADAM_ROOT],
                             .kept = (nn_real)step->factors[NADAM_KEPT]};
    nadam_update(factors, count, gradient, slots[0], slots[1], weights);
}

const nn_optimizer_type nn_optimizer_nadam = {
    .name = "nadam",
    .summary = "adam with Nesterov momentum (Dozat 2016)",
    .example = "nadam: {learning_rate: 0.002}",
    .options = nadam_table,
    .options_size = sizeof(nadam_options),
    .slots = nn_adam_slots,
    .prepare = nadam_prepare,
    .apply = nadam_apply,
};
