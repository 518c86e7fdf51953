/* What model computes on values: compiled once per precision, for callers that are too. */
#ifndef NN_MODEL_MODEL_VALUES_H
#define NN_MODEL_MODEL_VALUES_H

#include "model/model.h"

/* Undoes the target's normalisation and logarithm: converts `count` values (complete samples) to the target's
 * own units. A difference stays a difference. */
void nn_model_undo(const nn_head *head, int64_t count, const nn_real *values, double *units);

/* ---- predicting ---- */

/* Values of samples in the memory of a caller: float or double, samples `stride` values apart. */
typedef struct nn_model_array {
    bool doubles;
    void *values; /* NULL: an output that is not needed */
    int64_t stride;
} nn_model_array;

static inline double nn_model_array_get(const nn_model_array *array, int64_t sample, int64_t i)
{
    int64_t at = sample * array->stride + i;
    return array->doubles ? ((const double *)array->values)[at] : (double)((const float *)array->values)[at];
}

static inline void nn_model_array_put(const nn_model_array *array, int64_t sample, int64_t i, double value)
{
    int64_t at = sample * array->stride + i;
    if (array->doubles)
        ((double *)array->values)[at] = value;
    else
        ((float *)array->values)[at] = (float)value;
}

/* What a caller has predicted. Everything is borrowed. */
typedef struct nn_model_call {
    const nn_model_array *inputs;  /* one per part of the input, or a single one */
    const nn_model_array *outputs; /* one per head */
    const int64_t *lengths;        /* of each sample; NULL: all have the full length */
} nn_model_call;

/* Makes the samples of the call from `first` on the contents of the microbatch: normalised, with zeros after
 * the last step. A sample with values that the network cannot compute with (not finite, not an index) becomes
 * zeros, and is marked in `bad`. */
void nn_model_load(const nn_model *model, const nn_model_call *call, int64_t first, nn_microbatch *microbatch,
                   bool *bad);

/* Turns the outputs of a microbatch after its forward pass into predictions for the samples of the call from
 * `first` on: class probabilities, or values in the target's own units. NaN for bad samples, and for steps
 * after the last. */
void nn_model_store(const nn_model *model, const nn_model_call *call, int64_t first,
                    nn_microbatch *microbatch, const bool *bad);

/* Of a microbatch with lengths: the values of input `part` (0: the only one), or of a head's output, that
 * come before the end of a sample. */
int64_t nn_model_input_end(const nn_model *model, int part, const nn_microbatch *microbatch, int64_t sample);
int64_t nn_model_output_end(const nn_model *model, int head, const nn_microbatch *microbatch, int64_t sample);

/* ---- derivatives of predictions ---- */

/* For the samples of a call from `first` on, in arrays like its inputs and outputs: of tangents before
 * nn_network_jvp (which begins with the inputs of nn_model_load), and from those of the outputs, before
 * nn_model_store. Tangents and cotangents after the last step of a sample are not read; of an input the
 * derivatives there are 0, of an output NaN. */
void nn_model_load_tangents(const nn_model *model, const nn_model_array *inputs, int64_t first,
                            nn_microbatch *microbatch, const bool *bad);
void nn_model_store_tangents(const nn_model *model, const nn_model_array *inputs,
                             const nn_model_array *outputs, int64_t first, nn_microbatch *microbatch,
                             const bool *bad);

/* Cotangents of predictions to the gradients of the outputs, after forward and before nn_network_vjp; and
 * what that leaves to the gradients of the inputs. NaN for bad samples; 0 for indices. */
void nn_model_load_cotangents(const nn_model *model, const nn_model_array *outputs, int64_t first,
                              nn_microbatch *microbatch);
void nn_model_store_gradients(const nn_model *model, const nn_model_array *outputs,
                              const nn_model_array *inputs, int64_t first, nn_microbatch *microbatch,
                              const bool *bad);

#endif
