/* Which checkpoint a run continues from, and when it must not begin from scratch. */
#ifndef NN_RUNDIR_FALLBACK_H
#define NN_RUNDIR_FALLBACK_H

#include "rundir/checkpoint.h"
#include "rundir/damaged.h"
#include "settings/job.h"

/*
 * Finds the newest checkpoint of a run directory that is intact, of this run, of the step in its name,
 * and what the manifest says where that lists it; after all checkpoints come the best weights, whose file
 * holds as much. One that is intact and of this run, but not what the manifest says, is taken where there is
 * no other. Each that is passed over is named by a warning, when one is found.
 *
 * Where none is found, *found stays empty if the run never had one. If it had, to begin from scratch would
 * throw away what it has done: NN_ERROR_CHECKPOINT names all that was tried; NN_ERROR_USAGE names the
 * settings if those differ. With job->fresh all that exists is removed first.
 *
 * A file or folder that the system cannot read, after patience, ends the search with NN_ERROR_IO: it says
 * nothing of what is there. *damaged, zeros before, lists what was found damaged; it may be NULL. Release it,
 * and close *found, in any case. Rank 0 calls it.
 */
nn_status nn_fallback_find(const nn_job *job, const nn_checkpoint_parts *parts, char path[NN_PATH_SIZE],
                           nn_kept_checkpoint *found, nn_damaged *damaged);

#endif
