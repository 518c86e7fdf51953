/* The part of model that is compiled once per precision. */
#ifndef NN_MODEL_ARITHMETIC_H
#define NN_MODEL_ARITHMETIC_H

#include "model/model_values.h"

/* The functions of model/model_values.h. */
typedef struct nn_model_arithmetic {
    void (*undo)(const nn_head *head, int64_t count, const nn_real *values, double *units);
    void (*load)(const nn_model *model, const nn_model_call *call, int64_t first, nn_microbatch *microbatch,
                 bool *bad);
    void (*store)(const nn_model *model, const nn_model_call *call, int64_t first, nn_microbatch *microbatch,
                  const bool *bad);
    void (*load_tangents)(const nn_model *model, const nn_model_array *inputs, int64_t first,
                          nn_microbatch *microbatch, const bool *bad);
    void (*store_tangents)(const nn_model *model, const nn_model_array *inputs, const nn_model_array *outputs,
                           int64_t first, nn_microbatch *microbatch, const bool *bad);
    void (*load_cotangents)(const nn_model *model, const nn_model_array *outputs, int64_t first,
                            nn_microbatch *microbatch);
    void (*store_gradients)(const nn_model *model, const nn_model_array *outputs,
                            const nn_model_array *inputs, int64_t first, nn_microbatch *microbatch,
                            const bool *bad);
} nn_model_arithmetic;

/* The table of a precision. */
extern const nn_model_arithmetic nn_model_arithmetic_f32, nn_model_arithmetic_f64;

static inline const nn_model_arithmetic *nn_model_arithmetic_of(nn_scalar scalar)
{
    return scalar == NN_SCALAR_F64 ? &nn_model_arithmetic_f64 : &nn_model_arithmetic_f32;
}

#endif
