/* RUN_DIR/best.h5, best-auc.h5: the checkpoints with the best weights so far, one file for each rule of
 * checkpoint.best. Rank 0 calls these functions. */
#ifndef NN_RUNDIR_BEST_FILE_H
#define NN_RUNDIR_BEST_FILE_H

#include "rundir/checkpoint.h"

/* Removes best weights from a later step than that of the state: the run will find them again. A damaged file
 * is kept until better weights replace it; a warning reports it. best_steps: of those there are, by rule; -1:
 * none; NN_ORPHANS_UNKNOWN: they are damaged. */
nn_status nn_rundir_drop_later_best(const char *run_directory, const nn_checkpoint_parts *parts,
                                    int64_t best_steps[NN_KEPT_BESTS]);

/* *lacks: those, as bits, of which the file is missing, damaged or from another step, though the checkpoint
 * from which the run resumes has these best weights. */
nn_status nn_rundir_lacks_best(const char *run_directory, const nn_checkpoint_parts *parts, unsigned *lacks);

/* Rewrites those files with the bytes of that checkpoint, which has no shards. `run` is for the manifest, see
 * nn_checkpoint_run. */
nn_status nn_rundir_restore_best(const char *run_directory, const nn_checkpoint_parts *parts, unsigned lacks,
                                 uint64_t run, const void *bytes, size_t size);

/* Reads the best weights by the first rule, all values of the network, and the fingerprint of the checkpoint.
 * NN_ERROR_CHECKPOINT where the file is damaged, or is not of the best step of the state. */
#define NN_FINGERPRINT_TEXT 32
nn_status nn_rundir_read_best(const char *run_directory, const nn_checkpoint_parts *parts, nn_real *weights,
                              char fingerprint[NN_FINGERPRINT_TEXT]);

#endif
