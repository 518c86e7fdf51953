/*
 * The step of Adam (Kingma, Ba; ICLR 2015) with decoupled weight decay (Loshchilov, Hutter; ICLR 2019):
 *   m = beta1 m + (1 - beta1) g          v = beta2 v + (1 - beta2) g^2
 *   w = (1 - rate decay) w - rate m^ / (sqrt(v^) + epsilon)
 * where m^ = m / (1 - beta1^t) and v^ = v / (1 - beta2^t). With decay 0 the first factor is 1, and exact.
 */
#include "optim/adam.h"

#include <tgmath.h>

#include "base/maths.h"

/* Factors filled in by prepare. */
enum { ADAM_RATE, ADAM_ROOT, ADAM_KEPT };

int nn_adam_slots(const void *options, const char **names)
{
    (void)options;
    names[0] = "first_moment";
    names[1] = "second_moment";
    return 2;
}

void nn_adam_prepare(const void *options, nn_optimizer_step *step)
{
    const nn_adam_options *adam = options;
    double t = (double)step->step;
    step->factors[ADAM_RATE] = step->learning_rate / (1.0 - nn_maths_pow(adam->beta1, t));
    step->factors[ADAM_ROOT] = 1.0 / sqrt(1.0 - nn_maths_pow(adam->beta2, t));
    step->factors[ADAM_KEPT] =
        1.0 - step->learning_rate * nn_decay(step, adam->weight_decay, adam->decay_all);
}

/* Constants for all elements, in the scalar type. */
typedef struct adam_factors {
    nn_adam_averages averages;
    nn_real scale, epsilon, rate, root, kept;
} adam_factors;

NN_VECTORIZED
static void adam_update(adam_factors f, int64_t count, const nn_real *gradient, nn_real *first,
                        nn_real *second, nn_real *weights)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) {
        nn_real g = f.scale * gradient[i];
        nn_real m = nn_adam_first(f.averages, first[i], g);
        nn_real v = nn_adam_second(f.averages, second[i], g);
        first[i] = m;
        second[i] = v;
        weights[i] = f.kept * weights[i] - f.rate * (m / (sqrt(v) * f.root + f.epsilon));
    }
}

void nn_adam_apply(const void *options, const nn_optimizer_step *step, int64_t count, const nn_real *gradient,
                   nn_real *const *slots, nn_real *weights)
{
    const nn_adam_options *adam = options;
    adam_factors factors = {.averages = nn_adam_averages_of(adam->beta1, adam->beta2),
                            .scale = (nn_real)step->gradient_scale,
                            .epsilon = (nn_real)adam->epsilon,
                            .rate = (nn_real)step->factors[ADAM_RATE],
                            .root = (nn_real)step->factors[ADAM_ROOT],
                            .kept = (nn_real)step->factors[ADAM_KEPT]};
    adam_update(factors, count, gradient, slots[0], slots[1], weights);
}
