/* How the buckets of the flat vector are divided into slices of whole blocks, one per rank. */
#ifndef NN_COMM_CUTS_H
#define NN_COMM_CUTS_H

#include "base/status.h"
#include "comm/reduction_layout.h"

typedef struct nn_cuts {
    int ranks;
    int64_t bucket_count;
    int64_t *blocks, *values; /* bucket_count x (ranks + 1): the boundaries in each bucket */
} nn_cuts;

/* Divides all buckets evenly, by values, among `ranks` ranks; release the cuts with nn_cuts_release. */
nn_status nn_cuts_create(const nn_reduction_layout *layout, int ranks, nn_cuts *cuts);
void nn_cuts_release(nn_cuts *cuts);

/* The slice of a bucket owned by a rank, without gradient; begin == end if it owns none. */
nn_reduction_slice nn_cuts_slice(const nn_cuts *cuts, int64_t bucket, int rank);

/* A rank's non-empty slices, in ascending order; at most bucket_count. Returns their number. */
int64_t nn_cuts_slices(const nn_cuts *cuts, int rank, nn_reduction_slice *slices);

#endif
