/* The manifest of a run directory during the run. Rank 0 calls this. */
#ifndef NN_RUNDIR_MANIFEST_RECORD_H
#define NN_RUNDIR_MANIFEST_RECORD_H

#include "rundir/damaged.h"
#include "rundir/manifest.h"
#include "store/kept.h"
#include "store/sharded.h"

/* Writes the manifest that a run continues with: of those listed before, what exists undamaged, and the
 * checkpoint that it continues from (NULL: it begins, and nothing is listed). It is there from the first step
 * on: a run without one that has results was made by an older nntrain, or has lost it. Where it cannot be
 * written a warning says so; one that the system cannot read is a failure. */
nn_status nn_manifest_begin(const char *run_directory, uint64_t run, const nn_kept_checkpoint *from,
                            const nn_damaged *damaged);

/* A file that was just committed. Borrowed. */
typedef struct nn_manifest_written {
    int64_t step;     /* of a checkpoint; or ... */
    const char *best; /* ... the name of a file of best weights; otherwise NULL */
    const void *bytes;
    size_t size;
    int64_t of_step; /* at which it was made */
    int shard_count; /* 0: the file is complete */
    const nn_shard *shards;
    const int64_t *best_steps; /* of all best weights on the disk; -1: none */
    int best_count;
    int64_t old_best_step; /* of the best weights that these replace; -1: none */
} nn_manifest_written;

/* Lists a file and its shards; and no longer the checkpoints beyond the newest `keep_last` up to that step,
 * which may be removed next, nor shards that neither those nor the best weights need. Any thread may call it.
 * After a failure, or a kill before it, the file is not listed: one that is not is taken as its seal says. */
nn_status nn_manifest_record(const char *run_directory, uint64_t run, const nn_manifest_written *written,
                             int64_t keep_last);

#endif
