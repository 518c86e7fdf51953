#include "base/shares.h"

#include "base/least.h"
#include "base/memory.h"

/* Where the share of `ranks` ranks that begins at leaf `begin` ends, if `following` ranks share the leaves
 * from there up to `end`: each rank takes at least one leaf and at most `longest`. */
static int64_t shares_cut(int64_t begin, int64_t end, int64_t ranks, int64_t following, int64_t longest)
{
    int64_t low = nn_larger(begin + ranks, end - following * longest);
    int64_t high = nn_smaller(begin + ranks * longest, end - following);
    return nn_tree_roundest(low, high);
}

/* The leaves [begin[first], end) for the ranks [first, last) of a node. */
static void shares_divide_node(nn_shares *shares, int first, int last, int64_t end, int64_t longest)
{
    for (int r = first; r < last; r++)
        shares->begin[r + 1] = shares_cut(shares->begin[r], end, 1, last - 1 - r, longest);
}

static void shares_divide(nn_shares *shares, const int *leaders)
{
    int64_t longest = (shares->leaves - 1) / shares->size + 1;
    int last;

    for (int first = 0; first < shares->size; first = last) {
        for (last = first + 1; last < shares->size && (!leaders || leaders[last] == first);) last++;
        int64_t end =
            shares_cut(shares->begin[first], shares->leaves, last - first, shares->size - last, longest);
        shares_divide_node(shares, first, last, end, longest);
    }
}

nn_status nn_shares_create(int64_t leaves, int size, const int *leaders, nn_shares *shares)
{
    *shares = (nn_shares){.leaves = leaves, .size = size};
    NN_TRY(NN_ALLOCATE(&shares->begin, (int64_t)size + 1, "the shares of ranks"));
    if (leaves >= size) {
        shares_divide(shares, leaders);
    } else {
        for (int r = 0; r < size; r++) shares->begin[r + 1] = nn_smaller((int64_t)r + 1, leaves);
    }
    return NN_OK;
}

void nn_shares_release(nn_shares *shares)
{
    nn_free(shares->begin);
    *shares = (nn_shares){0};
}

size_t nn_shares_memory(int size)
{
    return ((size_t)size + 1) * sizeof(int64_t);
}

nn_tree_node nn_shares_of(const nn_shares *shares, int rank)
{
    return (nn_tree_node){shares->begin[rank], shares->begin[rank + 1]};
}

int64_t nn_shares_length(const nn_shares *shares, int rank)
{
    return shares->begin[rank + 1] - shares->begin[rank];
}

int nn_shares_nodes(const nn_shares *shares, int rank, nn_tree_node *nodes)
{
    return nn_tree_cover(shares->leaves, shares->begin[rank], shares->begin[rank + 1], nodes);
}

/* The number of maximal nodes of the ranks [first, last). */
static int shares_count_nodes(const nn_shares *shares, int first, int last)
{
    nn_tree_node nodes[NN_TREE_COVER_MAX];
    if (last > shares->size) last = shares->size;
    return nn_tree_cover(shares->leaves, shares->begin[first], shares->begin[last], nodes);
}

int nn_shares_nodes_most(const nn_shares *shares, int rank)
{
    int most = shares_count_nodes(shares, rank, rank + 1);
    for (int step = 1; step < shares->size - rank && !(rank & step); step *= 2) {
        int count = shares_count_nodes(shares, rank, rank + step) +
                    shares_count_nodes(shares, rank + step, rank + 2 * step);
        if (count > most) most = count;
    }
    return most;
}

int nn_shares_owner(const nn_shares *shares, int64_t leaf)
{
    int low = 0, high = shares->size - 1;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (shares->begin[middle + 1] > leaf)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}
