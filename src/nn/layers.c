/* The layers and initializers of each precision. */
#include <string.h>

#include "nn/arithmetic.h"

const nn_layer_type *const *nn_layer_types(nn_scalar scalar)
{
    return nn_network_arithmetic_of(scalar)->layers;
}

const nn_initializer_type *const *nn_initializer_types(nn_scalar scalar)
{
    return nn_network_arithmetic_of(scalar)->initializers;
}

const nn_layer_type *nn_layer_find(nn_scalar scalar, const char *name)
{
    const nn_layer_type *const *type = nn_layer_types(scalar);
    while (*type && strcmp((*type)->name, name) != 0) type++;
    return *type;
}

const nn_initializer_type *nn_initializer_find(nn_scalar scalar, const char *name)
{
    const nn_initializer_type *const *type = nn_initializer_types(scalar);
    while (*type && strcmp((*type)->name, name) != 0) type++;
    return *type;
}

const nn_initializer_type *nn_initializer_choose(nn_scalar scalar, int choice, const char *automatic)
{
    return nn_initializer_find(scalar, choice == 0 ? automatic : nn_initializer_choices[choice]);
}
