/* Weights of another run, and data with different names. */
#ifndef NN_RUNDIR_INIT_NAMES_H
#define NN_RUNDIR_INIT_NAMES_H

#include "model/model.h"

/* Fails where weights are taken over (`taken` says of each layer whether some are) that read columns, or
 * compute classes, which are called otherwise in the file: with both lists, and the layer to exclude. */
nn_status nn_init_names_check(const nn_model *model, nn_store_file *file, const char *path,
                              const bool *taken);

#endif
