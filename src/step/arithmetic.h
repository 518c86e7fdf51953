/* The part of step that is compiled once per precision. */
#ifndef NN_STEP_ARITHMETIC_H
#define NN_STEP_ARITHMETIC_H

#include "step/inspect.h"
#include "step/loaded.h"
#include "step/update.h"

typedef struct nn_step_arithmetic {
    nn_reduction_arithmetic sums; /* of gradients; float64 only adds */

    /* nn_loaded_find_dominant. */
    void (*find_dominant)(nn_loaded *loaded, const nn_model *model);
    /* After a forward pass whose loss is not finite: the first layer, and in it the first sample, whose
     * output is not finite. */
    nn_nonfinite (*find_nonfinite)(const nn_loaded *loaded, const nn_model *model);
    /* Writes `count` values for each sample, the same for all. */
    void (*repeat)(int64_t samples, int64_t count, const double *constant, nn_real *output);
    /* Turns values in [0, 1] into whole numbers in [0, classes). */
    void (*to_indices)(int64_t count, int64_t classes, nn_real *values);
    /* Adds values to a summary; returns whether all of them are finite. */
    bool (*summarise)(int64_t count, const nn_real *values, nn_value_facts *facts);

    /* Measures one owned block (nn_update_measure). */
    void (*measure)(const nn_update *update, int64_t owned);
    /* nn_update_apply. */
    void (*apply)(nn_update *update, nn_real *weights);
} nn_step_arithmetic;

/* The table of a precision. */
extern const nn_step_arithmetic nn_step_arithmetic_f32, nn_step_arithmetic_f64;

static inline const nn_step_arithmetic *nn_step_arithmetic_of(nn_scalar scalar)
{
    return scalar == NN_SCALAR_F64 ? &nn_step_arithmetic_f64 : &nn_step_arithmetic_f32;
}

#endif
