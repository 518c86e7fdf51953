/* The optimizers of each precision. */
#include <string.h>

#include "optim/arithmetic.h"

const nn_optimizer_type *const *nn_optimizer_types(nn_scalar scalar)
{
    return nn_optim_arithmetic_of(scalar)->optimizers;
}

const nn_optimizer_type *nn_optimizer_find(nn_scalar scalar, const char *name)
{
    const nn_optimizer_type *const *type = nn_optimizer_types(scalar);
    while (*type && strcmp((*type)->name, name) != 0) type++;
    return *type;
}
