/* The table of model for one precision. */
#include "model/arithmetic.h"

const nn_model_arithmetic NN_REAL_SYMBOL(nn_model_arithmetic) = {.undo = nn_model_undo,
                                                                 .load = nn_model_load,
                                                                 .store = nn_model_store,
                                                                 .load_tangents = nn_model_load_tangents,
                                                                 .store_tangents = nn_model_store_tangents,
                                                                 .load_cotangents = nn_model_load_cotangents,
                                                                 .store_gradients = nn_model_store_gradients};
