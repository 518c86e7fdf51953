/* The lines that a run prints before its first step. */
#ifndef NN_TRAIN_ANNOUNCE_H
#define NN_TRAIN_ANNOUNCE_H

#include "train/run.h"

/* Network, ranks, samples, sizes and memory, one line each. before: bytes in use before the model was made.
 */
void nn_announce(const nn_run *run, size_t before);

#endif
