/* Which samples belong to which step: this depends on the number of samples and the batch size alone. */
#ifndef NN_STEP_PLAN_H
#define NN_STEP_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/real.h"
#include "base/status.h"
#include "optim/schedule.h"

typedef struct nn_plan {
    int64_t samples; /* of an epoch */
    int64_t batch_size, microbatch_size;
    int64_t epochs;
    nn_schedule_length length; /* steps of the run, steps of an epoch */
    int64_t microbatches,
        last_microbatches;  /* microbatches of a full batch, and of the last one of an epoch */
    int64_t validate_every; /* steps between validations */
    int64_t wire_leaves;    /* nn_plan_wire_leaves, or 0: no sum is rounded */
    bool in_place;          /* batches come from outside: there is one for a step once it is given, ... */
    int64_t given_step, given_samples; /* ... as this one is: as many samples, of at most batch_size */
    bool begun;                        /* by an earlier job: the sizes cannot be changed any more */
} nn_plan;

/* One step's batch: positions [first, first + samples) of the epoch's order, in `microbatches` microbatches.
 */
typedef struct nn_batch {
    int64_t epoch, first, samples, microbatches;
} nn_batch;

/* limit_batches: an epoch ends after this many; 0: no limit. Sizes of 0 are chosen by the rules in the help
 * of their options. */
nn_plan nn_plan_make(int64_t samples, int64_t batch_size, int64_t microbatch_size, int64_t epochs,
                     bool drop_last, int64_t limit_batches);

/* The largest microbatch size with which a full batch has a microbatch for each of `workers` workers; 0:
 * none. */
int64_t nn_plan_microbatch_for(const nn_plan *plan, int64_t workers);

/* Fails where a full batch has fewer microbatches than ranks; the message says what to change and what that
 * costs. */
nn_status nn_plan_check_ranks(const nn_plan *plan, int size);

/* The steps of an interval in steps or epochs; 0: it is in another unit. */
int64_t nn_plan_interval(const nn_plan *plan, nn_duration every);

/* With training.wire: bf16, the sum of a node of the canonical tree with at least this many microbatches is
 * rounded to bfloat16: the smallest power of two that gives 16 samples. */
int64_t nn_plan_wire_leaves(int64_t microbatch_size);

/* The batch of a step, from 0. */
nn_batch nn_plan_batch(const nn_plan *plan, int64_t step);

/* Whether an interval of `every` ends after `steps` steps; never where it counts seconds or is not given. */
bool nn_plan_interval_ends(const nn_plan *plan, nn_duration every, int64_t steps);

#endif
