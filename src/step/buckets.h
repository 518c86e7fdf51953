/* Buckets: the pieces of the flat vector that are reduced and returned one by one. */
#ifndef NN_STEP_BUCKETS_H
#define NN_STEP_BUCKETS_H

#include "comm/reduction.h"
#include "nn/network.h"

typedef struct nn_buckets {
    int64_t count;
    int64_t *begin;  /* count + 1 entries: indices of blocks */
    int64_t *needed; /* by layer: the number of buckets, from the first, with the weights of this layer and of
                        all layers below */
} nn_buckets;

/* Release them in any case. */
nn_status nn_buckets_make(const nn_network *network, nn_buckets *buckets);
void nn_buckets_release(nn_buckets *buckets);

/* The layout for a reduction; borrows from network, buckets and leaf_counts. */
nn_reduction_layout nn_buckets_layout(const nn_network *network, const nn_buckets *buckets,
                                      const int64_t *leaf_counts, int leaf_count_kinds);

#endif
