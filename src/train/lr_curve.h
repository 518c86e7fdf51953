/*
 * What a learning-rate range test has found (Smith: Cyclical learning rates for training neural networks;
 * WACV 2017): the loss of each step of a training run whose learning rate grows exponentially.
 */
#ifndef NN_TRAIN_LR_CURVE_H
#define NN_TRAIN_LR_CURVE_H

#include <stdbool.h>
#include <stdint.h>

#include "settings/job.h"

typedef struct nn_lr_range_request {
    const nn_job *job; /* with fresh, without a run directory */
    double from, to;   /* learning rates of the first and the last step */
    int64_t steps;
} nn_lr_range_request;

typedef struct nn_lr_range {
    int64_t count;                     /* steps done */
    double *rates, *losses, *smoothed; /* owned; the loss before the step with this learning rate */
    bool diverges;                     /* the last losses are far above the first ones, or not finite */
    int64_t lowest;                    /* step of the lowest smoothed loss */
    int64_t steepest;                  /* step at which the smoothed loss falls fastest, up to the lowest */
    double suggestion;                 /* 0: none can be given */
    char reason[512];                  /* in words */
} nn_lr_range;

/* Whether the losses so far diverge: their trailing mean has risen above the first by at least as much as it
 * fell below it, by half of the first, and by more than it varies from step to step. The caller keeps the
 * watch, which is first zero. */
typedef struct nn_lr_watch {
    double mean, first, least;
    double last, squares; /* of the differences from step to step */
    int64_t count;
} nn_lr_watch;
bool nn_lr_watch_diverges(nn_lr_watch *watch, int64_t steps, double loss);

/* Smooths the losses, and suggests a learning rate. */
void nn_lr_range_judge(nn_lr_range *range, int64_t steps);

void nn_lr_range_release(nn_lr_range *range);

#endif
