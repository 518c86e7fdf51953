/*
 * Sums along canonical trees (base/tree.h) that are not complete yet: what some ranks know while others have
 * the rest.
 *
 * A partial sum of a tree is a list of nodes, ascending and disjoint, with a row of values for each. Two
 * halves of a node that are both in the list have been joined, left (+) right, so a list is as short as it
 * can be: a contiguous range of n leaves takes at most about 2 log2(n) nodes. Lists that together have every
 * leaf can be merged in any grouping: the result is the root, with the bits of nn_tree_fold over all leaves.
 *
 * Several trees and a few values that belong to none, the head, form a forest, and the partial sums of a
 * forest are one array of doubles, ready to be sent (positions are exact up to 2^53):
 *
 *     head | number of nodes, then begin, end, row of each | the same for the next tree | ...
 */
#ifndef NN_BASE_FOREST_H
#define NN_BASE_FOREST_H

#include "base/status.h"
#include "base/tree.h"

typedef struct nn_forest_tree {
    int64_t leaves;      /* 0: the tree is empty, and its sum 0 */
    size_t width;        /* values per row */
    nn_tree_join *join;  /* of rows; NULL: they are added */
    const void *context; /* of join */
} nn_forest_tree;

typedef struct nn_forest {
    size_t head;             /* values of the head */
    nn_tree_join *join_head; /* commutative and associative; its context is NULL. NULL: there is no head */
    int tree_count;
    const nn_forest_tree *trees; /* borrowed */
} nn_forest;

/* The partial sums of a forest. Begins as {0}; grows as needed. */
typedef struct nn_partial {
    double *values;
    size_t count, room;
    size_t tree; /* where the tree that is being written begins */
} nn_partial;

void nn_partial_release(nn_partial *partial);

/* Makes room for this many values and keeps the present ones. */
nn_status nn_partial_reserve(nn_partial *partial, size_t room);

/* Writing: begin, which empties the partial sums and sets the head to zeros (values[0] on); then, for each
 * tree of the forest in order, next_tree, and append for its nodes from left to right. A row is copied. */
nn_status nn_partial_begin(const nn_forest *forest, nn_partial *partial);
nn_status nn_partial_next_tree(nn_partial *partial);
nn_status nn_partial_append(const nn_forest_tree *tree, nn_tree_node node, const double *row,
                            nn_partial *partial);

/* Writes to `merged` what `one` and `other` have together. No leaf is in both, and none of the three is
 * another. */
nn_status nn_partial_merge(const nn_forest *forest, const nn_partial *one, const nn_partial *other,
                           nn_partial *merged);

/* The number of values when all trees are summed, and whether they are. */
size_t nn_forest_complete(const nn_forest *forest);
bool nn_partial_is_complete(const nn_forest *forest, const nn_partial *partial);

/* The sums of all trees, one after another: the sum of their widths. The partial sums are complete. */
void nn_partial_sums(const nn_forest *forest, const nn_partial *partial, double *sums);

#endif
