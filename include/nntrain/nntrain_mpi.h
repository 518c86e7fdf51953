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
 * Rank 0 of the communicator prints the lines of the run and its warnings (nn_set_log_ranks for others); the
 * text of a failure is nn_error_text() on every rank and is not printed. One run at a time in a process.
 *
 * What a run changes in the process, and puts back: BLAS has one thread (OpenBLAS; others as the environment
 * says), OpenMP's dynamic adjustment of threads is off in the calling thread, and HDF5 does not print errors
 * in it. What it leaves: OpenMP's idle threads, and an exit handler in place of HDF5's own (H5dont_atexit,
 * where the program has not used HDF5 before): it closes what the program has left open, as HDF5's does, but
 * for after a file of the run that HDF5 could not close, and might not survive closing. What it does not
 * touch: signal handlers and masks (its helper threads take no signals; a program that wants to continue
 * after a write beyond the limit of file sizes ignores SIGXFSZ itself), the floating-point environment,
 * umask, working directory, locale, and MPI's error handlers but for that of its own duplicate. HDF5 is
 * called under a lock that the program does not share: while a run is in progress no other thread may call
 * HDF5, unless HDF5 was built thread-safe. The run directory and the data files are locked (flock) until the
 * run ends.
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
