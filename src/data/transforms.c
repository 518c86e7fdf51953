/* The list of transforms, from transform_list.h. */
#include <string.h>

#include "data/transform.h"

#define NN_TRANSFORM(name) extern const nn_transform_type nn_transform_##name;
#include "data/transform_list.h"
#undef NN_TRANSFORM

#define NN_TRANSFORM(name) &nn_transform_##name,
static const nn_transform_type *const transform_types[] = {
#include "data/transform_list.h"
    NULL};

const nn_transform_type *const *nn_transform_types(void)
{
    return transform_types;
}

const nn_transform_type *nn_transform_find(const char *name)
{
    const nn_transform_type *const *type = transform_types;
    while (*type && strcmp((*type)->name, name) != 0) type++;
    return *type;
}
