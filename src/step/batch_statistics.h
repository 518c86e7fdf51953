/*
 * What layers that look at the whole batch are handed: each microbatch of the share collects, a node's
 * microbatches are merged in the order of the canonical tree, and so are the nodes of all ranks. A batch's
 * statistics stay until the next one's: a microbatch can be computed again with them.
 */
#ifndef NN_STEP_BATCH_STATISTICS_H
#define NN_STEP_BATCH_STATISTICS_H

#include "base/shares.h"
#include "base/tree.h"
#include "nn/network.h"

typedef struct nn_batch_statistics {
    double *batch; /* of all layers and passes, as nn_microbatch.statistics has them; NULL: no layer asks */
    double
        *leaves; /* what each leaf of a share collects for one layer and pass, or what its nodes merge to */
} nn_batch_statistics;

/* A layer, a pass through it, and the batch whose statistics are merged: how its leaves are shared out. */
typedef struct nn_batch_statistics_call {
    const nn_network *network;
    int layer;
    nn_pass pass;
    const nn_shares *shares; /* NULL where there is no exchange */
} nn_batch_statistics_call;

/* Merges what this rank's nodes have (the values of each, one after the other, from left to right) with what
 * those of all other ranks have, in the order of the tree; the result takes the first one's place on every
 * rank, where there is room also without a node. Collective. */
typedef nn_status (*nn_batch_statistics_exchange)(void *context, const nn_batch_statistics_call *call,
                                                  const nn_tree_node *nodes, int node_count, double *values);

/* For shares of at most `leaves` leaves. */
nn_status nn_batch_statistics_create(const nn_network *network, int64_t leaves,
                                     nn_batch_statistics *statistics);
void nn_batch_statistics_release(nn_batch_statistics *statistics);
size_t nn_batch_statistics_memory(const nn_network *network, int64_t leaves); /* bytes */

/* Where leaf `leaf` of the share, from 0, puts what it collects for a layer and pass. */
double *nn_batch_statistics_leaf(const nn_batch_statistics *statistics, const nn_network *network, int layer,
                                 nn_pass pass, int64_t leaf);

/* Merges what the leaves of this rank's nodes have collected, and that with what other ranks have. exchange
 * NULL: the nodes are the whole batch. Collective. */
nn_status nn_batch_statistics_merge(nn_batch_statistics *statistics, const nn_batch_statistics_call *call,
                                    const nn_tree_node *nodes, int node_count,
                                    nn_batch_statistics_exchange exchange, void *context);

#endif
