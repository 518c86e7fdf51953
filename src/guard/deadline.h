/* Stopping in time: when a run must stop so that one last checkpoint is on the disk before its job is ended.
 */
#ifndef NN_GUARD_DEADLINE_H
#define NN_GUARD_DEADLINE_H

#include <stdbool.h>

#include "base/real.h"

/* What things took so far, in seconds. Zero-initialise. */
typedef struct nn_deadline {
    double step;       /* the longest of the last steps */
    double evaluation; /* the longest of the last ends of an epoch */
    double saving;     /* the longest of the last checkpoints, until it was on the disk */
} nn_deadline;

/* A step, the end of an epoch, a checkpoint took so long. */
void nn_deadline_step(nn_deadline *deadline, double seconds);
void nn_deadline_evaluation(nn_deadline *deadline, double seconds);
void nn_deadline_saving(nn_deadline *deadline, double seconds);

/* What is ahead. */
typedef struct nn_deadline_ahead {
    bool ends_epoch;         /* one of the next two steps does */
    double evaluation_steps; /* for how many steps an evaluation counts until one was measured */
    double checkpoint_bytes; /* taken to be written slowly until a checkpoint was measured */
} nn_deadline_ahead;

/* Seconds that the job needs from now on if it does one more step than the coming one before it stops: both
 * steps, a checkpoint, and some for the end of the program. */
double nn_deadline_needs(const nn_deadline *deadline, const nn_deadline_ahead *ahead);

#endif
