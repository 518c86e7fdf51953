/*
 * The canonical binary tree over n leaves: a node [a, b) splits at a + the largest power of two below b - a.
 * Whatever is summed over a batch is summed in this order, no matter who computed the leaves.
 */
#ifndef NN_BASE_TREE_H
#define NN_BASE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct nn_tree_node {
    int64_t begin, end;
} nn_tree_node;

/* Maximum number of maximal nodes in a range of leaves. */
#define NN_TREE_COVER_MAX 128

/* Where [begin, end), with at least two leaves, splits. */
int64_t nn_tree_split(int64_t begin, int64_t end);

/* The maximal nodes of the tree over n leaves that tile [begin, end), from left to right, at most
 * NN_TREE_COVER_MAX. Returns their number; 0 for an empty range. */
int nn_tree_cover(int64_t n, int64_t begin, int64_t end, nn_tree_node *nodes);

/* Sums `width` values per leaf over n leaves in the tree's order: values is n x width, row by row; sum has
 * `width` values. n = 0 gives zeros. Allocates nothing. */
void nn_tree_sum(int64_t n, size_t width, const double *values, double *sum);

/* The same for values that are joined rather than added: rows of `width` values, one for each of the nodes,
 * which tile [0, n) from left to right (NULL: one for each leaf). join combines `left` with the row that
 * follows it, in place. The result is in the first row; the others are overwritten. n > 0. */
typedef void nn_tree_join(const void *context, double *left, const double *right);
void nn_tree_fold(int64_t n, const nn_tree_node *nodes, size_t width, double *values, nn_tree_join *join,
                  const void *context);

/* The number in [low, high], low > 0, with the most trailing zero bits: where the largest subtrees meet. */
int64_t nn_tree_roundest(int64_t low, int64_t high);

/* Shares n leaves out among `size` ranks: rank r gets [begin[r], begin[r + 1]), of size + 1 boundaries.
 * Shares are contiguous, none is longer than ceil(n / size), and they are cut where the subtrees are largest.
 * Ranks beyond n leaves get an empty range. (base/shares.h keeps the table, and knows about nodes.) */
void nn_tree_shares(int64_t n, int size, int64_t *begin);

/* The samples of a batch in leaf `leaf` of `leaves`, as a range in the batch: spread evenly, the first
 * (samples % leaves) leaves having one more. */
nn_tree_node nn_tree_leaf_samples(int64_t samples, int64_t leaves, int64_t leaf);

#endif
