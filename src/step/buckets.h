/* Buckets: groups of complete layers, whose blocks together are worth a message. */
#ifndef NN_STEP_BUCKETS_H
#define NN_STEP_BUCKETS_H

#include "comm/reduction.h"
#include "nn/network.h"

typedef struct nn_buckets {
    int64_t count;
    int64_t *begin; /* count + 1 entries: indices of blocks */
} nn_buckets;

/* bucket_of_layer[l] becomes the bucket that is complete once the gradients of layer l and of all layers
 * above are; -1: none becomes complete with this layer. */
nn_status nn_buckets_make(const nn_network *network, nn_buckets *buckets, int64_t *bucket_of_layer);
void nn_buckets_release(nn_buckets *buckets);

/* The layout for a reduction; borrows from network, buckets and leaf_counts. */
nn_reduction_layout nn_buckets_layout(const nn_network *network, const nn_buckets *buckets,
                                      const int64_t *leaf_counts, int leaf_count_kinds);

#endif
