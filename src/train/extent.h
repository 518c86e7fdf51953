/* The length of a run: what is reported, and how the learning-rate schedule is adapted, if the length has
 * changed since the checkpoint from which the run resumes. */
#ifndef NN_TRAIN_EXTENT_H
#define NN_TRAIN_EXTENT_H

#include "train/run.h"

/* Plans the schedule for the run as configured, from the step of its state on; if it was planned for another
 * number of epochs, one line reports how the learning rate changes. The same on all ranks. */
void nn_extent_plan(nn_run *run);

/* Prints the line with the checkpoint and how much of the run is done. */
void nn_extent_resumes(const nn_run *run, const char *path);

/* Prints the line of a run that has nothing left to do, with the setting that makes it continue. */
void nn_extent_finished(const nn_run *run);

#endif
