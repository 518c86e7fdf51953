/* What can be said of a configuration with its data before it is trained, for any number of ranks. */
#ifndef NN_TRAIN_TRAINABLE_H
#define NN_TRAIN_TRAINABLE_H

#include "train/run.h"

/* That a layer has parameters to train. */
nn_status nn_trainable_check_layers(const nn_run *run);
/* That batches and microbatches have samples enough for the layers, and, where samples are mixed, that the
 * one loss there is takes mixed classes. */
nn_status nn_trainable_check_mixing(const nn_run *run);
/* That there is a validation part where early stopping or the schedule looks at its results. */
nn_status nn_trainable_check_validation(const nn_run *run);

/* Whether the threads of a rank divide the work within microbatches, so that none is idle if there are fewer.
 */
bool nn_trainable_shares_microbatches(const nn_run *run);

/* Warns of what is allowed, but is rarely meant. */
void nn_trainable_warn(const nn_run *run, int ranks);

#endif
