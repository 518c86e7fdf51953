/* The progress bar on a terminal, and what the lines at the end of an epoch are computed from. */
#ifndef NN_TRAIN_PROGRESS_BAR_H
#define NN_TRAIN_PROGRESS_BAR_H

#include "step/plan.h"
#include "step/stepper.h"

typedef struct nn_progress {
    bool terminal;
    double epoch_began, shown; /* in seconds */
    int64_t epoch_samples;     /* done by this process in the epoch in progress */
    double waited;             /* for data, up to the beginning of the epoch, in seconds */
} nn_progress;

/* After step `steps` of the run: counts its samples, and draws the bar where there is a terminal. */
void nn_progress_step(nn_progress *progress, const nn_stepper *stepper, int64_t steps, nn_batch batch,
                      const nn_step_result *result);

#endif
