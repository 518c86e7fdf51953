/* The end of an epoch. */
#ifndef NN_TRAIN_EPOCH_H
#define NN_TRAIN_EPOCH_H

#include "train/run.h"

/* Evaluates the validation part, shows the line for people, appends that for programs to metrics.jsonl, and
 * lets early stopping and the schedule see the result. *best: these are the best weights so far; it stays as
 * it is otherwise. Collective. */
nn_status nn_epoch_end(nn_run *run, bool *best);

#endif
