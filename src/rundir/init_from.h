/* Beginning with the weights of another run, or of another program. */
#ifndef NN_RUNDIR_INIT_FROM_H
#define NN_RUNDIR_INIT_FROM_H

#include "comm/comm.h"
#include "model/model.h"
#include "settings/init_options.h"
#include "store/kept.h"

/* The path of the run, checkpoint or file; a relative one starts from `folder`. */
void nn_init_name(const nn_init_options *options, const char *folder, char name[2 * NN_PATH_SIZE]);

/* Whether there is a run, a checkpoint or a readable file to begin with. */
nn_status nn_init_look(const nn_init_options *options, const char *folder);

/*
 * Tensors of the best weights (the averaged ones where there is an average) of a run directory, or of a
 * checkpoint, to where a layer and a tensor of the same names have the same shape; a relative path starts
 * from `folder`; or those of a file (rundir/init_file.h). Logs what was taken and what was not. None taken is
 * an error, and so is a layer under `exclude` that the network does not have. Rank 0 reads them into its
 * weights, which have initial values; nothing is sent to other ranks. Collective.
 */
nn_status nn_init_from(nn_comm *comm, const nn_init_options *options, const char *folder,
                       const nn_model *model, nn_real *weights);

#endif
