/* The optimizers of each precision. */
#include <string.h>

#include "optim/arithmetic.h"

extern const nn_optim_arithmetic nn_optim_arithmetic_f32, nn_optim_arithmetic_f64;

const nn_optim_arithmetic *nn_optim_arithmetic_of(nn_scalar scalar)
{
    return scalar == NN_SCALAR_F64 ? &nn_optim_arithmetic_f64 : &nn_optim_arithmetic_f32;
}

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
