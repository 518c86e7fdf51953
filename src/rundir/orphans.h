/* Shards (store/sharded.h) that belong to no checkpoint: of a save that was killed or has failed, and of
 * checkpoints that are no longer kept. Rank 0 removes them; any thread. */
#ifndef NN_RUNDIR_ORPHANS_H
#define NN_RUNDIR_ORPHANS_H

#include "base/status.h"

/* Removes the shards of steps up to `last` that the manifest does not list, whose checkpoint does not exist,
 * and which are not of the steps of the NN_KEPT_BESTS best weights (-1: there are none; NN_ORPHANS_UNKNOWN:
 * it is not known, and nothing is removed). Where the manifest or the folder cannot be read, nothing is
 * removed. What stays only costs space. */
#define NN_ORPHANS_UNKNOWN ((int64_t)-2)
void nn_orphans_remove(const char *run_directory, int64_t last, const int64_t *best_steps);

/* Removes all shards, as nn_rundir_empty does. NN_ERROR_IO where one cannot be removed. */
nn_status nn_orphans_remove_all(const char *run_directory);

#endif
