/*
 * Sums along canonical trees over all ranks. Each rank contributes what it has, ranks combine in pairs, pairs
 * in fours and so on (a binomial tree over their order), and the first rank broadcasts the result. A rank
 * sends and receives O(log P) messages. If ranks in order have contiguous ranges of leaves, so do the ranks
 * that have combined, and a message holds a few nodes of each tree (base/forest.h), whatever the number of
 * ranks: no rank ever sees the values of all others.
 */
#ifndef NN_COMM_COMBINE_H
#define NN_COMM_COMBINE_H

#include "base/forest.h"
#include "base/shares.h"
#include "comm/comm.h"

/* What a rank needs to combine sums, kept from one time to the next. */
typedef struct nn_combine {
    nn_comm *comm;  /* borrowed */
    nn_partial own; /* in: what this rank contributes; out: the sums */
    nn_partial received, merged;
} nn_combine;

/* The order of the ranks. */
typedef struct nn_combine_order {
    int position;                                      /* of this rank, from 0 */
    int (*rank_at)(const void *context, int position); /* NULL: positions are ranks */
    const void *context;
} nn_combine_order;

void nn_combine_release(nn_combine *combine);

/* Makes room for the partial sums of nodes with `node_values` values each, in addition to `values`: as many
 * nodes as meet on this rank when ranks combine by number and have the leaves that `shares` says. A rank that
 * appends leaf by leaf needs another node for each level of its share. Without this call, room is made as
 * messages arrive. */
nn_status nn_combine_reserve(nn_combine *combine, const nn_shares *shares, size_t node_values, size_t values);

/* Combines what the ranks have in combine->own, which together is every leaf of the forest. Then
 * combine->own is complete (nn_partial_sums), with the same bits on every rank and on any number of ranks.
 * Collective. */
nn_status nn_combine_run(nn_combine *combine, const nn_forest *forest, nn_combine_order order);

/* By number. */
nn_combine_order nn_combine_by_rank(const nn_comm *comm);

#endif
