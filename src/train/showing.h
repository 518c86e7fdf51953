/* What other programs show of the run in progress, where the configuration asks for it: event files of
 * TensorBoard (logging.tensorboard) and metrics.csv (logging.csv). Rank 0 writes them: boards/board.h. */
#ifndef NN_TRAIN_SHOWING_H
#define NN_TRAIN_SHOWING_H

#include "train/run.h"

/* Before the first step of this job; the history is that up to the checkpoint it continues from. Not
 * collective. */
nn_status nn_showing_open(nn_run *run);
void nn_showing_close(nn_run *run);

/* After a line was appended to metrics.jsonl. Not collective. */
void nn_showing_follow(nn_run *run);

/* Histograms of the weights, after an evaluation. Collective. */
nn_status nn_showing_weights(nn_run *run);

#endif
