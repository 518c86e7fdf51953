/*
 * One step of a run: the gradient on this rank's share, its reduction (started layer by layer, while the
 * layers below still compute), the small agreement, the optimizer on the owned slices, and the weights back
 * to all ranks.
 */
#ifndef NN_STEP_STEP_H
#define NN_STEP_STEP_H

#include "comm/reduction.h"
#include "settings/settings.h"
#include "step/exchange.h"
#include "step/pace.h"
#include "step/plan.h"
#include "step/update.h"
#include "step/workers.h"

typedef struct nn_integrity nn_integrity;

typedef struct nn_stepper {
    nn_comm *comm;
    const nn_settings *settings;
    const nn_schedule_memory *memory; /* of the schedule */
    const nn_model *model;
    nn_plan plan;
    nn_workers *workers;
    nn_dataset *data;
    nn_reduction *reduction;
    nn_update *update;
    nn_integrity *integrity; /* NULL: nothing is verified */
    nn_exchange *exchange;   /* NULL: no layer looks at the whole batch */
    nn_pace pace;
    size_t uncounted_bytes;              /* of node-shared memory, which the allocator does not count */
    int width;                           /* figures a leaf */
    double denominators[NN_MODEL_HEADS]; /* of the step to come */
    double last_denominators[NN_MODEL_HEADS];
    int64_t *bucket_of_layer; /* the bucket that is final when the layer's gradient is; -1: none */
    int64_t *blocks_of_rank;  /* how many blocks each rank owns */
    int64_t *
        block_of_owned; /* all ranks' owned blocks, one rank after the other: indices in the network's list */
    size_t *sizes;      /* bytes of each rank's message */
    double *message, *messages;
    double *figures, *measures; /* in the canonical order of leaves, and of blocks */
} nn_stepper;

/* What a rank may ask for at a step; all ranks then do it at the same boundary. */
enum { NN_REQUEST_STOP = 1, NN_REQUEST_SAVE = 2, NN_REQUEST_TIME = 4 }; /* TIME: stop, for the time ends */

/* What a step ended with: the same on all ranks. */
typedef struct nn_step_result {
    double figures[NN_FIGURES_MAX]; /* summed over the batch */
    double gradient_norm;           /* before clipping; 0 where clipping is off */
    unsigned requests;              /* of any rank */
    bool nonfinite;                 /* NaN or Inf was met: nothing is updated */
    int64_t bad_position;           /* in the epoch, of the first sample where forward met it; -1: nowhere */
    int64_t bad_block;              /* the first whose summed gradient is not finite; -1: none known */
} nn_step_result;

/* Cuts the network into buckets and makes reduction and optimizer state. All are borrowed; the schedule's
 * memory may change between steps. Collective. */
nn_status nn_stepper_create(nn_comm *comm, const nn_settings *settings, const nn_schedule_memory *memory,
                            const nn_model *model, nn_plan plan, nn_workers *workers, nn_dataset *data,
                            int threads, nn_stepper **stepper);
void nn_stepper_destroy(nn_stepper *stepper); /* collective; accepts NULL */

/* Begins to read ahead where the data streams, and sums the denominators of the first step to come.
 * Collective. */
nn_status nn_stepper_begin(nn_stepper *stepper, int64_t step);

/* Step `step` (from 0). requests: what this rank asks for. Where the result says `nonfinite`, nothing is
 * updated, and the data of the step is still there: the caller ends the run, or releases the data.
 * Collective; on failure every rank fails. */
nn_status nn_stepper_run(nn_stepper *stepper, int64_t step, unsigned requests, nn_step_result *result);

#endif
