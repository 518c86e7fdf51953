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

/* What a training run ended with. Metrics are those of the best weights on the test part. */
typedef struct nn_train_result {
    uint64_t fingerprint; /* of the last weights */
    int64_t steps;        /* optimizer steps of the whole run, those before a resume included */
    double loss;          /* of the last epoch, on the training part */
} nn_train_result;

/* As nn_train, with the communicator as a Fortran handle (MPI_Comm_c2f). */
nn_status nn_train_on_handle(int communicator, const char *config_path, const char *run_directory,
                             const char *const *overrides, size_t override_count, nn_train_result *result);

/*
 * Trains as `nntrain train CONFIG --run-dir DIR --set ...` does, and resumes where the run directory has a
 * checkpoint. MPI must be initialised with at least MPI_THREAD_FUNNELED; the communicator is duplicated.
 * overrides are "key=value" texts. result may be NULL. Collective over communicator; on failure every rank
 * returns the same status.
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
