/* Beginning with the weights that another program has written. */
#ifndef NN_RUNDIR_INIT_FILE_H
#define NN_RUNDIR_INIT_FILE_H

#include "model/model.h"
#include "settings/init_options.h"

/* Takes every tensor of the network that is not excluded from the file at `path` into the weights, and logs
 * what was taken and what of the file was not used. Fails, with all names, if tensors are missing, have other
 * shapes, or have values that are not finite. */
nn_status nn_init_file_take(const nn_init_options *options, const char *path, const nn_model *model,
                            nn_real *weights);

#endif
