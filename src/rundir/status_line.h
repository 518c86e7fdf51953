/*
 * RUN_DIR/status: one line, "CODE TIME HOST:PID TEXT". CODE is the exit code of `nntrain train` (75: stopped
 * and saved), or the word running: the run is in progress, or was killed. Where mpirun ends with a code of
 * its own, as after TERM or Ctrl-C, a script finds the run's here. Rank 0 writes it, while it has the lease.
 */
#ifndef NN_RUNDIR_STATUS_LINE_H
#define NN_RUNDIR_STATUS_LINE_H

#include "rundir/rundir.h"

/* A line that cannot be written is left out: that does not fail a run. host: of this rank. */
void nn_status_line_begin(const nn_rundir *directory, const char *host, int ranks, int nodes);
/* text: what has ended, unless it failed. */
void nn_status_line_end(const nn_rundir *directory, const char *host, nn_status status, const char *text);

#endif
