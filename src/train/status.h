/*
 * RUN_DIR/status: one line, "CODE TIME HOST:PID TEXT". CODE is the exit code of `nntrain train` (75: stopped
 * and saved), or the word running: the run is in progress, or was killed. Where mpirun ends with a code of
 * its own, as after TERM or Ctrl-C, a script finds the run's here. Rank 0 writes it, while it has the lease.
 */
#ifndef NN_TRAIN_STATUS_H
#define NN_TRAIN_STATUS_H

#include "train/run.h"

/* Where a line cannot be written there is none: that does not fail a run. */
void nn_run_status_begin(const nn_run *run);
void nn_run_status_end(const nn_run *run, nn_status status);

#endif
