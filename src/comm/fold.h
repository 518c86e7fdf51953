/* The upper part of the canonical tree: sums the nodes held by the ranks, in the tree's order. */
#ifndef NN_COMM_FOLD_H
#define NN_COMM_FOLD_H

#include "base/status.h"
#include "base/tree.h"
#include "comm/reduction_layout.h"

/* Number of values summed at a time: a block of every slot stays in the first-level cache. */
#define NN_FOLD_BLOCK ((int64_t)2048)

/* slot = source, or slot += source. The source NN_FOLD_NEXT is the slot after `slot`. */
typedef struct nn_fold_step {
    int source, slot;
    bool copies;
    bool rounds; /* to bfloat16, afterwards */
} nn_fold_step;

#define NN_FOLD_NEXT (-1)

typedef struct nn_fold {
    nn_fold_step *steps;
    int step_count;
    int slot_count; /* slot 0 receives the sum, the others are scratch */
} nn_fold;

/*
 * Plans the steps for `source_count` nodes of the tree over `leaf_count` leaves, in ascending order. If they
 * do not tile the tree, missing nodes are left out of the sum. `own` is the source whose memory receives the
 * sum (it is never copied: addition commutes, so the sum may start with it), or NN_FOLD_NEXT: the sum has
 * separate memory. The sum of a node with at least `wire_leaves` leaves is rounded to bfloat16 (0: none is);
 * the sources have been rounded by whoever summed them, and what lacks a node is not rounded.
 */
nn_status nn_fold_create(int64_t leaf_count, const nn_tree_node *sources, int source_count, int own,
                         int64_t wire_leaves, nn_fold *fold);
void nn_fold_release(nn_fold *fold);

/* Bytes of scratch needed by each thread that calls nn_fold_run. */
size_t nn_fold_scratch(const nn_fold *fold, unsigned width);

/* Sums the values [begin, end), of `width` bytes, of all sources. sum is sources[own] if there is an own
 * source. */
void nn_fold_run(const nn_fold *fold, const nn_reduction_arithmetic *arithmetic, unsigned width,
                 int64_t begin, int64_t end, const char *const *sources, char *sum, char *scratch);

#endif
