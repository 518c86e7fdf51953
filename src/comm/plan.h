/* What a reduction can know before it communicates: who owns which slice, and who holds which nodes of the
 * tree. */
#ifndef NN_COMM_PLAN_H
#define NN_COMM_PLAN_H

#include "comm/fold.h"
#include "comm/layout.h"

/* One number of leaves that occurs. */
typedef struct nn_leaf_plan {
    int64_t leaf_count;
    nn_tree_node *sources; /* the nodes that are summed: of all ranks for `exact`, of this rank for `mpi` */
    int *source_begin;     /* rank r holds the sources [source_begin[r], source_begin[r + 1]) */
    nn_fold fold;
} nn_leaf_plan;

typedef struct nn_plan {
    int rank, size;
    nn_reduction_mode mode;
    unsigned width; /* bytes of a value */
    int64_t count, bucket_count;
    size_t stride; /* bytes from one array of `count` values to the next */
    nn_cuts cuts;  /* for `mpi`: the buckets, whole */
    nn_leaf_plan *leaves;
    int leaf_count_kinds;
    int *partial_counts; /* of each rank: the most nodes that it holds */
    nn_reduction_slice *slices;
    int64_t slice_count;
    int64_t owned;     /* values in the owned slices together */
    bool lacks_leaves; /* this rank has no node for some number of leaves */
    size_t scratch;    /* bytes */
} nn_plan;

nn_status nn_plan_create(nn_ranks ranks, const nn_reduction_layout *layout, nn_reduction_mode mode,
                         nn_plan *plan);
void nn_plan_release(nn_plan *plan);

/* A rank's nodes for a number of leaves: their number, and the first of them. */
int nn_leaf_plan_nodes(const nn_leaf_plan *leaves, int rank, const nn_tree_node **nodes);

/* Bytes of a rank's weights and partials: the weights, then one array a node. */
size_t nn_plan_arrays(const nn_plan *plan, int rank);

/* Bytes of the owned slices of the nodes that come in messages: from all ranks whose group is not this
 * rank's. */
size_t nn_plan_arrivals(const nn_plan *plan, const int *groups);

/* Bytes of the sum in the owned slices, where it cannot be built in this rank's own first partial. */
size_t nn_plan_sum(const nn_plan *plan);

#endif
