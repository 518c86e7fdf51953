#include "base/forest.h"

#include <assert.h>
#include <string.h>

#include "base/memory.h"

/* What precedes the row of a node. */
enum { NODE_BEGIN, NODE_END, NODE_ROW };

static size_t forest_stride(const nn_forest_tree *tree)
{
    return NODE_ROW + tree->width;
}

void nn_partial_release(nn_partial *partial)
{
    nn_free(partial->values);
    *partial = (nn_partial){0};
}

nn_status nn_partial_reserve(nn_partial *partial, size_t room)
{
    if (room <= partial->room) return NN_OK;
    NN_TRY(nn_reallocate((void **)&partial->values, partial->room, room, sizeof *partial->values,
                         "sums of several ranks"));
    partial->room = room;
    return NN_OK;
}

/* Room for `count` values more. */
static nn_status partial_grow(nn_partial *partial, size_t count)
{
    size_t needed = partial->count + count, larger = partial->room + partial->room / 2;
    if (needed <= partial->room) return NN_OK;
    return nn_partial_reserve(partial, needed < larger ? larger : needed);
}

/* ---- writing ---- */

nn_status nn_partial_begin(const nn_forest *forest, nn_partial *partial)
{
    NN_TRY(nn_partial_reserve(partial, forest->head + 1));
    memset(partial->values, 0, forest->head * sizeof *partial->values);
    partial->count = forest->head;
    return NN_OK;
}

nn_status nn_partial_next_tree(nn_partial *partial)
{
    NN_TRY(partial_grow(partial, 1));
    partial->tree = partial->count;
    partial->values[partial->count++] = 0;
    return NN_OK;
}

static void forest_join(const nn_forest_tree *tree, double *left, const double *right)
{
    if (tree->join)
        tree->join(tree->context, left, right);
    else
        for (size_t i = 0; i < tree->width; i++) left[i] += right[i];
}

/* Whether two nodes of a tree are the halves of a third. A left half has a power of two leaves, and begins at
 * a multiple of twice that; a right half has as many, or is the end of the tree. */
static bool forest_are_halves(int64_t leaves, const double *left, const double *right)
{
    int64_t begin = (int64_t)left[NODE_BEGIN], middle = (int64_t)left[NODE_END];
    int64_t end = (int64_t)right[NODE_END], half = middle - begin;
    if (middle != (int64_t)right[NODE_BEGIN] || begin % (2 * half) != 0) return false;
    return nn_tree_split(begin, end) == middle && (end == leaves || end - middle == half);
}

nn_status nn_partial_append(const nn_forest_tree *tree, nn_tree_node node, const double *row,
                            nn_partial *partial)
{
    size_t stride = forest_stride(tree);
    NN_TRY(partial_grow(partial, stride));
    double *nodes = &partial->values[partial->tree], *last = partial->values + partial->count;
    last[NODE_BEGIN] = (double)node.begin;
    last[NODE_END] = (double)node.end;
    memcpy(last + NODE_ROW, row, tree->width * sizeof *row);
    partial->count += stride;
    *nodes += 1;
    for (double *left = last - stride; *nodes > 1 && forest_are_halves(tree->leaves, left, last);
         last = left, left -= stride) {
        forest_join(tree, left + NODE_ROW, last + NODE_ROW);
        left[NODE_END] = last[NODE_END];
        partial->count -= stride;
        *nodes -= 1;
    }
    return NN_OK;
}

/* ---- merging ---- */

/* Where the next node of a list is. */
typedef struct forest_cursor {
    const double *at;
    int64_t left; /* nodes */
} forest_cursor;

static forest_cursor forest_enter(const double *tree)
{
    return (forest_cursor){tree + 1, (int64_t)tree[0]};
}

static nn_status forest_merge_tree(const nn_forest_tree *tree, forest_cursor *one, forest_cursor *other,
                                   nn_partial *merged)
{
    NN_TRY(nn_partial_next_tree(merged));
    while (one->left > 0 || other->left > 0) {
        bool first = other->left == 0 || (one->left > 0 && one->at[NODE_BEGIN] < other->at[NODE_BEGIN]);
        forest_cursor *from = first ? one : other;
        nn_tree_node node = {(int64_t)from->at[NODE_BEGIN], (int64_t)from->at[NODE_END]};
        NN_TRY(nn_partial_append(tree, node, from->at + NODE_ROW, merged));
        from->at += forest_stride(tree);
        from->left--;
    }
    return NN_OK;
}

nn_status nn_partial_merge(const nn_forest *forest, const nn_partial *one, const nn_partial *other,
                           nn_partial *merged)
{
    const double *trees[2] = {one->values + forest->head, other->values + forest->head};
    NN_TRY(nn_partial_reserve(merged, one->count + other->count));
    NN_TRY(nn_partial_begin(forest, merged));
    if (forest->join_head) {
        memcpy(merged->values, one->values, forest->head * sizeof *merged->values);
        forest->join_head(NULL, merged->values, other->values);
    }
    for (int t = 0; t < forest->tree_count; t++) {
        forest_cursor cursors[2] = {forest_enter(trees[0]), forest_enter(trees[1])};
        NN_TRY(forest_merge_tree(&forest->trees[t], &cursors[0], &cursors[1], merged));
        for (int i = 0; i < 2; i++) trees[i] = cursors[i].at;
    }
    return NN_OK;
}

/* ---- reading ---- */

size_t nn_forest_complete(const nn_forest *forest)
{
    size_t count = forest->head;
    for (int t = 0; t < forest->tree_count; t++)
        count += 1 + (forest->trees[t].leaves > 0 ? forest_stride(&forest->trees[t]) : 0);
    return count;
}

bool nn_partial_is_complete(const nn_forest *forest, const nn_partial *partial)
{
    const double *at = partial->values + forest->head;
    if (partial->count != nn_forest_complete(forest)) return false;
    for (int t = 0; t < forest->tree_count; t++) {
        const nn_forest_tree *tree = &forest->trees[t];
        if (at[0] != (tree->leaves > 0)) return false;
        at++;
        if (tree->leaves == 0) continue;
        if (at[NODE_BEGIN] != 0 || at[NODE_END] != (double)tree->leaves) return false;
        at += forest_stride(tree);
    }
    return true;
}

void nn_partial_sums(const nn_forest *forest, const nn_partial *partial, double *sums)
{
    const double *at = partial->values + forest->head;
    assert(nn_partial_is_complete(forest, partial));
    for (int t = 0; t < forest->tree_count; t++) {
        const nn_forest_tree *tree = &forest->trees[t];
        at++;
        memset(sums, 0, tree->width * sizeof *sums);
        if (tree->leaves > 0) {
            memcpy(sums, at + NODE_ROW, tree->width * sizeof *sums);
            at += forest_stride(tree);
        }
        sums += tree->width;
    }
}
