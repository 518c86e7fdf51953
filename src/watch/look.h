/* The state of a run, from the names, times and small text files of its directory alone: nothing is written
 * or locked, and no HDF5 file is opened. */
#ifndef NN_WATCH_LOOK_H
#define NN_WATCH_LOOK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/status.h"

typedef enum nn_run_phase {
    NN_RUN_ABSENT,  /* there is no directory */
    NN_RUN_WAITING, /* a directory, in which no run has begun */
    NN_RUN_RUNNING,
    NN_RUN_LOST,    /* it did not end, but its process is gone */
    NN_RUN_STOPPED, /* on request, or in time; saved */
    NN_RUN_ENDED,
    NN_RUN_FAILED
} nn_run_phase;

#define NN_LOOK_TEXT 1024

typedef struct nn_look {
    nn_run_phase phase;
    int code;                 /* exit code, once it has ended */
    char text[NN_LOOK_TEXT];  /* of the status line: what the run itself says */
    char host[304];           /* of rank 0 */
    long process;             /* of rank 0 */
    time_t since;             /* of the status line */
    int64_t saved_step;       /* of the newest checkpoint; -1: there is none */
    time_t saved_at, best_at; /* 0: there is none */
    size_t checkpoints;
    int ranks, nodes; /* whose heartbeats there are; 0: unknown, as on a single node */
    int late_rank;    /* that made the least progress, if it made none for long; -1: none */
    double late_for;  /* seconds */
    time_t beat_at;   /* of the newest heartbeat; 0: there are none */
    size_t nonfinite; /* files of steps with NaN or Inf */
    /* of the configuration */
    int64_t epochs; /* 0: unknown */
    char best[96];  /* the result that chooses the best weights */
    bool best_is_higher;
    time_t configured_at; /* of config.yaml: read again when it has changed */
} nn_look;

/* Looks again; zero-initialise *look before the first time. A missing file is not a failure. */
nn_status nn_look_at(const char *run_directory, nn_look *look);

#endif
