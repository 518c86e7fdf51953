/* How far a run goes: what is said, and done to the learning-rate schedule, where that has changed since the
 * checkpoint that the run continues from. */
#ifndef NN_TRAIN_EXTENT_H
#define NN_TRAIN_EXTENT_H

#include "train/run.h"

/* Plans the schedule for the run as it is configured, from the step of its state on; where it was planned for
 * another number of epochs one line says how the learning rate changes. The same on all ranks. */
void nn_extent_plan(nn_run *run);

/* The line that names the checkpoint, and how much of the run is done. */
void nn_extent_resumes(const nn_run *run, const char *path);

/* The line of a run that has nothing left to do, and what makes it continue. */
void nn_extent_finished(const nn_run *run);

#endif
