/* The part of nn that is compiled once per precision. */
#ifndef NN_NN_ARITHMETIC_H
#define NN_NN_ARITHMETIC_H

#include "nn/initializer.h"

typedef struct nn_network_arithmetic {
    const nn_layer_type *const *layers;             /* NULL-terminated, from layer_list.h */
    const nn_initializer_type *const *initializers; /* NULL-terminated, from initializer_list.h */
    const nn_layer_type *part;                      /* reads one part of the input (nn/parts.h) */
} nn_network_arithmetic;

/* The table of a precision. */
extern const nn_network_arithmetic nn_network_arithmetic_f32, nn_network_arithmetic_f64;

static inline const nn_network_arithmetic *nn_network_arithmetic_of(nn_scalar scalar)
{
    return scalar == NN_SCALAR_F64 ? &nn_network_arithmetic_f64 : &nn_network_arithmetic_f32;
}

#endif
