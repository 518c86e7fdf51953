/* The end of an epoch. */
#ifndef NN_TRAIN_EPOCH_H
#define NN_TRAIN_EPOCH_H

#include "train/run.h"

/* Shows the line for people and appends that for programs to metrics.jsonl, with a validation where one is
 * due. Adds to *best the bits of the rules by which these are the best weights so far. Collective. */
nn_status nn_epoch_end(nn_run *run, unsigned *best);

#endif
