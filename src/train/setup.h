/* Opening a run: configuration, data, model, memory, and the checkpoint that it resumes from. */
#ifndef NN_TRAIN_SETUP_H
#define NN_TRAIN_SETUP_H

#include "train/run.h"

/* Opens everything that a run needs, announces it, and resumes from the newest checkpoint; without a run
 * directory, silently, and begins. Close it in any case. Collective. */
nn_status nn_setup_open(nn_comm *comm, const nn_job *job, nn_run *run);
void nn_setup_close(nn_run *run);

/* Resumes from the newest checkpoint, or begins. Collective. */
nn_status nn_setup_resume(nn_run *run);

#endif
