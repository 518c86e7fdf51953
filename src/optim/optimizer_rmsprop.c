/*
 * RMSprop (Tieleman, Hinton; Coursera 2012) as in PyTorch:
 *   g = g + weight_decay w            v = alpha v + (1 - alpha) g^2
 *   centered (Graves 2013):           m = alpha m + (1 - alpha) g,  v - m^2 in place of v
 *   b = momentum b + g / (sqrt(v) + epsilon)          w = w - learning_rate b
 */
#include <tgmath.h>

#include "optim/decay.h"
#include "tensor/vectorize.h"

typedef struct rmsprop_options {
    double learning_rate, alpha, epsilon, momentum, weight_decay;
    bool centered, decay_all;
} rmsprop_options;

/* Factors filled in by prepare. */
enum { RMSPROP_DECAY };

#define FIELD(member) offsetof(rmsprop_options, member)
static const nn_option rmsprop_table[] = {
    {"learning_rate", NN_OPTION_REAL, FIELD(learning_rate), "0.001", 0, 9e18, NULL, NN_EFFECT_RESULT,
     "factor on the step, before the schedule"},
    {"alpha", NN_OPTION_REAL, FIELD(alpha), "0.99", 0, 0.999999, NULL, NN_EFFECT_RESULT,
     "decay rate of the running average of the squared gradient"},
    {"epsilon", NN_OPTION_REAL, FIELD(epsilon), "1e-8", 1e-30, 1, NULL, NN_EFFECT_RESULT,
     "added to the root of the averaged squared gradient"},
    {"momentum", NN_OPTION_REAL, FIELD(momentum), "0", 0, 1, NULL, NN_EFFECT_RESULT,
     "fraction of the previous step that is added to the next; 0: no momentum"},
    {"centered", NN_OPTION_BOOLEAN, FIELD(centered), "false", 0, 0, NULL, NN_EFFECT_RESULT,
     "divide by the standard deviation of the gradient (about its running average) instead of its root mean "
     "square"},
    NN_DECAY_OPTIONS(rmsprop_options, "0", "multiple of the weights added to their gradient"),
    {.name = NULL}};
#undef FIELD

static int rmsprop_slots(const void *options, const char **names)
{
    const rmsprop_options *rmsprop = options;
    int count = 0;
    names[count++] = "square";
    if (rmsprop->centered) names[count++] = "mean";
    if (rmsprop->momentum > 0) names[count++] = "momentum";
    return count;
}

static void rmsprop_prepare(const void *options, nn_optimizer_step *step)
{
    const rmsprop_options *rmsprop = options;
    step->factors[RMSPROP_DECAY] = nn_decay(step, rmsprop->weight_decay, rmsprop->decay_all);
}

/* Constants for all elements, in the scalar type. */
typedef struct rmsprop_factors {
    nn_real scale, decay, keep, take, epsilon, momentum, rate;
} rmsprop_factors;

NN_INLINE nn_real rmsprop_square(rmsprop_factors f, nn_real g, nn_real *square)
{
    nn_real v = f.keep * *square + f.take * (g * g);
    *square = v;
    return v;
}

/* Rounding may make v - m^2 negative. */
NN_INLINE nn_real rmsprop_variance(rmsprop_factors f, nn_real g, nn_real *square, nn_real *mean)
{
    nn_real m = f.keep * *mean + f.take * g;
    *mean = m;
    nn_real variance = rmsprop_square(f, g, square) - m * m;
    return variance > 0 ? variance : 0;
}

NN_INLINE void rmsprop_move(rmsprop_factors f, nn_real g, nn_real square, nn_real *weight)
{
    *weight -= f.rate * (g / (sqrt(square) + f.epsilon));
}

NN_INLINE void rmsprop_roll(rmsprop_factors f, nn_real g, nn_real square, nn_real *momentum, nn_real *weight)
{
    nn_real moved = f.momentum * *momentum + g / (sqrt(square) + f.epsilon);
    *momentum = moved;
    *weight -= f.rate * moved;
}

NN_VECTORIZED
static void rmsprop_plain(rmsprop_factors f, int64_t count, const nn_real *gradient, nn_real *square,
                          nn_real *weights)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) {
        nn_real g = f.scale * gradient[i] + f.decay * weights[i];
        rmsprop_move(f, g, rmsprop_square(f, g, square + i), weights + i);
    }
}

NN_VECTORIZED
static void rmsprop_centered(rmsprop_factors f, int64_t count, const nn_real *gradient, nn_real *square,
                             nn_real *mean, nn_real *weights)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) {
        nn_real g = f.scale * gradient[i] + f.decay * weights[i];
        rmsprop_move(f, g, rmsprop_variance(f, g, square + i, mean + i), weights + i);
    }
}

NN_VECTORIZED
static void rmsprop_momentum(rmsprop_factors f, int64_t count, const nn_real *gradient, nn_real *square,
                             nn_real *momentum, nn_real *weights)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) {
        nn_real g = f.scale * gradient[i] + f.decay * weights[i];
        rmsprop_roll(f, g, rmsprop_square(f, g, square + i), momentum + i, weights + i);
    }
}

NN_VECTORIZED
static void rmsprop_both(rmsprop_factors f, int64_t count, const nn_real *gradient, nn_real *square,
                         nn_real *mean, nn_real *momentum, nn_real *weights)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) {
        nn_real g = f.scale * gradient[i] + f.decay * weights[i];
        rmsprop_roll(f, g, rmsprop_variance(f, g, square + i, mean + i), momentum + i, weights + i);
    }
}

static void rmsprop_apply(const void *options, const nn_optimizer_step *step, int64_t count,
                          const nn_real *gradient, nn_real *const *slots, nn_real *weights)
{
    const rmsprop_options *rmsprop = options;
    rmsprop_factors factors = {.scale = (nn_real)step->gradient_scale,
                               .decay = (nn_real)step->factors[RMSPROP_DECAY],
                               .keep = (nn_real)rmsprop->alpha,
                               .take = (nn_real)(1.0 - rmsprop->alpha),
                               .epsilon = (nn_real)rmsprop->epsilon,
                               .momentum = (nn_real)rmsprop->momentum,
                               .rate = (nn_real)step->learning_rate};
    bool momentum = rmsprop->momentum > 0;
    if (rmsprop->centered && momentum)
        rmsprop_both(factors, count, gradient, slots[0], slots[1], slots[2], weights);
    else if (rmsprop->centered)
        rmsprop_centered(factors, count, gradient, slots[0], slots[1], weights);
    else if (momentum)
        rmsprop_momentum(factors, count, gradient, slots[0], slots[1], weights);
    else
        rmsprop_plain(factors, count, gradient, slots[0], weights);
}

const nn_optimizer_type nn_optimizer_rmsprop = {
    .name = "rmsprop",
    .summary = "steps divided by the running root mean square of the gradient (Tieleman, Hinton 2012)",
    .example = "rmsprop: {learning_rate: 0.001}",
    .options = rmsprop_table,
    .options_size = sizeof(rmsprop_options),
    .slots = rmsprop_slots,
    .prepare = rmsprop_prepare,
    .apply = rmsprop_apply,
};
