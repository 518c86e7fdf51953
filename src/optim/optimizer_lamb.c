/*
 * LAMB (You et al.: Large batch optimization for deep learning; ICLR 2020): Adam's step, scaled to the norm
 * of the tensor's weights:
 *
 *     m = beta1 m + (1 - beta1) g
 *     v = beta2 v + (1 - beta2) g^2
 *     u = m^ / (sqrt(v^) + epsilon) + weight_decay w
 *     w = w - learning_rate |w| / |u| u
 *
 * where m^ = m / (1 - beta1^t) and v^ = v / (1 - beta2^t). |w| / |u| is 1 if a norm is 0 and, as is usual,
 * for biases and the scales of normalisation, unless adapt_all; these decay only with decay_all. trust_limit:
 * its upper bound. Measuring u leaves the moments unchanged, so that a step can still be skipped.
 */
#include <tgmath.h>

#include "base/maths.h"
#include "optim/adam.h"
#include "optim/trust.h"
#include "tensor/kernels.h"

typedef struct lamb_options {
    double learning_rate, beta1, beta2, epsilon, weight_decay, trust_limit;
    bool decay_all, adapt_all;
} lamb_options;

/* Sums computed by measure, and factors filled in by prepare. */
enum { LAMB_WEIGHTS, LAMB_STEP };
enum { LAMB_RATE };

/* Values of u held at a time. */
#define LAMB_CHUNK 512

#define FIELD(member) offsetof(lamb_options, member)
static const nn_option lamb_table[] = {
    {"learning_rate", NN_OPTION_REAL, FIELD(learning_rate), "0.002", 0, 9e18, NULL, NN_EFFECT_RESULT,
     "norm of a tensor's step relative to the norm of its weights, before the schedule"},
    {"beta1", NN_OPTION_REAL, FIELD(beta1), "0.9", 0, 0.999999, NULL, NN_EFFECT_RESULT,
     "decay rate of the running average of the gradient"},
    {"beta2", NN_OPTION_REAL, FIELD(beta2), "0.999", 0, 0.999999, NULL, NN_EFFECT_RESULT,
     "decay rate of the running average of the squared gradient"},
    {"epsilon", NN_OPTION_REAL, FIELD(epsilon), "1e-6", 1e-30, 1, NULL, NN_EFFECT_RESULT,
     "added to the root of the averaged squared gradient"},
    NN_DECAY_OPTIONS(lamb_options, "0.01", "multiple of the weights added to adam's step"),
    NN_TRUST_OPTIONS(lamb_options),
    {.name = NULL}};
#undef FIELD

/* Constants for all elements, in the scalar type. */
typedef struct lamb_factors {
    nn_adam_averages averages;
    nn_real epsilon, first, root, decay;
} lamb_factors;

static lamb_factors lamb_make_factors(const lamb_options *lamb, const nn_optimizer_step *step)
{
    double t = (double)step->step;
    return (lamb_factors){.averages = nn_adam_averages_of(lamb->beta1, lamb->beta2),
                          .epsilon = (nn_real)lamb->epsilon,
                          .first = (nn_real)(1.0 / (1.0 - nn_maths_pow(lamb->beta1, t))),
                          .root = (nn_real)(1.0 / sqrt(1.0 - nn_maths_pow(lamb->beta2, t))),
                          .decay = (nn_real)nn_decay(step, lamb->weight_decay, lamb->decay_all)};
}

NN_INLINE nn_real lamb_step(lamb_factors f, nn_real first, nn_real second, nn_real weight)
{
    return f.first * first / (sqrt(second) * f.root + f.epsilon) + f.decay * weight;
}

/* The expressions of lamb_update: the norms are those of the very steps that it takes. */
NN_VECTORIZED
static void lamb_steps(lamb_factors f, int64_t count, const nn_real *gradient, const nn_real *first,
                       const nn_real *second, const nn_real *weights, nn_real *steps)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++)
        steps[i] = lamb_step(f, nn_adam_first(f.averages, first[i], gradient[i]),
                             nn_adam_second(f.averages, second[i], gradient[i]), weights[i]);
}

static void lamb_measure(const void *options, const nn_optimizer_step *step, int64_t count,
                         const nn_real *gradient, nn_real *const *slots, const nn_real *weights, double *sums)
{
    lamb_factors factors = lamb_make_factors(options, step);
    nn_real steps[LAMB_CHUNK];
    double squares = 0;
    for (int64_t first = 0; first < count; first += LAMB_CHUNK) {
        int64_t length = count - first < LAMB_CHUNK ? count - first : LAMB_CHUNK;
        lamb_steps(factors, length, gradient + first, slots[0] + first, slots[1] + first, weights + first,
                   steps);
        squares += nn_sum_squares(length, steps);
    }
    sums[LAMB_WEIGHTS] = nn_sum_squares(count, weights);
    sums[LAMB_STEP] = squares;
}

static void lamb_prepare(const void *options, nn_optimizer_step *step)
{
    const lamb_options *lamb = options;
    double weights = sqrt(step->sums[LAMB_WEIGHTS]), length = sqrt(step->sums[LAMB_STEP]);
    bool scaled = (step->is_matrix || lamb->adapt_all) && weights > 0 && length > 0;
    double trust = scaled ? nn_trust_limited(weights / length, lamb->trust_limit) : 1;
    step->factors[LAMB_RATE] = step->learning_rate * trust;
}

NN_VECTORIZED
static void lamb_update(lamb_factors f, nn_real rate, int64_t count, const nn_real *gradient, nn_real *first,
                        nn_real *second, nn_real *weights)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) {
        nn_real m = nn_adam_first(f.averages, first[i], gradient[i]);
        nn_real v = nn_adam_second(f.averages, second[i], gradient[i]);
        first[i] = m;
        second[i] = v;
        weights[i] -= rate * lamb_step(f, m, v, weights[i]);
    }
}

static void lamb_apply(const void *options, const nn_optimizer_step *step, int64_t count,
                       const nn_real *gradient, nn_real *const *slots, nn_real *weights)
{
    lamb_update(lamb_make_factors(options, step), (nn_real)step->factors[LAMB_RATE], count, gradient,
                slots[0], slots[1], weights);
}

const nn_optimizer_type nn_optimizer_lamb = {
    .name = "lamb",
    .summary = "adam with steps proportional to the norm of each tensor, for large batches (You et al. 2020)",
    .example = "lamb: {learning_rate: 0.002, weight_decay: 0.01}",
    .options = lamb_table,
    .options_size = sizeof(lamb_options),
    .slots = nn_adam_slots,
    .prepare = lamb_prepare,
    .apply = lamb_apply,
    .sums = 2,
    .measure = lamb_measure,
    .no_clip_norm = true,
};
