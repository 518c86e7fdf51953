/*
 * The seams of a step (step/step.c), at which others look on without being part of it: the pulse that the
 * watchdog reads, the pace of the ranks, and the search for silent corruption (guard/integrity.h).
 */
#ifndef NN_STEP_OBSERVER_H
#define NN_STEP_OBSERVER_H

#include "base/status.h"
#include "base/tree.h"
#include "step/plan.h"

typedef enum nn_seam {
    NN_SEAM_START,    /* once, before the first step of this process: weights and state are complete */
    NN_SEAM_BEGIN,    /* the gradient is about to be computed */
    NN_SEAM_COMPUTED, /* this rank's microbatches are done; the sum over the ranks is not */
    NN_SEAM_REDUCED,  /* gradients are summed; nothing is updated, and the data of the step is still held */
    NN_SEAM_AGREED,   /* all ranks know that the step counts */
    NN_SEAM_UPDATED,  /* this rank has written its slices of the weights and of the optimizer's state */
    NN_SEAM_SENT,     /* and they are on their way to the other ranks, as are those of others to this rank */
    NN_SEAMS
} nn_seam;

/* Where the run is. */
typedef struct nn_step_progress {
    int64_t step; /* from 0; at NN_SEAM_START the one to come, and the rest is not set */
    nn_batch batch;
    nn_tree_node share; /* this rank's microbatches of the batch */
    bool has_data;      /* from NN_SEAM_REDUCED on: this rank could read its samples */
    unsigned requests;  /* from NN_SEAM_AGREED on: those of any rank */
} nn_step_progress;

/* A function for each seam, or NULL. Collective where it says so: then it must fail on all ranks or on none,
 * and its failure is that of the step. */
typedef struct nn_step_observer {
    void *context;
    nn_status (*at[NN_SEAMS])(void *context, const nn_step_progress *progress);
} nn_step_observer;

/* Tells host/pulse.h which phase of which step this rank is in. */
extern const nn_step_observer nn_step_pulse;

#endif
