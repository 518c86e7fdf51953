/* The words that options of layers take. */
#include "nn/activation.h"
#include "nn/initializer.h"
#include "nn/moments.h"

const char *const nn_activation_names[] = {"none",       "relu",         "tanh",       "sigmoid",   "gelu",
                                           "leaky_relu", "softmax",      "elu",        "selu",      "silu",
                                           "softplus",   "hard_sigmoid", "hard_swish", "hard_tanh", NULL};

#define NN_INITIALIZER(name) #name,
const char *const nn_initializer_choices[] = {"auto",
#include "nn/initializer_list.h"
                                              NULL};

const char *const nn_over_names[] = {"auto", "batch", "microbatch", NULL};
