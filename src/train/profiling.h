/* `nntrain train --profile` and `--trace`: where the time of the steps goes, as a table, in the metrics, and
 * as a timeline. Nothing is recorded without them. */
#ifndef NN_TRAIN_PROFILING_H
#define NN_TRAIN_PROFILING_H

#include "step/profile.h"
#include "train/run.h"
#include "train/trace.h"

/* Seconds of the threads of all ranks together, by place (nn_profile_place); on rank 0 alone. */
typedef struct nn_profiling_sums {
    double *seconds;
    int64_t steps;
    double samples;
} nn_profiling_sums;

struct nn_profiling {
    nn_profile *profile;
    double threads;    /* of all ranks; on rank 0 */
    double *own, *all; /* messages of this rank, and of all, on rank 0 */
    nn_profiling_sums epoch, run;
    nn_text json; /* of the epoch, for its line in the metrics */
    nn_trace trace;
};

/* Before the workers are made; does nothing where nothing was asked for, as the functions below. Collective.
 */
nn_status nn_profiling_open(nn_run *run);
/* Before the first step; not if none is left to run, so that an earlier trace is kept. Collective. */
nn_status nn_profiling_begin(nn_run *run);
/* At the end of an epoch, before its metrics are written; what is not of an epoch is left to the end.
 * Collective. */
nn_status nn_profiling_epoch(nn_run *run);
/* After the last step: shows the table, and writes the trace. Collective. */
nn_status nn_profiling_end(nn_run *run);
void nn_profiling_close(nn_profiling *profiling); /* accepts NULL */

/* The table, line by line; and its numbers as members of a JSON object, each preceded by a comma and with
 * nothing nested but lists. peak: FLOP/s of all threads together; 0: not measured. */
void nn_profiling_table(const nn_network *network, const nn_profiling_sums *sums, double threads, double peak,
                        nn_text *table);
void nn_profiling_json(const nn_network *network, const nn_profiling_sums *sums, double threads, double peak,
                       nn_text *json);

#endif
