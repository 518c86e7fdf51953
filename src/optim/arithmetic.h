/* The part of optim that is compiled once per precision. */
#ifndef NN_OPTIM_ARITHMETIC_H
#define NN_OPTIM_ARITHMETIC_H

#include "optim/optimizer.h"

typedef struct nn_optim_arithmetic {
    const nn_optimizer_type *const *optimizers; /* NULL-terminated, from optimizer_list.h */
} nn_optim_arithmetic;

/* The table of a precision. */
extern const nn_optim_arithmetic nn_optim_arithmetic_f32, nn_optim_arithmetic_f64;

static inline const nn_optim_arithmetic *nn_optim_arithmetic_of(nn_scalar scalar)
{
    return scalar == NN_SCALAR_F64 ? &nn_optim_arithmetic_f64 : &nn_optim_arithmetic_f32;
}

#endif
