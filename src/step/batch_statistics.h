/* Statistics over the whole batch, for layers that need them: each microbatch of the share collects values,
 * the values of a node's microbatches are merged in the order of the canonical tree, and then those of all
 * ranks' nodes. The statistics of a batch are kept until the next batch replaces them, so that a microbatch
 * can be computed again with them.
 */
#ifndef NN_STEP_BATCH_STATISTICS_H
#define NN_STEP_BATCH_STATISTICS_H

#include "base/shares.h"
#include "base/tree.h"
#include "nn/network.h"

typedef struct nn_batch_statistics {
    double *batch; /* of all layers and passes, as nn_microbatch.statistics has them; NULL: no layer asks */
    double *collected; /* what each microbatch of a share collects for one layer and pass; merged, what each
                          node has */
} nn_batch_statistics;

/* A layer, a pass through it, and the shares of the batch whose statistics are merged. */
typedef struct nn_batch_statistics_call {
    const nn_network *network;
    int layer;
    nn_pass pass;
    const nn_shares *shares; /* NULL where there is no exchange */
} nn_batch_statistics_call;

/* Merges the values of this rank's nodes (node after node, from left to right) with those of all other ranks,
 * in the order of the tree. The result replaces the values of the first node, on every rank; a rank without a
 * node has room for it. Collective. */
typedef nn_status (*nn_batch_statistics_exchange)(void *context, const nn_batch_statistics_call *call,
                                                  const nn_tree_node *nodes, int node_count, double *values);

/* For shares of at most `share_max` microbatches. */
nn_status nn_batch_statistics_create(const nn_network *network, int64_t share_max,
                                     nn_batch_statistics *statistics);
void nn_batch_statistics_release(nn_batch_statistics *statistics);
size_t nn_batch_statistics_memory(const nn_network *network, int64_t share_max); /* bytes */

/* Where microbatch `index` of the share, from 0, puts what it collects for a layer and pass. */
double *nn_batch_statistics_place(const nn_batch_statistics *statistics, const nn_network *network, int layer,
                                  nn_pass pass, int64_t index);

/* Merges what the microbatches of this rank's nodes have collected, and then the nodes of all ranks. Without
 * an exchange the nodes are the whole batch. Collective. */
nn_status nn_batch_statistics_merge(nn_batch_statistics *statistics, const nn_batch_statistics_call *call,
                                    const nn_tree_node *nodes, int node_count,
                                    nn_batch_statistics_exchange exchange, void *context);

#endif
