/* From a precision to its table. */
#include "step/arithmetic.h"

extern const nn_step_arithmetic nn_step_arithmetic_f32, nn_step_arithmetic_f64;

const nn_step_arithmetic *nn_step_arithmetic_of(nn_scalar scalar)
{
    return scalar == NN_SCALAR_F64 ? &nn_step_arithmetic_f64 : &nn_step_arithmetic_f32;
}
