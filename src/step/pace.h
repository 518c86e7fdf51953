/* How fast each rank computes, so that a slow core or node can be named. Only time spent on microbatches
 * counts, not waiting. It affects nothing but a line in the log.
 */
#ifndef NN_STEP_PACE_H
#define NN_STEP_PACE_H

#include "base/real.h"
#include "comm/comm.h"

/* Since the last comparison. */
typedef struct nn_pace {
    double seconds;
    double
        rounds; /* of the threads: in each, every thread computes one microbatch, in the last maybe fewer */
    double began;
} nn_pace;

/* Around the work on the microbatches of a step. waited: seconds that the rank has waited so far, for its
 * data and for other ranks. */
void nn_pace_begin(nn_pace *pace, double waited);
void nn_pace_end(nn_pace *pace, int64_t microbatches, int threads, double waited);

/* The time of each rank per round, as a multiple of the median; 0 where it is not known to be slow: below
 * NN_PACE_SLOW, or with fewer than NN_PACE_LOST seconds lost. Of an even number of ranks, the faster of the
 * two in the middle is the median, so that of two ranks the slower one is seen. */
#define NN_PACE_SLOW 1.5
#define NN_PACE_LOST 0.5
void nn_pace_factors(const nn_pace *paces, int count, double *factors);

/* Once per epoch: names the slow ranks on one line. Starts again as soon as there was a second of work to
 * compare. Collective. */
nn_status nn_pace_report(nn_comm *comm, nn_pace *pace, int64_t epoch);

#endif
