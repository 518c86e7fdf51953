/*
 * A run's directory while the run is in progress:
 *
 *     checkpoints/step-0000001200.h5   what the next step reads (rundir/checkpoint.h)
 *     checkpoints/step-0000001200.shard-1-of-2.h5   parts of it, where it is large (rundir/shards.h)
 *     best.h5, best-auc.h5             the checkpoints with the best weights so far (rundir/best_file.h)
 *     manifest                         which of these there should be (rundir/manifest.h)
 *     results.json, evaluation.h5      the final results (judge/stored.h)
 *     metrics.jsonl, config.yaml       what people and programs read (rundir/metrics_file.h)
 *     status                           how the run ended (rundir/status_line.h)
 *     lease                            that one job has it (store/lease.h)
 *     nonfinite-STEP.h5                a microbatch that gave NaN or Inf
 */
#ifndef NN_RUNDIR_RUNDIR_H
#define NN_RUNDIR_RUNDIR_H

#include <inttypes.h>

#include "rundir/checkpoint_writer.h"
#include "rundir/shard_writer.h"
#include "rundir/shards.h"
#include "store/lease.h"

/* A microbatch that is kept, of a step from 1: for scanf and printf. */
#define NN_RUNDIR_NONFINITE "nonfinite-%" SCNd64 ".h5"

/* How the saves of a run have gone; kept on rank 0, and on all ranks once the run is at its end. */
typedef struct nn_saving {
    unsigned unsaved; /* NN_UNSAVED_... */
    int64_t failures; /* consecutive saves that failed */
    bool ending;      /* training has ended */
    int64_t newest;   /* at the end: the step of the newest checkpoint; 0: there is none */
    double saved_at;  /* when the last checkpoint was made, by nn_seconds */
    double seconds;   /* that the last one held up training, and the one before took to write; 0: not known */
    char problem[NN_PROBLEM_SIZE];
} nn_saving;

/* A save of which the shards are being written, on every rank. */
typedef struct nn_pending {
    bool active;      /* the same on all ranks */
    nn_write_job job; /* on rank 0: what follows once the shards are there */
    double paused;    /* seconds that it held up training */
} nn_pending;

typedef struct nn_rundir {
    const char *path;              /* borrowed */
    nn_lease *lease;               /* on rank 0, owned */
    nn_writer *writer;             /* on rank 0, owned; NULL before a checkpoint can be made */
    nn_shards *shards;             /* owned; NULL: a checkpoint is one file */
    nn_shard_writer *shard_writer; /* where this rank writes a shard, owned */
    nn_pending pending;
    nn_saving saving;
    /* Before each save: a failure ends it, as where memory is corrupt. NULL: nothing is asked. Collective. */
    nn_status (*admit)(void *context);
    void *admit_context;
} nn_rundir;

/* Makes the folder where it is missing, takes its lease, and removes half-written files of a killed job.
 * NN_ERROR_BUSY where another job has it. Close it in any case. Rank 0 calls it. */
nn_status nn_rundir_open(nn_rundir *directory);
/* Waits for a write in progress, and gives up the lease. */
void nn_rundir_close(nn_rundir *directory);

/* Number of shards of a checkpoint; 0: one file has all. */
static inline int nn_rundir_shards(const nn_rundir *directory)
{
    return directory->shards ? directory->shards->count : 0;
}

/* Removes what an earlier run has left: only what nntrain itself writes. Rank 0 calls it. */
nn_status nn_rundir_empty(const char *path);
/* Removes half-written files, of a killed job or of a save that failed. NN_ERROR_IO where they cannot be
 * listed. Rank 0 calls it. */
nn_status nn_rundir_sweep(const char *path);

/* NN_ERROR_BUSY where another job has taken the run directory: what it writes there must stay its own. Where
 * that cannot be determined the run continues, and the save fails. Rank 0 has the lease; on others NN_OK. */
nn_status nn_rundir_check_lease(const nn_rundir *directory);

/* How many files of steps with NaN or Inf there are, that of step `but` aside; -1: the folder cannot be
 * listed. */
int nn_rundir_count_nonfinite(const char *path, int64_t but);

#endif
