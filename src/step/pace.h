/*
 * How fast each rank computes, so that a slow core or node is told by name. Only time spent on microbatches
 * counts, not the waiting; and it never decides anything but a line of the log.
 */
#ifndef NN_STEP_PACE_H
#define NN_STEP_PACE_H

#include "base/real.h"
#include "comm/comm.h"

/* Since the last comparison. */
typedef struct nn_pace {
    double seconds;
    double rounds; /* turns of the threads: as many microbatches as there are threads, or what was left */
    double began;
} nn_pace;

/* Around the work on `leaves` microbatches of a step. waited: seconds that the rank has waited for its data
 * so far. */
void nn_pace_begin(nn_pace *pace, double waited);
void nn_pace_end(nn_pace *pace, int64_t leaves, int threads, double waited);

/* How many times the median each rank needs for a round; 0 where it is not known to be slow: below
 * NN_PACE_SLOW, or with less than NN_PACE_LOST seconds lost to it. Of an even number of ranks the faster of
 * the two in the middle is the median, so that of two ranks the slower is seen. */
#define NN_PACE_SLOW 1.5
#define NN_PACE_LOST 0.5
void nn_pace_factors(const nn_pace *paces, int count, double *factors);

/* Once an epoch: names the slow ranks on one line. It begins anew once there was a second of work to compare.
 * Collective. */
nn_status nn_pace_report(nn_comm *comm, nn_pace *pace, int64_t epoch);

#endif
