/* What adam and adamw share, and the running averages that nadam and lamb share with them: private to optim.
 */
#ifndef NN_OPTIM_ADAM_H
#define NN_OPTIM_ADAM_H

#include "optim/decay.h"
#include "tensor/vectorize.h"

typedef struct nn_adam_options {
    double learning_rate, beta1, beta2, epsilon;
    double weight_decay; /* decoupled; 0 in adam */
    bool decay_all;
} nn_adam_options;

#define NN_ADAM_OPTION(field, default_text, least, most, text)                                               \
    {                                                                                                        \
        .name = #field, .kind = NN_OPTION_REAL, .offset = offsetof(nn_adam_options, field),                  \
        .default_value = (default_text), .minimum = (least), .maximum = (most), .effect = NN_EFFECT_RESULT,  \
        .help = (text)                                                                                       \
    }

/* The rows common to both option tables. A beta of 1 would keep the averages at zero forever; epsilon must be
 * a normal number in float, so that 0 / epsilon is 0. */
#define NN_ADAM_OPTIONS                                                                                      \
    NN_ADAM_OPTION(learning_rate, "0.001", 0, 9e18, "factor on the step, before the schedule"),              \
        NN_ADAM_OPTION(beta1, "0.9", 0, 0.999999, "decay rate of the running average of the gradient"),      \
        NN_ADAM_OPTION(beta2, "0.999", 0, 0.999999,                                                          \
                       "decay rate of the running average of the squared gradient"),                         \
        NN_ADAM_OPTION(epsilon, "1e-8", 1e-30, 1, "added to the root of the averaged squared gradient")

/* The running averages m = beta1 m + (1 - beta1) g and v = beta2 v + (1 - beta2) g^2, in slots 0 and 1. */
typedef struct nn_adam_averages {
    nn_real keep1, take1, keep2, take2;
} nn_adam_averages;

static inline nn_adam_averages nn_adam_averages_of(double beta1, double beta2)
{
    return (nn_adam_averages){(nn_real)beta1, (nn_real)(1.0 - beta1), (nn_real)beta2, (nn_real)(1.0 - beta2)};
}

NN_INLINE nn_real nn_adam_first(nn_adam_averages averages, nn_real first, nn_real gradient)
{
    return averages.keep1 * first + averages.take1 * gradient;
}

NN_INLINE nn_real nn_adam_second(nn_adam_averages averages, nn_real second, nn_real gradient)
{
    return averages.keep2 * second + averages.take2 * (gradient * gradient);
}

/* The slots of the averages, for nn_optimizer_type.slots. */
int nn_adam_slots(const void *options, const char **names);

/* The functions of an nn_optimizer_type, on nn_adam_options. */
void nn_adam_prepare(const void *options, nn_optimizer_step *step);
void nn_adam_apply(const void *options, const nn_optimizer_step *step, int64_t count, const nn_real *gradient,
                   nn_real *const *slots, nn_real *weights);

#endif
