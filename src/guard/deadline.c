#include "guard/deadline.h"

/* A long duration counts less with each one that follows. */
#define DEADLINE_FORGETS 0.05
/* For the end of MPI and of the program, and the difference between the clocks of nodes. */
#define DEADLINE_ENDING 5.0
/* Other jobs use the disk too: the next checkpoint may take twice as long. */
#define DEADLINE_SAVINGS 2.0
/* Bytes per second of a slow disk. */
#define DEADLINE_SLOW 50e6

static void deadline_follow(double *longest, double seconds)
{
    *longest = seconds > *longest ? seconds : *longest + DEADLINE_FORGETS * (seconds - *longest);
}

void nn_deadline_step(nn_deadline *deadline, double seconds)
{
    deadline_follow(&deadline->step, seconds);
}

void nn_deadline_evaluation(nn_deadline *deadline, double seconds)
{
    deadline_follow(&deadline->evaluation, seconds);
}

void nn_deadline_saving(nn_deadline *deadline, double seconds)
{
    deadline_follow(&deadline->saving, seconds);
}

double nn_deadline_needs(const nn_deadline *deadline, const nn_deadline_ahead *ahead)
{
    double saving = deadline->saving > 0 ? deadline->saving : ahead->checkpoint_bytes / DEADLINE_SLOW;
    double evaluation =
        deadline->evaluation > 0 ? deadline->evaluation : ahead->evaluation_steps * deadline->step;
    return 2 * deadline->step + (ahead->ends_epoch ? evaluation : 0) + DEADLINE_SAVINGS * saving +
           DEADLINE_ENDING;
}
