/* The factor on the step of a tensor in LARS and LAMB, from its norms: private to optim. Tensors of one
 * dimension (biases and the scales of normalisation) keep their step unless adapt_all.
 */
#ifndef NN_OPTIM_TRUST_H
#define NN_OPTIM_TRUST_H

#include "optim/optimizer.h"

/* The rows of an option table for the fields bool adapt_all and double trust_limit. */
#define NN_TRUST_OPTIONS(type)                                                                               \
    {"adapt_all",                                                                                            \
     NN_OPTION_BOOLEAN,                                                                                      \
     offsetof(type, adapt_all),                                                                              \
     "false",                                                                                                \
     0,                                                                                                      \
     0,                                                                                                      \
     NULL,                                                                                                   \
     NN_EFFECT_RESULT,                                                                                       \
     "also scale the steps of biases and the scales of normalisation to the norm of their values"},          \
    {                                                                                                        \
        "trust_limit", NN_OPTION_REAL, offsetof(type, trust_limit), "0", 0, 9e18, NULL, NN_EFFECT_RESULT,    \
            "largest factor on the step of a tensor from its norms; 0: no limit"                             \
    }

static inline double nn_trust_limited(double trust, double limit)
{
    return limit > 0 && trust > limit ? limit : trust;
}

#endif
