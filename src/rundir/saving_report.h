/* How a failed save is reported, and what the run remembers about it. */
#ifndef NN_RUNDIR_SAVING_REPORT_H
#define NN_RUNDIR_SAVING_REPORT_H

#include "rundir/checkpoint.h"
#include "rundir/rundir.h"

/* Reports a failed save as soon as the failure is known; with `wait`, waits for a save in progress. Any
 * rank. */
void nn_saving_watch(nn_rundir *directory, const nn_checkpoint_parts *parts, bool wait);

/* Records how a save ended, and warns if it failed: often at first, rarely later. Rank 0. */
void nn_saving_take(nn_rundir *directory, const nn_checkpoint_parts *parts, const nn_write_outcome *outcome);

/* "the checkpoint and metrics.jsonl": what of NN_UNSAVED_... is set. */
void nn_saving_name(unsigned unsaved, char *text, size_t size);

/* The step of the newest checkpoint; 0: there is none, -1: that cannot be determined. */
int64_t nn_saving_newest(const char *run_directory);

#endif
