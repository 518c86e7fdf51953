/*
 * The thread that commits checkpoints while training continues, one at a time, and then removes those beyond
 * the last `keep_last` up to that step and those that were found damaged; others of later steps stay. Best
 * weights that could not be written are kept in memory and tried again with the next write. Rank 0 has it.
 */
#ifndef NN_RUNDIR_CHECKPOINT_WRITER_H
#define NN_RUNDIR_CHECKPOINT_WRITER_H

#include "rundir/damaged.h"
#include "store/lease.h"

typedef struct nn_writer nn_writer;

/* What should be on the disk. */
enum { NN_UNSAVED_CHECKPOINT = 1, NN_UNSAVED_BEST = 2, NN_UNSAVED_METRICS = 4 };

/* How a write ended. The best weights may be of an earlier step. */
typedef struct nn_write_outcome {
    int64_t step;
    unsigned tried, failed; /* of NN_UNSAVED_... */
    char problem[1536];     /* of what failed: the file, the cause, the room needed and free */
} nn_write_outcome;

/* `verify`: each file is read again after it was written. `run`: see nn_checkpoint_run. Nothing is written or
 * removed where `lease`, borrowed, is no longer ours; it may be NULL. */
nn_status nn_writer_create(const char *run_directory, int64_t keep_last, bool verify, uint64_t run,
                           const nn_lease *lease, nn_writer **writer);
/* Takes the list of those that are removed after the next save. No write is in progress. */
void nn_writer_take_damaged(nn_writer *writer, nn_damaged *damaged);
/* Waits for a write in progress. Accepts NULL. */
void nn_writer_destroy(nn_writer *writer);
/* Starts a write: as the checkpoint of `step` where `regular`, as the best weights where `best`. Takes the
 * bytes. The outcome of the write before has been asked for. */
void nn_writer_start(nn_writer *writer, int64_t step, bool regular, bool best, void *bytes, size_t size);
/* Whether a write has ended since this was last true; with `wait` one in progress is waited for. */
bool nn_writer_ended(nn_writer *writer, bool wait, nn_write_outcome *outcome);
/* Gives up best weights that could not be written: there are better ones by now. No write is in progress. */
void nn_writer_forget_best(nn_writer *writer);
/* Seconds that the last write took that has ended; 0: none yet. */
double nn_writer_seconds(const nn_writer *writer);

#endif
