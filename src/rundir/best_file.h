/* RUN_DIR/best.h5: the checkpoint with the best weights so far. Rank 0 calls these functions. */
#ifndef NN_RUNDIR_BEST_FILE_H
#define NN_RUNDIR_BEST_FILE_H

#include "rundir/checkpoint.h"

/* Removes best weights from a later step than that of the state: the run will find them again. A damaged file
 * is kept until better weights replace it; a warning reports it. *best_step: of those there are; -1: none;
 * NN_ORPHANS_UNKNOWN: they are damaged. */
nn_status nn_rundir_drop_later_best(const char *run_directory, const nn_run_state *state, int64_t *best_step);

/* *lacks: whether best.h5 is missing, damaged or from another step, though the checkpoint from which the run
 * resumes was made at the end of the best epoch. */
nn_status nn_rundir_lacks_best(const char *run_directory, const nn_checkpoint_parts *parts, bool *lacks);

/* Rewrites best.h5 with the bytes of that checkpoint, which has no shards. `run` is for the manifest, see
 * nn_checkpoint_run. */
nn_status nn_rundir_restore_best(const char *run_directory, const nn_checkpoint_parts *parts, uint64_t run,
                                 const void *bytes, size_t size);

/* Reads the best weights, all values of the network. NN_ERROR_CHECKPOINT where the file is damaged, or is not
 * of the best epoch of the state. */
nn_status nn_rundir_read_best(const char *run_directory, const nn_checkpoint_parts *parts, nn_real *weights);

#endif
