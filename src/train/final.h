/* The last lines of a run. */
#ifndef NN_TRAIN_FINAL_H
#define NN_TRAIN_FINAL_H

#include "train/run.h"

/* Shows the best weights next to the baseline, on the test part, otherwise the validation part,
 * otherwise the training part. Collective. */
nn_status nn_final_show(nn_run *run);

#endif
