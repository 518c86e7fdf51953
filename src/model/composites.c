/* The list of composites, from composite_list.h. */
#include <stddef.h>
#include <string.h>

#include "model/composite.h"

#define NN_COMPOSITE(name) extern const nn_composite_type nn_composite_##name;
#include "model/composite_list.h"
#undef NN_COMPOSITE

#define NN_COMPOSITE(name) &nn_composite_##name,
static const nn_composite_type *const composite_types[] = {
#include "model/composite_list.h"
    NULL};

const nn_composite_type *const *nn_composite_types(void)
{
    return composite_types;
}

const nn_composite_type *nn_composite_find(const char *name)
{
    const nn_composite_type *const *type = composite_types;
    while (*type && strcmp((*type)->name, name) != 0) type++;
    return *type;
}
