/* How the buckets of the flat vector are divided into slices of whole blocks, one for each position. Computed
 * when asked for: no table grows with the number of ranks. */
#ifndef NN_COMM_CUTS_H
#define NN_COMM_CUTS_H

#include "base/status.h"
#include "comm/positions.h"
#include "comm/reduction_layout.h"

typedef struct nn_cuts {
    int positions;
    int64_t bucket_count;
    int64_t *bucket_begin; /* in blocks; bucket_count + 1 entries */
    int64_t *block_begin;  /* in values */
} nn_cuts;

/* Copies the layout's boundaries; release the cuts in any case. */
nn_status nn_cuts_create(const nn_reduction_layout *layout, int positions, nn_cuts *cuts);
void nn_cuts_release(nn_cuts *cuts);

/* The slice of a bucket at a position, without gradient; begin == end if it is empty. */
nn_reduction_slice nn_cuts_slice(const nn_cuts *cuts, int64_t bucket, int position);

/* The non-empty slices at a position, in ascending order; at most bucket_count. Returns their number. */
int64_t nn_cuts_slices(const nn_cuts *cuts, int position, nn_reduction_slice *slices);

/* Consecutive blocks of a bucket, and their values. */
typedef struct nn_stretch {
    int64_t block_begin, block_end;
    int64_t begin, end; /* in the flat vector */
} nn_stretch;

/* The part of a bucket that a cell covers: one piece, or two where the cell passes the end of the bucket, the
 * first of which is at the end. Returns the number of pieces, none of which is empty. */
int nn_cuts_pieces(const nn_cuts *cuts, int64_t bucket, nn_cell cell, nn_stretch pieces[2]);

/* Number of values in them. */
int64_t nn_cuts_count(const nn_cuts *cuts, int64_t bucket, nn_cell cell);

#endif
