/*
 * The sum of gradients over ranks, and the return of the updated weights.
 *
 * The flat parameter vector is divided into blocks, consecutive blocks form buckets, and each bucket is
 * divided into one slice of whole blocks per rank: the rank that owns a slice sums it, updates it, and
 * distributes it to all. The leaves of a step are the microbatches of the batch; each rank holds partial sums
 * for the maximal nodes of the canonical tree (base/tree.h) that tile its share of the leaves. `exact`
 * completes that same tree, so the bits do not depend on the number of ranks; `mpi` uses MPI_Iallreduce per
 * bucket, after which every rank has every slice.
 *
 * With `exact`, the ranks of a NUMA domain have one copy of the weights, in node-shared memory, which the
 * owners update in place. With `mpi`, and where there is too little node-shared memory, every rank has its
 * own.
 *
 * Within a node of the cluster, `exact` adds through shared memory; between nodes, sums and weights climb and
 * descend the canonical tree in O(log nodes) messages per rank and bucket (comm/route.h). Nothing is larger
 * for more ranks than a few integers for each.
 *
 * A step:  begin; `await` the weights of each bucket before they are read; fill the partials from the last
 * bucket to the first, `start` each bucket once its partials are final on this rank, calling `progress` in
 * between; `finish`; `claim`; update the weights of the owned slices; `share_begin`.
 */
#ifndef NN_COMM_REDUCTION_H
#define NN_COMM_REDUCTION_H

#include "base/tree.h"
#include "comm/combine.h"
#include "comm/comm.h"
#include "comm/reduction_layout.h"

typedef struct nn_reduction nn_reduction;

/* Allocates all buffers: partials and weights (in node-shared memory if there is enough, so that peers on the
 * node read them directly), and receive buffers. Creation and destruction, which accepts NULL, are
 * collective. The caller owns *reduction. */
nn_status nn_reduction_create(nn_comm *comm, const nn_reduction_layout *layout, nn_reduction_mode mode,
                              nn_reduction_arithmetic arithmetic, nn_reduction **reduction);
void nn_reduction_destroy(nn_reduction *reduction);

/* Adds hooks, which are copied, before the first step. */
void nn_reduction_attach(nn_reduction *reduction, nn_reduction_hooks hooks);

/* Bytes that nn_reduction_create will allocate on a rank, for the memory forecast. */
size_t nn_reduction_memory(nn_ranks ranks, const nn_reduction_layout *layout, nn_reduction_mode mode);

/* What a rank handles in a step of a full batch. */
typedef struct nn_reduction_traffic {
    size_t on_node;    /* bytes that it reads from ranks on its node: partials and weights */
    size_t from_nodes; /* bytes that it receives from ranks of other nodes */
    size_t to_nodes;   /* and sends to them */
    int messages;      /* that it sends to them, per bucket */
    int64_t owned;     /* number of values that it updates */
    size_t weights;    /* bytes of its share of its copy of the weights */
} nn_reduction_traffic;

/* Computes the traffic of rank ranks.rank, without communication. */
nn_status nn_reduction_measure(nn_ranks ranks, const nn_reduction_layout *layout, nn_reduction_mode mode,
                               nn_reduction_traffic *traffic);

/* This rank's copy of the weights: `count` values, which other ranks may have in common with it. Before the
 * first step they are written by the lowest rank of each copy, or by rank 0 alone, which then spreads them;
 * later only in the owned slices, between claim and share_begin. */
void *nn_reduction_weights(nn_reduction *reduction);

/* The ranks by their positions (comm/positions.h), for sums over what the owned slices give: consecutive
 * positions own consecutive slices of each bucket, cyclically. Valid as long as the reduction. */
nn_combine_order nn_reduction_order(const nn_reduction *reduction);

/* The lowest rank that has the same copy of the weights as `rank`. Without communication. */
int nn_reduction_copy_of(const nn_reduction *reduction, int rank);

/* Brings the weights of rank 0 to all copies. Between steps only, when no rank reads them. Collective. */
nn_status nn_reduction_spread(nn_reduction *reduction);

/* Starts a step of `leaf_count` leaves (one of the layout's numbers). nodes receives this rank's maximal
 * nodes, left to right (up to NN_TREE_COVER_MAX; none if the rank has no leaf). Waits until peers no longer
 * read the partials of the previous step. Collective. */
nn_status nn_reduction_begin(nn_reduction *reduction, int64_t leaf_count, nn_tree_node *nodes,
                             int *node_count);

/* The partial gradient of node i: `count` values, which the caller must overwrite completely before the
 * bucket starts. */
void *nn_reduction_partial(nn_reduction *reduction, int node);

/* Called for every bucket, from the last to the first. Collective. */
nn_status nn_reduction_start(nn_reduction *reduction, int64_t bucket);

/* Moves sums and weights on. Cheap: call it between layers. */
nn_status nn_reduction_progress(nn_reduction *reduction);
nn_status nn_reduction_finish(nn_reduction *reduction); /* all buckets are then summed in the owned slices */

/* The slices owned by this rank, in ascending order: depends only on layout, mode, rank and size (gradient is
 * valid after finish). With `mpi` there is one, the entire vector, and every rank "owns" it. Borrowed. */
int64_t nn_reduction_slices(nn_reduction *reduction, const nn_reduction_slice **slices);

/* The slices of any rank, for gathering sharded state: written to `slices` (at most bucket_count entries). */
int64_t nn_reduction_slices_of(const nn_reduction *reduction, int rank, nn_reduction_slice *slices);

/* Before the owners write to their slices of the weights: this rank reads no weights but its own slices until
 * it has awaited them; waits until the same holds for all ranks that have the same copy. Collective. */
nn_status nn_reduction_claim(nn_reduction *reduction);

/* After the owners have updated their slices of the weights: every rank gets every slice. Starts to hand out
 * this rank's slices, which must not be written to from then on. Collective. With `mpi` nothing is sent. */
nn_status nn_reduction_share_begin(nn_reduction *reduction);

/* Waits until this rank can read the weights of buckets 0 to `bucket`, or of all. Weights pass through other
 * ranks: before a rank waits for others in any other way, it awaits at least as many buckets as they do.
 * With share_finish, other ranks need nothing more from this one either. */
nn_status nn_reduction_await(nn_reduction *reduction, int64_t bucket);
nn_status nn_reduction_share_finish(nn_reduction *reduction);

/* The number of buckets, from the first, whose weights this rank can read; and whether share_finish would
 * return at once. Without waiting; nn_reduction_progress may change the answer. */
int64_t nn_reduction_shared(const nn_reduction *reduction);
bool nn_reduction_has_shared(const nn_reduction *reduction);

/* What communication has cost this rank since the reduction was created. */
typedef struct nn_reduction_clock {
    double passing; /* seconds during which some bucket was on its way, up or down */
    double waiting; /* seconds in which this rank did nothing but wait for buckets */
    size_t sent;    /* bytes sent to ranks of other nodes; with `mpi` unknown, 0 */
} nn_reduction_clock;

nn_reduction_clock nn_reduction_read_clock(const nn_reduction *reduction);

#endif
