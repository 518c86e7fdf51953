/* Prediction from a checkpoint, for callers that do not use nn_real: one table of functions per precision.
 * The functions are those of nntrain/nntrain.h. */
#ifndef NN_MODEL_PREDICTOR_H
#define NN_MODEL_PREDICTOR_H

#include "base/real.h"
#include "store/store.h"

typedef struct nn_predictor_engine {
    nn_scalar scalar;
    nn_status (*create)(nn_store_file *file, void **state);
    void (*destroy)(void *state);
    size_t (*input_count)(const void *state);
    size_t (*output_count)(const void *state);
    size_t (*class_count)(const void *state);
    const char *(*class_names)(const void *state);
    uint64_t (*fingerprint)(const void *state);
    nn_status (*run)(void *state, size_t samples, const float *inputs, float *outputs);
} nn_predictor_engine;

extern const nn_predictor_engine nn_predictor_engine_f32, nn_predictor_engine_f64;

#endif
