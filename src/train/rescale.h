/* The normalisation of a run in place: of its data set and of its model, which have a copy each. */
#ifndef NN_TRAIN_RESCALE_H
#define NN_TRAIN_RESCALE_H

#include "train/run.h"

/* Gives the model the normalisation of the data set, which has just been measured. Not collective. */
nn_status nn_rescale_model(nn_run *run);

/* Takes the normalisation of a model with the same fields. Not collective. */
nn_status nn_rescale_like(nn_run *run, const nn_model *model);

/* Takes the normalisation of a checkpoint (`file` on rank 0, ignored elsewhere). Collective. */
nn_status nn_rescale_from(nn_run *run, nn_store_file *file);

#endif
