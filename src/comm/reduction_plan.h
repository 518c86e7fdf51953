/* What a reduction knows before any communication: who owns which slice, who holds which nodes of the tree,
 * and the ways of sums and weights between the nodes of the cluster. Its size does not depend on the number
 * of ranks, except for a few integers for each. */
#ifndef NN_COMM_REDUCTION_PLAN_H
#define NN_COMM_REDUCTION_PLAN_H

#include "comm/comm.h"
#include "comm/cuts.h"
#include "comm/fold.h"
#include "comm/route.h"

/* At most this many buckets descend at the same time: the messages of others would delay those that the first
 * layers wait for. Simulated (scripts/scale.sh), 24 hide most of it on fast and on slow networks: with 16 a
 * slow one has too little to send while a layer computes, and without a limit communication adds half as much
 * again to a step of ResNet-50 on a fast one. The lowest bucket that some rank waits for is within the limit
 * of all, so that no two wait for each other. */
#define NN_SHARE_WINDOW 24

/* The plan for one of the possible numbers of leaves. */
typedef struct nn_reduction_leaf_plan {
    int64_t leaf_count;
    /* The tree nodes held by the ranks that share memory with this one, in order: that at place i has
     * [source_begin[i], source_begin[i + 1]). */
    nn_tree_node *sources;
    int *source_begin;
    /* What those are summed to by these ranks: sum i of sources [sum_begin[i], sum_begin[i + 1]), in the
     * memory of source sum_home[i]. With `mpi`: all of this rank's sources to one. */
    nn_fold *folds;
    int *sum_begin, *sum_home;
    int sum_count;
    nn_route up;
} nn_reduction_leaf_plan;

typedef struct nn_reduction_plan {
    int rank, size;
    int first, sharer_count,
        place;              /* the ranks that share memory: [first, first + sharer_count); this one's place */
    int *leaders, *domains; /* as in nn_ranks; if no memory is shared, each rank is its own */
    int *nodes;             /* for each rank: the lowest rank on its node, whether or not they share memory */
    nn_positions positions;
    nn_reduction_mode mode;
    unsigned width; /* bytes of a value */
    int64_t count, bucket_count;
    int64_t wire_leaves;
    size_t stride; /* bytes between arrays of `count` values */
    nn_cuts cuts;  /* for `mpi`: entire buckets */
    nn_reduction_leaf_plan *leaves;
    int leaf_count_kinds;
    int *partial_counts; /* for each place: the largest number of nodes that the rank holds, at least 1 */
    nn_route down;
    nn_reduction_slice *slices;
    int64_t slice_count;
    int64_t *slice_of; /* for each bucket: the index of the owned slice, or -1 */
    int64_t owned;     /* total number of values in the owned slices */
    int threads;
    size_t scratch; /* bytes per thread */
} nn_reduction_plan;

/* Plans the reduction for rank ranks.rank, without communication. `alone`: no rank shares memory with
 * another. Release the plan with nn_reduction_plan_release in any case. */
nn_status nn_reduction_plan_create(nn_ranks ranks, const nn_reduction_layout *layout, nn_reduction_mode mode,
                                   bool alone, nn_reduction_plan *plan);
void nn_reduction_plan_release(nn_reduction_plan *plan);

/* This rank's nodes for a number of leaves: returns their number; *nodes is the first, borrowed. */
int nn_reduction_plan_nodes(const nn_reduction_plan *plan, const nn_reduction_leaf_plan *leaves,
                            const nn_tree_node **nodes);

/* Whether another rank is on this rank's node: messages pass between the two where the node has leaves of
 * several parts of the tree, or too little shared memory. */
bool nn_reduction_plan_is_near(const nn_reduction_plan *plan, int rank);

/* Bytes of the partials of the rank at a place: one array of `stride` bytes per node. */
size_t nn_reduction_plan_partials(const nn_reduction_plan *plan, int place);

/* Bytes of this rank's share of its copy of the weights: with `exact`, the ranks of a NUMA domain have one.
 */
size_t nn_reduction_plan_weights(const nn_reduction_plan *plan);

/* Bytes that a holding takes in the memory of what arrives, where those that follow begin aligned. */
size_t nn_reduction_plan_arrival(const nn_reduction_plan *plan, int64_t bucket, const nn_holding *holding);

/* Bytes of what arrives from other nodes in a step, and of what must be converted to be sent. */
size_t nn_reduction_plan_arrivals(const nn_reduction_plan *plan);
size_t nn_reduction_plan_narrowed(const nn_reduction_plan *plan);

/* Whether sums of a node of the tree are rounded to bfloat16. */
bool nn_reduction_plan_rounds(const nn_reduction_plan *plan, int64_t leaves);

/* Bytes of a cell of a bucket in a message; of `leaves` leaves (0: weights). */
size_t nn_reduction_plan_bytes(const nn_reduction_plan *plan, int64_t bucket, nn_cell cell, int64_t leaves);

#endif
