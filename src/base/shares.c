#include "base/shares.h"

#include "base/memory.h"

nn_status nn_shares_create(int64_t leaves, int size, nn_shares *shares)
{
    *shares = (nn_shares){.leaves = leaves, .size = size};
    NN_TRY(NN_ALLOCATE(&shares->begin, (int64_t)size + 1, "the shares of ranks"));
    nn_tree_shares(leaves, size, shares->begin);
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
