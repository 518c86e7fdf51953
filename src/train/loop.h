/* Training from start to end. */
#ifndef NN_TRAIN_LOOP_H
#define NN_TRAIN_LOOP_H

#include "nntrain/nntrain.h"
#include "train/run.h"

/* Opens the run, trains it to its end and closes it. See nn_train_job. Collective. */
nn_status nn_loop_train(nn_comm *comm, const nn_job *job, nn_train_result *result);

#endif
