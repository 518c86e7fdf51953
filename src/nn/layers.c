/* The layers and initializers of each precision. */
#include "base/type_list.h"
#include "nn/arithmetic.h"

static nn_type_list layers_of[NN_SCALARS];

static const void *const *layers_built_in(nn_scalar scalar)
{
    return (const void *const *)nn_network_arithmetic_of(scalar)->layers;
}

const nn_layer_type *const *nn_layer_types(nn_scalar scalar)
{
    return (const nn_layer_type *const *)nn_type_list_of(&layers_of[scalar], layers_built_in(scalar));
}

nn_status nn_layer_register(nn_scalar scalar, const nn_layer_type *type)
{
    return nn_type_list_add(&layers_of[scalar], layers_built_in(scalar), type);
}

bool nn_layer_is_loaded(const char *name)
{
    return nn_layer_find(NN_SCALAR_F32, name) && !nn_type_list_find(layers_built_in(NN_SCALAR_F32), name);
}

const nn_initializer_type *const *nn_initializer_types(nn_scalar scalar)
{
    return nn_network_arithmetic_of(scalar)->initializers;
}

const nn_layer_type *nn_layer_find(nn_scalar scalar, const char *name)
{
    return nn_type_list_find((const void *const *)nn_layer_types(scalar), name);
}

const nn_initializer_type *nn_initializer_find(nn_scalar scalar, const char *name)
{
    return nn_type_list_find((const void *const *)nn_initializer_types(scalar), name);
}

const nn_initializer_type *nn_initializer_choose(nn_scalar scalar, int choice, const char *automatic)
{
    return nn_initializer_find(scalar, choice == 0 ? automatic : nn_initializer_choices[choice]);
}
