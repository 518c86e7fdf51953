/*
 * Layers and transforms whose result for a sample depends on other samples: what they need from the batch,
 * and how much memory they take.
 */
#ifndef NN_TRAIN_OVER_SAMPLES_H
#define NN_TRAIN_OVER_SAMPLES_H

#include "train/run.h"

/* Fails if a batch or a microbatch has too few samples for them. Needs plan, data and model. */
nn_status nn_over_samples_check(const nn_run *run);

/* Warns of batches and microbatches that are small for them, and of memory, on this many ranks. */
void nn_over_samples_warn(const nn_run *run, int ranks);

/* Where layers look at the whole batch: bytes of the microbatches that a rank then has in memory at the same
 * time; 0: there are no such layers. */
double nn_over_samples_memory(const nn_run *run, int ranks);

/* What lowers the memory of the microbatches in flight, for a message: "set ...". In static memory. */
const char *nn_over_samples_remedy(const nn_run *run);

#endif
