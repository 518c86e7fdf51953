/* How the buckets of the flat vector are cut into slices of whole blocks, one a rank. */
#ifndef NN_COMM_LAYOUT_H
#define NN_COMM_LAYOUT_H

#include "comm/reduction.h"

typedef struct nn_cuts {
    int ranks;
    int64_t bucket_count;
    int64_t *blocks, *values; /* bucket_count x (ranks + 1): where each bucket is cut */
} nn_cuts;

nn_status nn_cuts_create(const nn_reduction_layout *layout, int ranks, nn_cuts *cuts);
void nn_cuts_release(nn_cuts *cuts);

/* The slice of a bucket that a rank owns, without gradient; begin == end where it owns none. */
nn_reduction_slice nn_cuts_slice(const nn_cuts *cuts, int64_t bucket, int rank);

/* A rank's slices that are not empty, in ascending order; at most bucket_count. */
int64_t nn_cuts_slices(const nn_cuts *cuts, int rank, nn_reduction_slice *slices);

#endif
