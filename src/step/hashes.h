/*
 * Hashes of what a rank holds between two steps: of the weights block by block, and of its share of the
 * optimizer's state. Here rather than with the integrity check (guard/integrity.h), as only this folder uses
 * OpenMP: the blocks are divided among the rank's threads. A block's hash is one thread's work, so the hashes
 * do not depend on the number of threads.
 */
#ifndef NN_STEP_HASHES_H
#define NN_STEP_HASHES_H

#include "step/stepper.h"

/* Of the blocks b of the network for which is_owned[b] == owned: to hashes[b]. */
void nn_step_hash_weights(const nn_stepper *stepper, const bool *is_owned, bool owned, uint64_t *hashes);

/* Of each vector of state, and in it of each owned block: as many as nn_step_state_hashes says. */
void nn_step_hash_states(const nn_stepper *stepper, uint64_t *hashes);
int64_t nn_step_state_hashes(const nn_stepper *stepper);

#endif
