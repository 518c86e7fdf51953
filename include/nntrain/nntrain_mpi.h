/*
 * nntrain: training on the caller's communicator.
 */
#ifndef NNTRAIN_NNTRAIN_MPI_H
#define NNTRAIN_NNTRAIN_MPI_H

#include <mpi.h>

#include "nntrain/nntrain.h"
#include "nntrain/nntrain_trainer.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Trains as `nntrain train CONFIG --run-dir DIR --set ...` does, and resumes if the run directory has a
 * checkpoint. MPI must be initialised with at least MPI_THREAD_FUNNELED; the communicator is duplicated.
 * overrides are "key=value" texts. result may be NULL. Collective over communicator; on failure every rank
 * returns the same status.
 *
 * Rank 0 of the communicator prints the lines of the run and its warnings (nn_set_log_ranks for others); the
 * text of a failure is nn_error_text() on every rank and is not printed. One run at a time in a process.
 *
 * Changed in the process during a run and restored afterwards: BLAS has one thread (OpenBLAS; others follow
 * the environment); in the calling thread, OpenMP's dynamic adjustment of threads is off, the locale is that
 * of C, and HDF5 does not print errors; its error stack, too, is as before. That thread and OpenMP's compute
 * with the default floating-point environment, without traps, and get theirs back, with the flags of
 * exceptions. Left behind: OpenMP's idle threads and, if the program has not used HDF5 before, an exit
 * handler that replaces HDF5's own (H5dont_atexit): like HDF5's, it closes what the program left open, except
 * after a file of the run that HDF5 could not close, since closing might crash. Not touched: signal handlers
 * and masks (the helper threads block all signals; a program that must survive a write beyond the file size
 * limit has to ignore SIGXFSZ itself), umask, working directory, and MPI's error handlers, except that of the
 * duplicate. HDF5 is called under a lock that the program does not share: during a run, no other thread may
 * call HDF5 unless HDF5 was built thread-safe. The run directory and the data files are locked (flock) until
 * the run ends.
 *
 * Two failures end the process instead, since the other ranks could not return: a failure of MPI itself
 * (MPI_Abort of the duplicate), and a rank without progress for training.hang_timeout seconds (_exit with
 * NN_ERROR_HANG; the override "training.hang_timeout=0" turns this off).
 */
static inline nn_status nn_train(MPI_Comm communicator, const char *config_path, const char *run_directory,
                                 const char *const *overrides, size_t override_count, nn_train_result *result)
{
    return nn_train_on_handle((int)MPI_Comm_c2f(communicator), config_path, run_directory, overrides,
                              override_count, result);
}

/* Makes a trainer on the samples of a running program: nntrain_trainer.h. MPI must be initialised with at
 * least MPI_THREAD_FUNNELED. Collective over communicator. */
static inline nn_status nn_trainer_create(MPI_Comm communicator, const char *config_path,
                                          const char *run_directory, const char *const *overrides,
                                          size_t override_count, nn_trainer **trainer)
{
    return nn_trainer_create_on_handle((int)MPI_Comm_c2f(communicator), config_path, run_directory, overrides,
                                       override_count, trainer);
}

#ifdef __cplusplus
}
#endif

#endif
