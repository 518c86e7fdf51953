/* A learning-rate range test: the steps of a training run, with a learning rate that grows exponentially. */
#ifndef NN_TRAIN_LR_RANGE_H
#define NN_TRAIN_LR_RANGE_H

#include "comm/comm.h"
#include "train/lr_curve.h"

/* job: that of the request, with its files. Collective; all ranks get the result. */
nn_status nn_lr_range_run(nn_comm *comm, const nn_job *job, const nn_lr_range_request *request,
                          nn_lr_range *range);

#endif
