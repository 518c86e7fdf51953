/*
 * The order in which the ranks divide a bucket of the flat vector among themselves.
 *
 * A bucket is cut into as many slices as there are ranks, and the rank at each position owns one of them
 * (comm/cuts.h). Below any node of the canonical tree there is a set of ranks, those of the nodes of the
 * cluster that have some of its leaves. The order is such that each of these sets is spread evenly over the
 * positions: a set holds the sum of its node in even parts if every member has the positions from its own up
 * to the next member's, cyclically: its cell. For 2^k ranks the order is the bit reversal, and the cells are
 * the parts of recursive halving.
 */
#ifndef NN_COMM_POSITIONS_H
#define NN_COMM_POSITIONS_H

#include <stdbool.h>

#include "base/shares.h"

typedef struct nn_positions {
    int size;
    int *rank_at;  /* for each position */
    int *position; /* for each rank */
} nn_positions;

/* shares: of the tree that has the most leaves; leaders[r]: the lowest rank on the node of rank r, whose
 * ranks are consecutive. Release the positions in any case. */
nn_status nn_positions_create(const nn_shares *shares, const int *leaders, nn_positions *positions);
void nn_positions_release(nn_positions *positions);

/* Consecutive positions, cyclically. */
typedef struct nn_cell {
    int first, count;
} nn_cell;

/* The ranks [begin, end), and every step-th of the ranks [all_begin, all_end), counted by position. */
typedef struct nn_holders {
    int begin, end;
    int all_begin, all_end;
    int step;         /* 0: none of those */
    const int *index; /* for each rank of [all_begin, all_end): how many of them are before it; borrowed */
} nn_holders;

bool nn_holders_has(const nn_holders *set, int rank);

/* The cell of a member. */
nn_cell nn_holders_cell(const nn_holders *set, const nn_positions *positions, int rank);

/* The member in whose cell a position is. The set is not empty. */
int nn_holders_holder(const nn_holders *set, const nn_positions *positions, int position);

/* Fills index[r] for the ranks [begin, end): how many of them are at positions before that of rank r. */
void nn_positions_count(const nn_positions *positions, int begin, int end, int *index);

#endif
