/* Weight decay, common to the optimizers that have it: private to optim. Tensors of one dimension (biases and
 * the scales of normalisation) do not decay unless decay_all.
 */
#ifndef NN_OPTIM_DECAY_H
#define NN_OPTIM_DECAY_H

#include "optim/optimizer.h"

/* The rows of an option table for the fields double weight_decay and bool decay_all. */
#define NN_DECAY_OPTIONS(type, default_text, text)                                                           \
    {"weight_decay",   NN_OPTION_REAL, offsetof(type, weight_decay), (default_text), 0, 9e18, NULL,          \
     NN_EFFECT_RESULT, (text)},                                                                              \
    {                                                                                                        \
        "decay_all", NN_OPTION_BOOLEAN, offsetof(type, decay_all), "false", 0, 0, NULL, NN_EFFECT_RESULT,    \
            "also decay tensors of one dimension: biases and the scales of normalisation"                    \
    }

/* The weight decay of this tensor: weight_decay or 0. */
static inline double nn_decay(const nn_optimizer_step *step, double weight_decay, bool decay_all)
{
    return step->is_matrix || decay_all ? weight_decay : 0;
}

#endif
