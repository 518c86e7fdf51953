/* Saving a run, and what happens to a save that fails: a warning, the next save, and at the end a run that
 * does not claim to be saved. */
#ifndef NN_RUNDIR_SAVING_H
#define NN_RUNDIR_SAVING_H

#include "rundir/checkpoint.h"
#include "rundir/rundir.h"

/* Brings the directory to where the run begins or resumes from `found` (NULL: it begins): best weights, the
 * manifest, metrics.jsonl and config.yaml; what an earlier process wrote after that checkpoint is removed.
 * Takes the list of damaged checkpoints, which go after the next save. *best_due: those of the best
 * weights, as bits, that are missing, and that all ranks must save now. Rank 0 calls it. */
nn_status nn_saving_begin(nn_rundir *directory, const nn_checkpoint_parts *parts,
                          const nn_kept_checkpoint *found, nn_damaged *damaged, unsigned *best_due);

/* Builds a checkpoint and hands it to the writer: as that of its step where `regular`, as those of the
 * best weights that `best` has bits of. A save that fails is a warning, and is retried with the next one; a
 * failure is of the communicator, of a lost lease, or of weights that must not be saved. Collective. */
nn_status nn_saving_save(nn_rundir *directory, const nn_checkpoint_parts *parts, bool regular, unsigned best);

/* At the end of training: waits for the last save, and retries what has failed. What is missing even then is
 * in directory->saving, on all ranks. Collective. */
nn_status nn_saving_end(nn_rundir *directory, const nn_checkpoint_parts *parts);

/* NN_ERROR_UNSAVED where something is missing, with what it is, what it costs and what to do. `ending` says
 * how training ended. Collective, after nn_saving_end. */
nn_status nn_saving_check(const nn_rundir *directory, const nn_checkpoint_parts *parts, const char *ending);

#endif
