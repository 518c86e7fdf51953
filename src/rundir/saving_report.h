/* What is said of a save that fails, and what the run remembers of it. */
#ifndef NN_RUNDIR_SAVING_REPORT_H
#define NN_RUNDIR_SAVING_REPORT_H

#include "rundir/checkpoint.h"
#include "rundir/rundir.h"

/* Reports a save that has failed, as soon as that is known; with `wait` one in progress is waited for. Any
 * rank. */
void nn_saving_watch(nn_rundir *directory, const nn_checkpoint_parts *parts, bool wait);

/* Remembers how a save has ended, and warns where it failed: often at first, and seldom later. Rank 0. */
void nn_saving_take(nn_rundir *directory, const nn_checkpoint_parts *parts, const nn_write_outcome *outcome);

/* "the checkpoint and metrics.jsonl": what of NN_UNSAVED_... is set. */
void nn_saving_name(unsigned unsaved, char *text, size_t size);

/* The step of the newest checkpoint; 0: there is none, -1: that cannot be determined. */
int64_t nn_saving_newest(const char *run_directory);

/* Which checkpoint there is to go back to, as a sentence, after the save in progress. Collective. */
nn_status nn_saving_last_good(nn_rundir *directory, const nn_checkpoint_parts *parts, char text[128]);

#endif
