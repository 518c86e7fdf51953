/*
 * NaN and Inf while training: reported with layer, sample and row, kept as a file for `nntrain replay`; then
 * the run ends, or the step is skipped. All of this depends only on values that travelled with the step, so
 * it is the same on any number of ranks.
 */
#ifndef NN_TRAIN_NONFINITE_H
#define NN_TRAIN_NONFINITE_H

#include "train/run.h"

/* What training.on_nonfinite says about the step just run, whose result is `nonfinite`: fails with
 * NN_ERROR_NONFINITE, or counts the step as skipped and makes way for the next one. A skipped step leaves
 * weights, optimizer, running statistics and average as they are; the state of recurrent layers that
 * carry it starts again with zeros. Collective. */
nn_status nn_nonfinite_step(nn_run *run, nn_batch batch, const nn_step_result *result);

#endif
