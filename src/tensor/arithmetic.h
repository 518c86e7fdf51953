/* The part of tensor that is compiled once per precision. */
#ifndef NN_TENSOR_ARITHMETIC_H
#define NN_TENSOR_ARITHMETIC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/real.h"
#include "tensor/engine.h"

typedef struct nn_tensor_arithmetic {
    /* nn_add and nn_scale of tensor/kernels.h. The factor is rounded to the precision first. */
    void (*add)(int64_t count, const nn_real *a, nn_real *sum);
    void (*scale)(int64_t count, double factor, nn_real *values);
    /* nn_all_finite of tensor/kernels.h. */
    bool (*all_finite)(int64_t count, const nn_real *values);
    /* The same values in double precision. */
    void (*to_doubles)(int64_t count, const nn_real *values, double *doubles);
    /* nn_peak of tensor/peak.h. */
    double (*peak)(nn_engine engine, int64_t n, double seconds);
    /* nn_trial_fill, nn_trial_hash and nn_trial_kernels of tensor/trial.h. */
    void (*trial_fill)(uint64_t first, double low, double high, int64_t count, nn_real *values);
    uint64_t (*trial_hash)(int64_t count, nn_real *values, uint64_t seed);
    uint64_t (*trial_kernels)(void);
} nn_tensor_arithmetic;

/* The table of a precision. */
extern const nn_tensor_arithmetic nn_tensor_arithmetic_f32, nn_tensor_arithmetic_f64;

static inline const nn_tensor_arithmetic *nn_tensor_arithmetic_of(nn_scalar scalar)
{
    return scalar == NN_SCALAR_F64 ? &nn_tensor_arithmetic_f64 : &nn_tensor_arithmetic_f32;
}

#endif
