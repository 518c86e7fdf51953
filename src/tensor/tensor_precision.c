/* From a precision to its table. */
#include "tensor/arithmetic.h"

extern const nn_tensor_arithmetic nn_tensor_arithmetic_f32, nn_tensor_arithmetic_f64;

const nn_tensor_arithmetic *nn_tensor_arithmetic_of(nn_scalar scalar)
{
    return scalar == NN_SCALAR_F64 ? &nn_tensor_arithmetic_f64 : &nn_tensor_arithmetic_f32;
}
