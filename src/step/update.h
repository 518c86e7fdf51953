/*
 * The optimizer on the slices of the flat vector that this rank owns, with its share of the optimizer's
 * state. In a step: measure, exchange the measures, prepare, apply.
 */
#ifndef NN_STEP_UPDATE_H
#define NN_STEP_UPDATE_H

#include "comm/reduction.h"
#include "model/model.h"
#include "nn/network.h"
#include "optim/optimizer.h"

/* Vectors of state: the optimizer's, and the average of the weights. */
#define NN_UPDATE_STATES (NN_OPTIMIZER_SLOTS + 1)

/* Blocks that the optimizer treats alike, with what it prepares for them in a step: the tensors of one kind,
 * or one tensor where it measures tensors. */
typedef struct nn_update_kind {
    double rate_factor;             /* on the learning rate */
    bool is_matrix;                 /* as in nn_optimizer_step */
    int64_t block_begin, block_end; /* of the tensor, in the network's list; 0: of many tensors */
    nn_optimizer_step step;         /* the one under way */
} nn_update_kind;

/* One block of parameters that this rank updates. */
typedef struct nn_owned_block {
    int64_t block;                 /* in the network's list */
    int64_t begin, end;            /* in the flat vector */
    int64_t slice;                 /* which slice it is part of */
    int64_t state;                 /* where its values begin in the state vectors */
    const nn_layer *layer;         /* whose values they are, ... */
    const nn_parameter *parameter; /* ... and of which tensor */
    int kind;                      /* -1: nothing is trained */
} nn_owned_block;

/* What a configuration says about updates. Borrowed. */
typedef struct nn_update_options {
    const nn_optimizer_type *optimizer;
    const void *options;
    double clip_value; /* the largest size of a gradient's element; 0: any */
    double average;    /* share of the average of the weights that a step keeps, later on; 0: no average */
    int threads;
} nn_update_options;

typedef struct nn_update {
    nn_update_options options;
    nn_reduction *reduction;
    int64_t block_count;
    nn_owned_block *blocks;
    int kind_count;
    nn_update_kind *kinds;
    int measures; /* values a block in nn_update_measure */
    int64_t owned_values;
    int slot_count, state_count;             /* the states are the optimizer's slots, and then the average */
    char state_groups[NN_UPDATE_STATES][64]; /* where checkpoints hold them: "optimizer/momentum" */
    nn_real *states[NN_UPDATE_STATES];       /* owned_values each: the owned slices, one after the other */
    nn_real *average;                        /* the last of the states, or NULL */
    double kept;                             /* of the average, in the step under way */
} nn_update;

/* network and reduction are borrowed. */
nn_status nn_update_create(const nn_network *network, const nn_update_options *options,
                           nn_reduction *reduction, nn_update **update);
void nn_update_destroy(nn_update *update); /* accepts NULL */

/* Before the first step of a new run: the average begins as the weights. */
void nn_update_begin(nn_update *update, const nn_real *weights);

/* Cuts the reduced gradient down to clip_value; then, for each owned block in their order, `measures` values:
 * the sum of squares of the gradient (0 where nothing is trained; not finite where a value was not, of a
 * statistic too), and the
 * sums of an optimizer that measures. step: from 1. */
void nn_update_measure(nn_update *update, int64_t step, const nn_real *weights, double *measures);

/* What the step does to each kind. measures: of all blocks of the network in their order (read where the
 * optimizer measures tensors). */
void nn_update_prepare(nn_update *update, const nn_optimizer_step *step, const double *measures);

/* The optimizer's step on every owned block of the weights, and the average after it; running statistics take
 * theirs from the "gradient". */
void nn_update_apply(nn_update *update, nn_real *weights);

#endif
