/* Saves whose vectors are written by several ranks (rundir/shards.h): first every writer's thread writes its
 * shard; when all have ended, which the ranks learn at the boundary of a step, rank 0 commits the checkpoint
 * that lists them. */
#ifndef NN_RUNDIR_SAVING_SHARDS_H
#define NN_RUNDIR_SAVING_SHARDS_H

#include "rundir/checkpoint.h"
#include "rundir/rundir.h"

/* Builds the shards and what lists them, and starts to write the shards: as nn_saving_save, after which no
 * save is pending. *status of NN_OK: it has begun; otherwise the ranks have agreed on the failure, which is
 * recorded. Collective; a failure is of the communicator. */
nn_status nn_saving_start_shards(nn_rundir *directory, const nn_checkpoint_parts *parts, bool regular,
                                 unsigned best, nn_status *status);

/* NN_REQUEST_WRITING, or 0: what this rank says about its shard at a step. */
unsigned nn_saving_says(const nn_rundir *directory);

/* At the boundary of a step in which no rank was still writing, or where the save must end before anything
 * else: waits for the shards, and starts to commit the checkpoint, or records that it has failed. Does
 * nothing where no save is pending. Collective; a failure is of the communicator. */
nn_status nn_saving_complete(nn_rundir *directory, const nn_checkpoint_parts *parts);

/* The same at the end of a run that may have failed: no rank reports why a shard could not be written. A
 * failure of the communicator leaves the save as it is. Collective. */
void nn_saving_abandon(nn_rundir *directory, const nn_checkpoint_parts *parts);

#endif
