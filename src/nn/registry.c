/* The lists of plug-ins, from the *_list.h files. */
#include <string.h>

#include "nn/initializer.h"

#define NN_LAYER(name) extern const nn_layer_type nn_layer_##name;
#define NN_INITIALIZER(name) extern const nn_initializer_type nn_initializer_##name;
#include "nn/initializer_list.h"
#include "nn/layer_list.h"
#undef NN_LAYER
#undef NN_INITIALIZER

#define NN_LAYER(name) &nn_layer_##name,
#define NN_INITIALIZER(name) &nn_initializer_##name,
static const nn_layer_type *const layer_types[] = {
#include "nn/layer_list.h"
    NULL};
static const nn_initializer_type *const initializer_types[] = {
#include "nn/initializer_list.h"
    NULL};

#undef NN_INITIALIZER

#define NN_INITIALIZER(name) #name,
const char *const nn_initializer_choices[] = {"auto",
#include "nn/initializer_list.h"
                                              NULL};

const nn_layer_type *const *nn_layer_types(void)
{
    return layer_types;
}

const nn_initializer_type *const *nn_initializer_types(void)
{
    return initializer_types;
}

const nn_layer_type *nn_layer_find(const char *name)
{
    const nn_layer_type *const *type = layer_types;
    while (*type && strcmp((*type)->name, name) != 0) type++;
    return *type;
}

const nn_initializer_type *nn_initializer_find(const char *name)
{
    const nn_initializer_type *const *type = initializer_types;
    while (*type && strcmp((*type)->name, name) != 0) type++;
    return *type;
}

const nn_initializer_type *nn_initializer_choose(int choice, const char *automatic)
{
    return nn_initializer_find(choice == 0 ? automatic : nn_initializer_choices[choice]);
}
