/* The table of model for one precision. */
#include "model/arithmetic.h"

#include "model/model_values.h"

const nn_model_arithmetic NN_REAL_SYMBOL(nn_model_arithmetic) = {
    .undo = nn_model_undo, .predict = nn_model_predict, .load = nn_model_load, .store = nn_model_store};
