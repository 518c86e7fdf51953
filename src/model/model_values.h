/* What model computes on values: compiled once per precision, for callers that are too. */
#ifndef NN_MODEL_MODEL_VALUES_H
#define NN_MODEL_MODEL_VALUES_H

#include "model/model.h"

/* Undoes the target's normalisation and logarithm: converts `count` values (complete samples) to the target's
 * own units. A difference stays a difference. */
void nn_model_undo(const nn_head *head, int64_t count, const nn_real *values, double *units);

/*
 * Turns the outputs of a microbatch after its forward pass into predictions, in place in the output layer of
 * each head: class probabilities, or values in the target's own units. inputs: samples x input values before
 * normalisation, to which differences are added.
 */
void nn_model_predict(const nn_model *model, nn_microbatch *microbatch, const float *inputs);

/* Normalises the inputs of the microbatch's samples into its input layer; sequences are taken to be complete.
 */
void nn_model_load(const nn_model *model, const float *inputs, nn_microbatch *microbatch);

/* The outputs of the microbatch: for each sample those of all heads, head after head. */
void nn_model_store(const nn_model *model, const nn_microbatch *microbatch, float *outputs);

#endif
