/*
 * Stochastic gradient descent, with momentum (Polyak 1964) as in PyTorch: b = momentum b + g and w = w -
 * learning_rate b, where b starts at zero; with nesterov (Sutskever, Martens, Dahl, Hinton; ICML 2013) w = w
 * - learning_rate (g + momentum b). weight_decay adds weight_decay w to g.
 */
#include "optim/decay.h"
#include "tensor/vectorize.h"

typedef struct sgd_options {
    double learning_rate, momentum, weight_decay;
    bool nesterov, decay_all;
} sgd_options;

/* Factors filled in by prepare. */
enum { SGD_DECAY };

static const nn_option sgd_table[] = {
    {"learning_rate", NN_OPTION_REAL, offsetof(sgd_options, learning_rate), "0.05", 0, 9e18, NULL,
     NN_EFFECT_RESULT, "factor on the step, before the schedule"},
    {"momentum", NN_OPTION_REAL, offsetof(sgd_options, momentum), "0.9", 0, 1, NULL, NN_EFFECT_RESULT,
     "fraction of the previous step that is added to the next; 0: no momentum"},
    {"nesterov", NN_OPTION_BOOLEAN, offsetof(sgd_options, nesterov), "false", 0, 0, NULL, NN_EFFECT_RESULT,
     "use Nesterov momentum"},
    NN_DECAY_OPTIONS(sgd_options, "0", "multiple of the weights added to their gradient"),
    {.name = NULL}};

static nn_status sgd_check(const void *options)
{
    const sgd_options *sgd = options;
    if (sgd->nesterov && sgd->momentum == 0)
        NN_FAIL(NN_ERROR_USAGE,
                "nesterov needs momentum, which is 0; set momentum, such as 0.9, or remove nesterov");
    return NN_OK;
}

static int sgd_slots(const void *options, const char **names)
{
    const sgd_options *sgd = options;
    if (sgd->momentum == 0) return 0;
    names[0] = "momentum";
    return 1;
}

static void sgd_prepare(const void *options, nn_optimizer_step *step)
{
    const sgd_options *sgd = options;
    step->factors[SGD_DECAY] = nn_decay(step, sgd->weight_decay, sgd->decay_all);
}

/* Constants for all elements, in the scalar type. */
typedef struct sgd_factors {
    nn_real scale, decay, momentum, rate;
} sgd_factors;

NN_INLINE nn_real sgd_gradient(sgd_factors f, nn_real gradient, nn_real weight)
{
    return f.scale * gradient + f.decay * weight;
}

NN_VECTORIZED
static void sgd_plain(sgd_factors f, int64_t count, const nn_real *gradient, nn_real *weights)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) weights[i] -= f.rate * sgd_gradient(f, gradient[i], weights[i]);
}

NN_VECTORIZED
static void sgd_momentum(sgd_factors f, int64_t count, const nn_real *gradient, nn_real *buffer,
                         nn_real *weights)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) {
        nn_real moved = f.momentum * buffer[i] + sgd_gradient(f, gradient[i], weights[i]);
        buffer[i] = moved;
        weights[i] -= f.rate * moved;
    }
}

NN_VECTORIZED
static void sgd_nesterov(sgd_factors f, int64_t count, const nn_real *gradient, nn_real *buffer,
                         nn_real *weights)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) {
        nn_real now = sgd_gradient(f, gradient[i], weights[i]);
        nn_real moved = f.momentum * buffer[i] + now;
        buffer[i] = moved;
        weights[i] -= f.rate * (now + f.momentum * moved);
    }
}

static void sgd_apply(const void *options, const nn_optimizer_step *step, int64_t count,
                      const nn_real *gradient, nn_real *const *slots, nn_real *weights)
{
    const sgd_options *sgd = options;
    sgd_factors factors = {.scale = (nn_real)step->gradient_scale,
                           .decay = (nn_real)step->factors[SGD_DECAY],
                           .momentum = (nn_real)sgd->momentum,
                           .rate = (nn_real)step->learning_rate};
    if (sgd->momentum == 0)
        sgd_plain(factors, count, gradient, weights);
    else if (sgd->nesterov)
        sgd_nesterov(factors, count, gradient, slots[0], weights);
    else
        sgd_momentum(factors, count, gradient, slots[0], weights);
}

const nn_optimizer_type nn_optimizer_sgd = {
    .name = "sgd",
    .summary = "stochastic gradient descent with momentum",
    .example = "sgd: {learning_rate: 0.05, momentum: 0.9}",
    .options = sgd_table,
    .options_size = sizeof(sgd_options),
    .check = sgd_check,
    .slots = sgd_slots,
    .prepare = sgd_prepare,
    .apply = sgd_apply,
};
