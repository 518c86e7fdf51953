/* The optimizer on the slices of the flat vector that this rank owns, with the optimizer's state for them. In
 * a step: measure, sum the measures over all ranks, prepare, apply. A block is updated by one thread,
 * from values of its own and sums over all blocks in the canonical tree, so any partition gives the same
 * bits.
 */
#ifndef NN_STEP_UPDATE_H
#define NN_STEP_UPDATE_H

#include "comm/reduction.h"
#include "model/model.h"
#include "nn/network.h"
#include "optim/optimizer.h"

/* Vectors of state: those of the optimizer, and the average of the weights. */
#define NN_UPDATE_STATES (NN_OPTIMIZER_SLOTS + 1)

/* Blocks that the optimizer treats alike, with what it prepares for them in a step: all tensors of a kind, or
 * a single tensor where the optimizer measures tensors. */
typedef struct nn_update_kind {
    double rate_factor;     /* on the learning rate */
    bool is_matrix;         /* as in nn_optimizer_step */
    int tensor;             /* index in tensors; -1: many */
    nn_optimizer_step step; /* as prepared */
} nn_update_kind;

/* A trained tensor of the network, which the optimizer measures. */
typedef struct nn_update_tensor {
    const nn_parameter *parameter;
    int64_t block_begin, block_end; /* its blocks, in the network's list */
} nn_update_tensor;

/* One block of parameters that this rank updates. */
typedef struct nn_owned_block {
    int64_t block;                 /* in the network's list */
    int64_t begin, end;            /* in the flat vector */
    int64_t slice;                 /* index of the slice that contains it */
    int64_t state;                 /* where its values begin in each vector of state */
    const nn_layer *layer;         /* that the values belong to, ... */
    const nn_parameter *parameter; /* ... and the tensor */
    int kind;                      /* index in kinds; -1: not trained */
} nn_owned_block;

/* What the configuration says about updates. Borrowed. */
typedef struct nn_update_options {
    const nn_optimizer_type *optimizer;
    const void *options;
    double clip_value; /* largest absolute value of a gradient's element; 0: no limit */
    double average;    /* fraction of the average that a step keeps, in the long run; 0: no average */
    int threads;
} nn_update_options;

/* What is measured of the blocks while they are updated. */
enum { NN_FOLLOWED_WEIGHTS, NN_FOLLOWED_UPDATE, NN_FOLLOWED_SQUARES };
typedef struct nn_update_followed {
    double *squares; /* for each owned block, of the new weights and of what was added to the old ones */
    nn_real *before; /* `room` values for each thread */
    int64_t room;    /* for the largest block */
} nn_update_followed;

typedef struct nn_update {
    nn_scalar scalar;
    nn_update_options options;
    nn_reduction *reduction;
    int64_t block_count;
    nn_owned_block *blocks;
    int kind_count;
    nn_update_kind *kinds;
    int tensor_count;          /* 0 where the optimizer measures none */
    nn_update_tensor *tensors; /* of the whole network, in the order of the flat vector */
    int measures;              /* values per block in nn_update_measure */
    int64_t owned_values;
    int slot_count, state_count;             /* the states: the optimizer's slots, then the average */
    char state_groups[NN_UPDATE_STATES][64]; /* their names in checkpoints: "optimizer/momentum" */
    nn_real *states[NN_UPDATE_STATES];       /* owned_values each: slice after slice */
    nn_real *average;                        /* the last of the states, or NULL */
    double kept;                             /* fraction of the average, in this step */
    int64_t step;                            /* to be measured, from 1, ... */
    const nn_real *weights;                  /* ... with these weights */
    double *measured;                        /* `measures` values for each owned block, in order */
    nn_update_followed *followed;            /* NULL: nothing is measured while blocks are updated */
} nn_update;

/* network and reduction are borrowed. */
nn_status nn_update_create(const nn_network *network, const nn_update_options *options,
                           nn_reduction *reduction, nn_update **update);
void nn_update_destroy(nn_update *update); /* accepts NULL */

/* Before the first step of a new run: the average starts as a copy of the weights. */
void nn_update_begin(nn_update *update, const nn_real *weights);

/* Before a step is reduced: when the sum of an owned block is complete, it is clipped to clip_value, and its
 * `measures` values are written to measures, for each owned block in order: the sum of squares of the
 * gradient (0 where nothing is trained; not finite where any value is not, including those of statistics),
 * and the sums of an optimizer that measures. All is written when nn_reduction_finish returns. step: from 1.
 * Weights and measures are borrowed. */
void nn_update_measure(nn_update *update, int64_t step, const nn_real *weights, double *measures);

/* Prepares the step for each kind. of_tensors: for each of the tensors, the optimizer's sums over its blocks
 * in the canonical tree; read only where it measures tensors. */
void nn_update_prepare(nn_update *update, const nn_optimizer_step *step, const double *of_tensors);

/* Applies the optimizer to every owned block of the weights, then updates the average. Running statistics are
 * blended with their "gradient", which is the statistic of the batch. */
void nn_update_apply(nn_update *update, nn_real *weights);

#endif
