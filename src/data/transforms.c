/* The transforms by name, and the tables of data. */
#include <string.h>

#include "data/arithmetic.h"

const nn_transform_type *const *nn_transform_types(void)
{
    return nn_data_arithmetic_f32.transforms;
}

int nn_transform_find(const char *name)
{
    const nn_transform_type *const *types = nn_transform_types();
    for (int i = 0; types[i]; i++)
        if (strcmp(types[i]->name, name) == 0) return i;
    return -1;
}
