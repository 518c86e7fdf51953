/*
 * nntrain: training on the caller's communicator.
 */
#ifndef NNTRAIN_NNTRAIN_MPI_H
#define NNTRAIN_NNTRAIN_MPI_H

#include <mpi.h>

#include "nntrain/nntrain.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Trains as `nntrain train CONFIG --run-dir DIR --set ...` does, and resumes where the run directory has a
 * checkpoint. MPI must be initialised with at least MPI_THREAD_FUNNELED; the communicator is duplicated.
 * overrides are "key=value" texts. result may be NULL. Collective over communicator; on failure every rank
 * returns the same status.
 *
 * Two failures end the process instead, as no rank could bring the others back: one of MPI itself (MPI_Abort
 * of the duplicate), and a rank that makes no progress for training.hang_timeout seconds (_exit with
 * NN_ERROR_HANG; the override "training.hang_timeout=0" leaves the watch out).
 */
static inline nn_status nn_train(MPI_Comm communicator, const char *config_path, const char *run_directory,
                                 const char *const *overrides, size_t override_count, nn_train_result *result)
{
    return nn_train_on_handle((int)MPI_Comm_c2f(communicator), config_path, run_directory, overrides,
                              override_count, result);
}

#ifdef __cplusplus
}
#endif

#endif
