/* The optimizer on the slices of the flat vector that this rank owns, with its share of the optimizer's
 * state. */
#ifndef NN_TRAIN_UPDATE_H
#define NN_TRAIN_UPDATE_H

#include "comm/reduction.h"
#include "nn/network.h"
#include "optim/optimizer.h"

#define nn_update_create NN_REAL_SYMBOL(nn_update_create)
#define nn_update_destroy NN_REAL_SYMBOL(nn_update_destroy)
#define nn_update_norms NN_REAL_SYMBOL(nn_update_norms)
#define nn_update_apply NN_REAL_SYMBOL(nn_update_apply)

/* One block of parameters that this rank updates. */
typedef struct nn_owned_block {
    int64_t block;                 /* in the network's list */
    int64_t begin, end;            /* in the flat vector */
    int64_t slice;                 /* which slice it is part of */
    int64_t state;                 /* where its values begin in the state vectors */
    const nn_layer *layer;         /* whose values they are, ... */
    const nn_parameter *parameter; /* ... and of which tensor */
} nn_owned_block;

typedef struct nn_update {
    const nn_optimizer_type *optimizer;
    const void *options;
    nn_reduction *reduction;
    int threads;
    int64_t block_count;
    nn_owned_block *blocks;
    int64_t owned_values;
    int slot_count;
    const char *slot_names[NN_OPTIMIZER_SLOTS];
    nn_real *slots[NN_OPTIMIZER_SLOTS]; /* owned_values each: the owned slices, one after the other */
} nn_update;

/* network, options and reduction are borrowed. */
nn_status nn_update_create(const nn_network *network, const nn_optimizer_type *optimizer, const void *options,
                           nn_reduction *reduction, int threads, nn_update **update);
void nn_update_destroy(nn_update *update); /* accepts NULL */

/* Sums of squares of the reduced gradient, one per owned block, in their order; 0 where nothing is trained.
 */
void nn_update_norms(const nn_update *update, double *squares);

/* The optimizer's step on every owned block of the weights; running statistics take theirs from the
 * "gradient". */
void nn_update_apply(nn_update *update, const nn_optimizer_step *step, nn_real *weights);

#endif
