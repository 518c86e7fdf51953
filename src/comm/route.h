/*
 * The way of a bucket between the ranks, as one rank sees it: what it sends, receives and adds, in which
 * order.
 *
 * Up: the sums of the canonical tree above the nodes of the cluster. The sum of a tree node lies spread over
 * the ranks below it, each holding its cell (comm/positions.h). To combine two children, both are spread over
 * the ranks below their parent: every rank that is not below a child receives the part of the child's sum in
 * its own cell, which lies in the cell of one rank of that child. Then each rank adds its two parts. The
 * order of additions is that of the tree by construction, a rank has O(1) messages for each level of the
 * tree, and for 2^k ranks this is recursive halving (Thakur, Rabenseifner and Gropp 2005). If a child has
 * much fewer ranks than its parent, as happens at the right edge of a tree that is not complete, its sum is
 * spread in steps that double the number of ranks, so that no rank sends to all.
 *
 * Down: the weights, from the owners of slices to all nodes of the cluster. The mirror image: the ranks of a
 * set hold the whole vector in cells; for each of two halves of the set, the ranks of the other half hand
 * their cells to the ranks whose larger cells these are in.
 */
#ifndef NN_COMM_ROUTE_H
#define NN_COMM_ROUTE_H

#include "comm/positions.h"

/* A message, for each bucket: the values of a cell. */
typedef struct nn_hop {
    int phase;
    int peer;
    nn_cell cell;
    int holding;    /* from or to which; up only */
    int64_t leaves; /* of the tree node whose sum it is; 0: weights */
} nn_hop;

/* What a rank holds of a sum: part of its node's memory, where the sum grows, or a part that has arrived. */
typedef struct nn_holding {
    bool arrives;
    int source;     /* if it does not arrive: which bottom node, or NN_HOLDING_OWN */
    nn_cell cell;   /* of what arrives */
    int64_t leaves; /* of the tree node */
} nn_holding;

/* Memory of this rank, which has no leaves. */
#define NN_HOLDING_OWN (-1)

/* values of `into` += values of `from`, in a cell. */
typedef struct nn_join {
    int phase;
    int into, from; /* holdings */
    nn_cell cell;
    int64_t leaves; /* of the tree node whose sum this is */
    bool copies;    /* = instead of += */
    bool completes; /* it is the sum of all leaves */
} nn_join;

/* A phase is done when its messages have arrived and its joins are made; then the next one sends. */
typedef struct nn_route {
    nn_hop *sends, *receives;
    nn_join *joins;
    nn_holding *holdings;
    int send_count, receive_count, join_count, holding_count, phase_count;
    /* Up only. The first `bottom_count` holdings are the nodes that this rank's node of the cluster holds, in
     * the cell `bottom`. `final` has the sum of all leaves in this rank's slice, at last. */
    int bottom_count, final;
    nn_cell bottom;
    bool bottom_completes;
} nn_route;

/* What a route depends on. All borrowed. */
typedef struct nn_route_call {
    const nn_shares *shares;
    const int *leaders; /* for each rank: the lowest rank on its node; the ranks of a node are consecutive */
    const nn_positions *positions;
    int rank;
} nn_route_call;

/* Release the route in any case. */
nn_status nn_route_create_up(const nn_route_call *call, nn_route *route);
nn_status nn_route_create_down(const nn_route_call *call, nn_route *route);
void nn_route_release(nn_route *route);

/* The rank that follows the last one on the node of `rank`. */
int nn_route_node_end(const nn_route_call *call, int rank);

#endif
