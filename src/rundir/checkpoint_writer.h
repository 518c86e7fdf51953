/*
 * The thread that commits checkpoints while training continues, one at a time, and then removes those beyond
 * the last `keep_last` up to that step and those that were found damaged, with their shards; others of later
 * steps stay. Best
 * weights that could not be written are kept in memory and tried again with the next write. Rank 0 has it.
 */
#ifndef NN_RUNDIR_CHECKPOINT_WRITER_H
#define NN_RUNDIR_CHECKPOINT_WRITER_H

#include "rundir/damaged.h"
#include "rundir/problem.h"
#include "settings/best_rule.h"
#include "store/lease.h"
#include "store/sharded.h"

typedef struct nn_writer nn_writer;

/* What should be on the disk. */
enum {
    NN_UNSAVED_CHECKPOINT = 1,
    NN_UNSAVED_METRICS = 2,
    NN_UNSAVED_BEST = 4, /* the best weights by the first rule; those by rule i: NN_UNSAVED_BEST << i */
    NN_UNSAVED_BESTS = NN_UNSAVED_BEST * ((1 << NN_KEPT_BESTS) - 1)
};

/* How a write ended. The best weights may be of an earlier step. */
typedef struct nn_write_outcome {
    int64_t step;
    unsigned tried, failed;        /* of NN_UNSAVED_... */
    char problem[NN_PROBLEM_SIZE]; /* of what failed: the file, the cause, the room needed and free */
} nn_write_outcome;

/* What a writer is made from. */
typedef struct nn_writer_request {
    const char *run_directory;
    int64_t keep_last;
    bool verify;                /* each file is read again after it was written */
    uint64_t run;               /* see nn_checkpoint_run */
    const nn_lease *lease;      /* nothing is written or removed where it is no longer ours; NULL: none */
    const nn_best_rules *bests; /* the files of best weights */
} nn_writer_request;

/* Lease and rules are borrowed for the life of the writer. */
nn_status nn_writer_create(const nn_writer_request *request, nn_writer **writer);
/* The steps of the best weights that there are, by rule: their shards are kept. -1: there are none;
 * NN_ORPHANS_UNKNOWN: all shards are kept. No write is in progress. */
void nn_writer_set_best(nn_writer *writer, const int64_t steps[NN_KEPT_BESTS]);
/* Removes the shards of a save that has failed. No write is in progress. */
void nn_writer_remove_orphans(nn_writer *writer, int64_t step);
/* Takes the list of those that are removed after the next save. No write is in progress. */
void nn_writer_take_damaged(nn_writer *writer, nn_damaged *damaged);
/* Waits for a write in progress. Accepts NULL. */
void nn_writer_destroy(nn_writer *writer);
/* A write: of the checkpoint of `step` where `regular`, of the best weights that `best` has bits of, one per
 * rule. */
typedef struct nn_write_job {
    int64_t step;
    bool regular;
    unsigned best;
    void *bytes; /* of the checkpoint */
    size_t size;
    void *best_bytes; /* of the best weights; NULL: the same */
    size_t best_size;
    nn_shard *shards; /* that the bytes refer to, already written; NULL: none */
    int shard_count;
} nn_write_job;
/* Frees what a job has that is not started. */
void nn_write_job_release(nn_write_job *job);
/* Starts a write. Takes what the job has. The outcome of the write before has been asked for. */
void nn_writer_start(nn_writer *writer, nn_write_job *job);
/* Whether a write has ended since this was last true; with `wait` one in progress is waited for. */
bool nn_writer_ended(nn_writer *writer, bool wait, nn_write_outcome *outcome);
/* Gives up those of the best weights that could not be written: there are better ones by now. No write is in
 * progress. */
void nn_writer_forget_best(nn_writer *writer, unsigned best);
/* Seconds that the last write took that has ended; 0: none yet. */
double nn_writer_seconds(const nn_writer *writer);

#endif
