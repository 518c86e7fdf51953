/* What a reduction knows before any communication: who owns which slice, and who holds which nodes of the
 * tree. */
#ifndef NN_COMM_REDUCTION_PLAN_H
#define NN_COMM_REDUCTION_PLAN_H

#include "comm/comm.h"
#include "comm/cuts.h"
#include "comm/fold.h"

/* The plan for one of the possible numbers of leaves. */
typedef struct nn_reduction_leaf_plan {
    int64_t leaf_count;
    nn_tree_node *sources; /* the nodes to be summed: of all ranks for `exact`, of this rank for `mpi` */
    int *source_begin;     /* rank r holds the sources [source_begin[r], source_begin[r + 1]) */
    nn_fold fold;
} nn_reduction_leaf_plan;

typedef struct nn_reduction_plan {
    int rank, size;
    const int *leaders; /* for each rank: the lowest rank on its node; borrowed */
    nn_reduction_mode mode;
    unsigned width; /* bytes of a value */
    int64_t count, bucket_count;
    size_t stride; /* bytes between arrays of `count` values */
    nn_cuts cuts;  /* for `mpi`: entire buckets */
    nn_reduction_leaf_plan *leaves;
    int leaf_count_kinds;
    int *partial_counts; /* for each rank: the largest number of nodes that it holds */
    nn_reduction_slice *slices;
    int64_t slice_count;
    int64_t owned;        /* total number of values in the owned slices */
    bool lacks_leaves;    /* for some number of leaves, this rank has no node */
    int64_t *owned_begin; /* where each owned block begins in the flat vector */
    int threads;
    size_t scratch; /* bytes per thread */
} nn_reduction_plan;

/* Plans the reduction for rank ranks.rank, without communication; release the plan with
 * nn_reduction_plan_release. */
nn_status nn_reduction_plan_create(nn_ranks ranks, const nn_reduction_layout *layout, nn_reduction_mode mode,
                                   nn_reduction_plan *plan);
void nn_reduction_plan_release(nn_reduction_plan *plan);

/* A rank's nodes for a number of leaves: returns their number; *nodes is the first, borrowed. */
int nn_reduction_leaf_plan_nodes(const nn_reduction_leaf_plan *leaves, int rank, const nn_tree_node **nodes);

/* Bytes of a rank's partials: one array of `stride` bytes per node. */
size_t nn_reduction_plan_partials(const nn_reduction_plan *plan, int rank);

/* Bytes of a rank's share of its copy of the weights: with `exact`, the ranks of a NUMA domain have one. */
size_t nn_reduction_plan_weights(const nn_reduction_plan *plan, const int *domains);

/* Bytes of the owned slices of the nodes that arrive in messages: from all ranks outside this rank's
 * group. */
size_t nn_reduction_plan_arrivals(const nn_reduction_plan *plan, const int *groups);

/* Bytes of the sum in the owned slices, if it cannot be built in this rank's own first partial. */
size_t nn_reduction_plan_sum(const nn_reduction_plan *plan);

#endif
