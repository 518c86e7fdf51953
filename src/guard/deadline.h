/* Stopping in time: when a run must stop so that a last checkpoint is on disk before the job's time limit.
 */
#ifndef NN_GUARD_DEADLINE_H
#define NN_GUARD_DEADLINE_H

#include <stdbool.h>

#include "base/real.h"

/* Durations so far, in seconds. Zero-initialise. */
typedef struct nn_deadline {
    double step;       /* the longest of recent steps */
    double evaluation; /* the longest of recent ends of an epoch */
    double saving;     /* the longest of recent checkpoints, until it was on disk */
} nn_deadline;

/* Records how long a step, the end of an epoch, a checkpoint took. */
void nn_deadline_step(nn_deadline *deadline, double seconds);
void nn_deadline_evaluation(nn_deadline *deadline, double seconds);
void nn_deadline_saving(nn_deadline *deadline, double seconds);

/* What comes next. */
typedef struct nn_deadline_ahead {
    bool ends_epoch;         /* one of the next two steps does */
    double evaluation_steps; /* an evaluation's duration in steps, used until one has been measured */
    double checkpoint_bytes; /* assumed to be written slowly until a checkpoint has been measured */
} nn_deadline_ahead;

/* Seconds that the job needs from now on if it stops one step after the next one: both steps, a checkpoint,
 * and some for the end of the program. */
double nn_deadline_needs(const nn_deadline *deadline, const nn_deadline_ahead *ahead);

#endif
