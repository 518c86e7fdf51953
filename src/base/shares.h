/*
 * Who computes what: the leaves of a canonical tree (base/tree.h), shared out among the ranks. One table for
 * each number of leaves, made once; then every question about any rank is a look-up.
 */
#ifndef NN_BASE_SHARES_H
#define NN_BASE_SHARES_H

#include "base/status.h"
#include "base/tree.h"

typedef struct nn_shares {
    int64_t leaves;
    int size;       /* ranks */
    int64_t *begin; /* size + 1 boundaries: the share of rank r is [begin[r], begin[r + 1]) */
} nn_shares;

/* leaders[r] is the lowest rank on the node of rank r, whose ranks are consecutive (NULL: all are on one
 * node): leaves are shared out to the nodes first, by their number of ranks, then to the ranks of each.
 * Shares are contiguous, none is longer than ceil(leaves / size), and within that limit the cuts between
 * nodes, then those between ranks, are where the subtrees are largest. Ranks beyond the number of leaves get
 * an empty range. Release the table in any case. */
nn_status nn_shares_create(int64_t leaves, int size, const int *leaders, nn_shares *shares);
void nn_shares_release(nn_shares *shares);

/* Bytes of a table for `size` ranks. */
size_t nn_shares_memory(int size);

/* The leaves of a rank; empty for ranks beyond the number of leaves. */
nn_tree_node nn_shares_of(const nn_shares *shares, int rank);
int64_t nn_shares_length(const nn_shares *shares, int rank);

/* The maximal nodes of the tree that tile a rank's share, from left to right; returns their number, at most
 * NN_TREE_COVER_MAX. */
int nn_shares_nodes(const nn_shares *shares, int rank, nn_tree_node *nodes);

/* The most nodes that meet on a rank when the ranks combine pairwise, [r, r + 2^k) with [r + 2^k, r +
 * 2^(k+1)): the maximal nodes of the two groups, or its own where it only sends. */
int nn_shares_nodes_most(const nn_shares *shares, int rank);

/* The rank that has `leaf`, in [0, leaves). */
int nn_shares_owner(const nn_shares *shares, int64_t leaf);

#endif
