/* The part of model that is compiled once per precision. */
#ifndef NN_MODEL_ARITHMETIC_H
#define NN_MODEL_ARITHMETIC_H

#include "model/model.h"

/* The functions of model/model_values.h. */
typedef struct nn_model_arithmetic {
    void (*undo)(const nn_head *head, int64_t count, const nn_real *values, double *units);
    void (*predict)(const nn_model *model, nn_microbatch *microbatch, const float *inputs);
    void (*load)(const nn_model *model, const float *inputs, nn_microbatch *microbatch);
    void (*store)(const nn_model *model, const nn_microbatch *microbatch, float *outputs);
} nn_model_arithmetic;

/* The table of a precision. */
extern const nn_model_arithmetic nn_model_arithmetic_f32, nn_model_arithmetic_f64;

static inline const nn_model_arithmetic *nn_model_arithmetic_of(nn_scalar scalar)
{
    return scalar == NN_SCALAR_F64 ? &nn_model_arithmetic_f64 : &nn_model_arithmetic_f32;
}

#endif
