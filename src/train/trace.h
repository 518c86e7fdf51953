/*
 * A timeline of the steps, of all ranks and threads, in the Trace Event Format of Chrome ("complete" events;
 * Google, "Trace Event Format", 2016), which https://ui.perfetto.dev opens: pid is the rank, tid the thread.
 *
 * Each thread keeps its events in memory of fixed size until the end of the run; rank 0 then writes those of
 * the first steps, as many as fit on every rank, receiving one rank after another. Times count from a barrier
 * before the first step. The ranks of a node read the same clock; between nodes the clocks differ by what
 * the barrier takes, some microseconds.
 */
#ifndef NN_TRAIN_TRACE_H
#define NN_TRAIN_TRACE_H

#include "comm/comm.h"
#include "step/profile.h"

typedef struct nn_trace {
    const char *path; /* borrowed */
    double origin;    /* on the clock of this rank */
} nn_trace;

/* Whether the file can be written, so that a wrong path is reported at once. NN_ERROR_USAGE: the path is
 * empty, its folder does not exist, or the file exists and is neither empty nor a trace. An existing trace
 * stays. On rank 0. */
nn_status nn_trace_check(const char *path);

/* Before the first step: replaces the file by a trace without events that says so, valid until the run ends.
 * On rank 0. */
nn_status nn_trace_open(const char *path);

/* Events that a thread keeps: 2^20 of all threads together, between 2^10 and 2^17 of each; an event takes 32
 * bytes. */
int64_t nn_trace_events(int ranks, int threads);

/* Compares the clocks. Collective. */
nn_status nn_trace_begin(nn_comm *comm, nn_trace *trace);

/* Replaces the file, unless no step has run. A failure to write it is a warning, as the run itself has
 * succeeded. Collective. */
nn_status nn_trace_write(nn_comm *comm, const nn_trace *trace, const nn_profile *profile, int threads,
                         const nn_network *network);

#endif
