/* The table of step for one precision. */
#include "step/arithmetic.h"

#include "step/step_values.h"

extern const nn_step_arithmetic NN_REAL_SYMBOL(nn_step_arithmetic);

const nn_step_arithmetic NN_REAL_SYMBOL(nn_step_arithmetic) = {
    .sums = {.add = nn_step_add_values,
             .round = NN_SCALAR_REAL == NN_SCALAR_F32 ? nn_step_round_values : NULL,
             .narrow = NN_SCALAR_REAL == NN_SCALAR_F32 ? nn_step_narrow_values : NULL,
             .widen = NN_SCALAR_REAL == NN_SCALAR_F32 ? nn_step_widen_values : NULL},
    .find_dominant = nn_find_dominant_values,
    .find_nonfinite = nn_find_nonfinite_values,
    .repeat = nn_repeat_values,
    .to_indices = nn_index_values,
    .summarise = nn_summarise_values,
    .measure = nn_update_measure_block,
    .apply = nn_update_apply_values,
};
