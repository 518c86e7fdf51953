/*
 * LARS (You, Gitman, Ginsburg: Large batch training of convolutional networks; 2017): momentum, with a
 * learning rate per tensor from the norms of its weights and its gradient:
 *
 *     local = trust |w| / (|g| + weight_decay |w|)
 *     b = momentum b + learning_rate local (g + weight_decay w)
 *     w = w - b
 *
 * nesterov: w = w - (momentum b + learning_rate local (g + weight_decay w)). local is 1 if a norm is 0 and,
 * as is usual, for biases and the scales of normalisation, unless adapt_all; these decay only with decay_all.
 * trust_limit: the upper bound of local.
 */
#include <math.h>

#include "optim/decay.h"
#include "optim/trust.h"
#include "tensor/kernels.h"
#include "tensor/vectorize.h"

typedef struct lars_options {
    double learning_rate, trust, momentum, weight_decay, trust_limit;
    bool nesterov, decay_all, adapt_all;
} lars_options;

/* Sums computed by measure, and factors filled in by prepare. */
enum { LARS_WEIGHTS, LARS_GRADIENT };
enum { LARS_RATE, LARS_DECAY };

#define FIELD(member) offsetof(lars_options, member)
static const nn_option lars_table[] = {
    {"learning_rate", NN_OPTION_REAL, FIELD(learning_rate), "1", 0, 9e18, NULL, NN_EFFECT_RESULT,
     "factor on the step, before the schedule"},
    {"trust", NN_OPTION_REAL, FIELD(trust), "0.001", 0, 9e18, NULL, NN_EFFECT_RESULT,
     "norm of a tensor's step relative to the norm of its weights"},
    {"momentum", NN_OPTION_REAL, FIELD(momentum), "0.9", 0, 1, NULL, NN_EFFECT_RESULT,
     "fraction of the previous step that is added to the next"},
    {"nesterov", NN_OPTION_BOOLEAN, FIELD(nesterov), "false", 0, 0, NULL, NN_EFFECT_RESULT,
     "use Nesterov momentum"},
    NN_DECAY_OPTIONS(lars_options, "0", "multiple of the weights added to their gradient"),
    NN_TRUST_OPTIONS(lars_options),
    {.name = NULL}};
#undef FIELD

static int lars_slots(const void *options, const char **names)
{
    (void)options;
    names[0] = "momentum";
    return 1;
}

static void lars_measure(const void *options, const nn_optimizer_step *step, int64_t count,
                         const nn_real *gradient, nn_real *const *slots, const nn_real *weights, double *sums)
{
    (void)options, (void)step, (void)slots;
    sums[LARS_WEIGHTS] = nn_sum_squares(count, weights);
    sums[LARS_GRADIENT] = nn_sum_squares(count, gradient);
}

static void lars_prepare(const void *options, nn_optimizer_step *step)
{
    const lars_options *lars = options;
    double weights = sqrt(step->sums[LARS_WEIGHTS]);
    double gradient = sqrt(step->sums[LARS_GRADIENT]) * step->gradient_scale;
    double decay = nn_decay(step, lars->weight_decay, lars->decay_all), local = 1;
    if ((step->is_matrix || lars->adapt_all) && weights > 0 && gradient > 0)
        local = nn_trust_limited(lars->trust * weights / (gradient + decay * weights), lars->trust_limit);
    step->factors[LARS_RATE] = step->learning_rate * local;
    step->factors[LARS_DECAY] = decay;
}

/* Constants for all elements, in the scalar type. */
typedef struct lars_factors {
    nn_real scale, decay, momentum, rate;
} lars_factors;

NN_INLINE nn_real lars_now(lars_factors f, nn_real gradient, nn_real weight)
{
    return f.rate * (f.scale * gradient + f.decay * weight);
}

NN_VECTORIZED
static void lars_momentum(lars_factors f, int64_t count, const nn_real *gradient, nn_real *buffer,
                          nn_real *weights)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) {
        nn_real moved = f.momentum * buffer[i] + lars_now(f, gradient[i], weights[i]);
        buffer[i] = moved;
        weights[i] -= moved;
    }
}

NN_VECTORIZED
static void lars_nesterov(lars_factors f, int64_t count, const nn_real *gradient, nn_real *buffer,
                          nn_real *weights)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) {
        nn_real now = lars_now(f, gradient[i], weights[i]);
        nn_real moved = f.momentum * buffer[i] + now;
        buffer[i] = moved;
        weights[i] -= f.momentum * moved + now;
    }
}

static void lars_apply(const void *options, const nn_optimizer_step *step, int64_t count,
                       const nn_real *gradient, nn_real *const *slots, nn_real *weights)
{
    const lars_options *lars = options;
    lars_factors factors = {.scale = (nn_real)step->gradient_scale,
                            .decay = (nn_real)step->factors[LARS_DECAY],
                            .momentum = (nn_real)lars->momentum,
                            .rate = (nn_real)step->factors[LARS_RATE]};
    if (lars->nesterov)
        lars_nesterov(factors, count, gradient, slots[0], weights);
    else
        lars_momentum(factors, count, gradient, slots[0], weights);
}

const nn_optimizer_type nn_optimizer_lars = {
    .name = "lars",
    .summary =
        "momentum with steps proportional to the norm of each tensor, for large batches (You et al. 2017)",
    .example = "lars: {learning_rate: 1, trust: 0.001}",
    .options = lars_table,
    .options_size = sizeof(lars_options),
    .slots = lars_slots,
    .prepare = lars_prepare,
    .apply = lars_apply,
    .sums = 2,
    .measure = lars_measure,
};
