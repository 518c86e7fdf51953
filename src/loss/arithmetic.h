/* The part of loss that is compiled once per precision. */
#ifndef NN_LOSS_ARITHMETIC_H
#define NN_LOSS_ARITHMETIC_H

#include "loss/metric.h"

typedef struct nn_loss_arithmetic {
    const nn_loss_type *const *losses;    /* NULL-terminated, from loss_list.h */
    const nn_metric_type *const *metrics; /* NULL-terminated, from metric_list.h */
} nn_loss_arithmetic;

/* The table of a precision. */
extern const nn_loss_arithmetic nn_loss_arithmetic_f32, nn_loss_arithmetic_f64;

static inline const nn_loss_arithmetic *nn_loss_arithmetic_of(nn_scalar scalar)
{
    return scalar == NN_SCALAR_F64 ? &nn_loss_arithmetic_f64 : &nn_loss_arithmetic_f32;
}

#endif
