/* The end of an epoch. */
#ifndef NN_TRAIN_EPOCH_H
#define NN_TRAIN_EPOCH_H

#include "train/run.h"

/* Evaluates the validation part, shows the line for people, appends that for programs to metrics.jsonl, and
 * passes the result to early stopping and the schedule. Sets *best if these are the best weights so far, and
 * leaves it unchanged otherwise. Collective. */
nn_status nn_epoch_end(nn_run *run, bool *best);

#endif
