/* The transforms by name, and those of plug-ins. */
#include <string.h>

#include "base/type_list.h"
#include "data/arithmetic.h"

static nn_type_list transforms_of[NN_SCALARS];

const nn_transform_type *const *nn_transform_types_of(nn_scalar scalar)
{
    const void *const *built_in = (const void *const *)nn_data_arithmetic_of(scalar)->transforms;
    return (const nn_transform_type *const *)nn_type_list_of(&transforms_of[scalar], built_in);
}

const nn_transform_type *const *nn_transform_types(void)
{
    return nn_transform_types_of(NN_SCALAR_F32);
}

nn_status nn_transform_register(nn_scalar scalar, const nn_transform_type *type)
{
    const void *const *built_in = (const void *const *)nn_data_arithmetic_of(scalar)->transforms;
    return nn_type_list_add(&transforms_of[scalar], built_in, type);
}

int nn_transform_find(const char *name)
{
    const nn_transform_type *const *types = nn_transform_types();
    for (int i = 0; types[i]; i++)
        if (strcmp(types[i]->name, name) == 0) return i;
    return -1;
}
