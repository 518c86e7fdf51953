/* The functions of step/arithmetic.h, compiled once per precision. */
#ifndef NN_STEP_STEP_VALUES_H
#define NN_STEP_STEP_VALUES_H

#include "step/arithmetic.h"

void nn_step_add_values(int64_t count, const void *values, void *sum);
/* Of float32 only. */
void nn_step_round_values(int64_t count, void *values);
void nn_step_narrow_values(int64_t count, const void *values, void *halves);
void nn_step_widen_values(int64_t count, const void *halves, void *values);
void nn_repeat_values(int64_t samples, int64_t count, const double *constant, nn_real *output);
void nn_index_values(int64_t count, int64_t classes, nn_real *values);
void nn_find_dominant_values(nn_loaded *loaded, const nn_model *model);
nn_nonfinite nn_find_nonfinite_values(const nn_loaded *loaded, const nn_model *model);
bool nn_summarise_values(int64_t count, const nn_real *values, nn_value_facts *facts);
void nn_update_measure_block(const nn_update *update, int64_t owned);
void nn_update_apply_values(nn_update *update, nn_real *weights);

#endif
