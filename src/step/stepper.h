/*
 * One step of a run, from microbatches to new weights; step.c says how, and why in this order.
 *
 * The words for pieces of a batch, here and wherever a batch is cut:
 *
 *     batch        the samples of one step, on all ranks together (training.batch_size)
 *     microbatch   the samples that pass through the network in one call, and the unit of every sum
 *                  (training.microbatch_size)
 *     leaf, node   of the canonical tree over the microbatches of a batch (base/tree.h): leaf i is microbatch
 *                  i; a node is a range of them with a sum of its own
 *     share        the microbatches of one rank, a contiguous range (base/shares.h)
 *     wave         the microbatches of a share that are in memory at the same time: all of them, unless
 *                  training.memory is too small for that
 *
 * What is said of the microbatches of a batch holds for those of an evaluated part of the data too.
 */
#ifndef NN_STEP_STEPPER_H
#define NN_STEP_STEPPER_H

#include "base/shares.h"
#include "comm/reduction.h"
#include "settings/settings.h"
#include "step/buckets.h"
#include "step/exchange.h"
#include "step/layer_norms.h"
#include "step/norms.h"
#include "step/observer.h"
#include "step/pace.h"
#include "step/plan.h"
#include "step/update.h"
#include "step/workers.h"

#define NN_STEP_OBSERVERS 6

/* The most microbatches of a batch that is given: for each number of them, sums are planned beforehand. */
#define NN_STEPPER_GIVEN 1024

typedef struct nn_stepper {
    nn_comm *comm;
    nn_scalar scalar; /* of weights, gradients and state */
    const nn_settings *settings;
    const nn_schedule_memory *memory; /* of the schedule */
    const nn_model *model;
    nn_plan plan;
    int threads;
    nn_shares shares, last_shares; /* of a full batch, and of the last one of an epoch */
    nn_shares given_shares;        /* of the batch that was given for a step */
    nn_workers *workers;
    nn_dataset *data;
    nn_reduction *reduction;
    nn_update *update;
    nn_exchange *exchange; /* NULL: no layer needs the whole batch */
    nn_pace pace;
    int observer_count;
    nn_step_observer observers[NN_STEP_OBSERVERS];
    size_t uncounted_bytes;              /* of node-shared memory, which the allocator does not count */
    double denominators[NN_MODEL_HEADS]; /* of the coming step: the agreement of the one before has them */
    double last_denominators[NN_MODEL_HEADS]; /* of the step whose gradient was computed last */
    nn_buckets buckets;
    int64_t unstarted;       /* buckets [0, unstarted) are not yet final in this step */
    int64_t *blocks_of_rank; /* number of blocks that each rank owns */
    int64_t *block_of_owned; /* the owned blocks of rank 0, 1, ...: indices in the network's list */

    size_t *sizes;                  /* room for a number of bytes of each rank, for gathering */
    nn_norms *norms;                /* of the gradient */
    int64_t log_every;              /* steps between lines of the log; 0: none */
    nn_norms_by_layer *layer_norms; /* NULL: they are not logged */

    /* Of the agreement (step/agreement.c). */
    int width;       /* values per microbatch that are summed for the results */
    double *results; /* of this rank's microbatches: `width` values each */
    double *counted; /* of its microbatches of the next batch: a denominator per head */
    nn_combine *agreement;
} nn_stepper;

/* What a rank may ask for at a step; all ranks then do it at the same boundary. TIME: stop, time is running
 * out. WRITING is not a request: the rank still writes its part of a checkpoint. */
enum { NN_REQUEST_STOP = 1, NN_REQUEST_SAVE = 2, NN_REQUEST_TIME = 4, NN_REQUEST_WRITING = 8 };
#define NN_REQUESTS_OF_SAVE (NN_REQUEST_STOP | NN_REQUEST_SAVE | NN_REQUEST_TIME)

/* What a step ended with: the same on all ranks. */
typedef struct nn_step_result {
    double results[NN_RESULTS_MAX]; /* summed over the batch */
    double gradient_norm;           /* before clipping; 0 where it is neither clipped nor logged */
    unsigned requests;              /* of any rank */
    bool nonfinite;                 /* NaN or Inf was met: nothing is updated */
    int64_t bad_position;           /* in the epoch, of the first sample where forward met it; -1: nowhere */
    int64_t bad_block;              /* the first whose summed gradient is not finite; -1: none known */
} nn_step_result;

/* What a stepper is made from. All is borrowed; `memory` may change between steps. */
typedef struct nn_stepper_request {
    const nn_settings *settings;
    const nn_schedule_memory *memory;
    const nn_model *model;
    nn_plan plan;
    nn_workers *workers;
    nn_dataset *data;
    int threads;
} nn_stepper_request;

/* Cuts the network into buckets and makes reduction and optimizer state. Collective. */
nn_status nn_stepper_create(nn_comm *comm, const nn_stepper_request *request, nn_stepper **stepper);
void nn_stepper_destroy(nn_stepper *stepper); /* collective; accepts NULL */

/* From now on the observer, which is copied, is called at the seams of each step, after those attached
 * earlier. At most NN_STEP_OBSERVERS, two of which are the stepper's own. */
void nn_stepper_observe(nn_stepper *stepper, nn_step_observer observer);

/* The shares of a batch of this many microbatches: as many as a full batch has, or the last one. */
const nn_shares *nn_stepper_shares(const nn_stepper *stepper, int64_t microbatches);

/* Makes the shares of a batch that is given. */
nn_status nn_stepper_share_out(nn_stepper *stepper, int64_t microbatches);

/* Begins to read ahead where the data streams, and sums the denominators of the first step, which is `step`.
 * Collective. */
nn_status nn_stepper_begin(nn_stepper *stepper, int64_t step);

/* For a plan with in_place, before each step: the batch of step `step` has `samples` samples, at least 1,
 * which the data set has now. Sums its denominators. begins: nn_stepper_begin is called for it too.
 * Collective. */
nn_status nn_stepper_give(nn_stepper *stepper, int64_t step, int64_t samples, bool begins);

/* Step `step` (from 0). requests: what this rank asks for. Where the result says `nonfinite`, nothing is
 * updated, and the data of the step is still held: the caller ends the run, or releases the data.
 * Collective; on failure every rank fails.
 *
 * When it returns, the new weights of other ranks may still be on their way. The next step awaits them layer
 * by layer. */
nn_status nn_stepper_run(nn_stepper *stepper, int64_t step, unsigned requests, nn_step_result *result);

/* Whether step `step` (from 0) is followed by a line of the log. */
static inline bool nn_stepper_logs(const nn_stepper *stepper, int64_t step)
{
    return stepper->log_every > 0 && (step + 1) % stepper->log_every == 0;
}

/* Between steps: waits until this rank has all weights (nn_reduction_weights), and before anything else that
 * ranks do together with them. Collective; returns at once where they have arrived. */
nn_status nn_stepper_settle(nn_stepper *stepper);

#endif
