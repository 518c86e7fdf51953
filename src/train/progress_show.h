/* The progress line of a run in progress. */
#ifndef NN_TRAIN_PROGRESS_SHOW_H
#define NN_TRAIN_PROGRESS_SHOW_H

#include "train/run.h"

/* After a step: counts the samples of its batch, and shows the progress line where there is a terminal.
 * figures: sums of the results to show, of the epoch so far or of the step. */
void nn_progress_show(nn_run *run, nn_batch batch, const double *figures);

#endif
