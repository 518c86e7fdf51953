#include "base/tree.h"

#include "base/least.h"

/* The position of the highest one bit; bits > 0. */
static int tree_top_bit(uint64_t bits)
{
    int top = 0;
    while (bits >>= 1) top++;
    return top;
}

int64_t nn_tree_split(int64_t begin, int64_t end)
{
    return begin + (INT64_C(1) << tree_top_bit((uint64_t)(end - begin - 1)));
}

/* Appends the maximal nodes in the subtree `node` that are inside `range`. */
static void tree_cover_below(nn_tree_node node, nn_tree_node range, nn_tree_node *nodes, int *count)
{
    if (node.end <= range.begin || range.end <= node.begin) return;
    if (range.begin <= node.begin && node.end <= range.end) {
        nodes[(*count)++] = node;
        return;
    }
    int64_t middle = nn_tree_split(node.begin, node.end);
    tree_cover_below((nn_tree_node){node.begin, middle}, range, nodes, count);
    tree_cover_below((nn_tree_node){middle, node.end}, range, nodes, count);
}

int nn_tree_cover(int64_t n, int64_t begin, int64_t end, nn_tree_node *nodes)
{
    int count = 0;
    if (begin < end) tree_cover_below((nn_tree_node){0, n}, (nn_tree_node){begin, end}, nodes, &count);
    return count;
}

static double tree_sum_column(nn_tree_node node, size_t width, const double *column)
{
    if (node.end - node.begin == 1) return column[(size_t)node.begin * width];
    int64_t middle = nn_tree_split(node.begin, node.end);
    return tree_sum_column((nn_tree_node){node.begin, middle}, width, column) +
           tree_sum_column((nn_tree_node){middle, node.end}, width, column);
}

void nn_tree_sum(int64_t n, size_t width, const double *values, double *sum)
{
    for (size_t j = 0; j < width; j++) {
        sum[j] = n > 0 ? tree_sum_column((nn_tree_node){0, n}, width, values + j) : 0.0;
    }
}

/* Rows being joined into one. */
typedef struct tree_fold {
    const nn_tree_node *nodes; /* NULL: leaves */
    size_t width;
    double *values;
    nn_tree_join *join;
    const void *context;
    size_t next; /* the next unused row */
} tree_fold;

static double *tree_fold_node(tree_fold *fold, nn_tree_node node)
{
    bool leaf = node.end - node.begin == 1;
    if (fold->nodes)
        leaf = fold->nodes[fold->next].begin == node.begin && fold->nodes[fold->next].end == node.end;
    if (leaf) return fold->values + fold->next++ * fold->width;
    int64_t middle = nn_tree_split(node.begin, node.end);
    double *left = tree_fold_node(fold, (nn_tree_node){node.begin, middle});
    fold->join(fold->context, left, tree_fold_node(fold, (nn_tree_node){middle, node.end}));
    return left;
}

void nn_tree_fold(int64_t n, const nn_tree_node *nodes, size_t width, double *values, nn_tree_join *join,
                  const void *context)
{
    tree_fold fold = {nodes, width, values, join, context, 0};
    tree_fold_node(&fold, (nn_tree_node){0, n});
}

/* Clears everything below the highest bit in which low - 1 and high differ. The result is unique: between two
 * odd multiples of 2^k there is a multiple of 2^(k+1). */
int64_t nn_tree_roundest(int64_t low, int64_t high)
{
    int bit = tree_top_bit((uint64_t)(low - 1) ^ (uint64_t)high);
    return (int64_t)((uint64_t)high >> bit << bit);
}

void nn_tree_shares(int64_t n, int size, int64_t *begin)
{
    /* From left to right, each rank takes at least one leaf and at most `longest`, and leaves the ranks that
     * follow at least one and at most `longest` each; within those limits its end is as round as possible. */
    int64_t longest = (n - 1) / size + 1;
    begin[0] = 0;
    for (int r = 0; r < size; r++) {
        int64_t following = size - 1 - r;
        int64_t low = nn_larger(begin[r] + 1, n - following * longest);
        int64_t high = nn_smaller(begin[r] + longest, n - following);
        begin[r + 1] = n > size ? nn_tree_roundest(low, high) : nn_smaller((int64_t)r + 1, n);
    }
}

nn_tree_node nn_tree_leaf_samples(int64_t samples, int64_t leaves, int64_t leaf)
{
    int64_t each = samples / leaves;
    int64_t longer = samples % leaves;
    int64_t begin = leaf * each + nn_smaller(leaf, longer);
    return (nn_tree_node){begin, begin + each + (leaf < longer ? 1 : 0)};
}
