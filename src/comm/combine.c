#include "comm/combine.h"

#include <assert.h>

void nn_combine_release(nn_combine *combine)
{
    nn_partial_release(&combine->own);
    nn_partial_release(&combine->received);
    nn_partial_release(&combine->merged);
}

nn_status nn_combine_reserve(nn_combine *combine, const nn_shares *shares, size_t node_values, size_t values)
{
    int nodes = nn_shares_nodes_most(shares, nn_comm_rank(combine->comm));
    size_t room = 2 * values + (size_t)(nodes > 0 ? nodes : 1) * node_values; /* those of two ranks */
    NN_TRY(nn_partial_reserve(&combine->own, room));
    if (nn_comm_size(combine->comm) == 1) return NN_OK;
    NN_TRY(nn_partial_reserve(&combine->received, room));
    return nn_partial_reserve(&combine->merged, room);
}

static int combine_rank_at(nn_combine_order order, int position)
{
    return order.rank_at ? order.rank_at(order.context, position) : position;
}

nn_combine_order nn_combine_by_rank(const nn_comm *comm)
{
    return (nn_combine_order){.position = nn_comm_rank(comm)};
}

/* The number of values precedes them. */
static nn_status combine_send(const nn_combine *combine, int receiver)
{
    uint64_t count = combine->own.count;
    NN_TRY(nn_comm_send(combine->comm, &count, sizeof count, receiver));
    return nn_comm_send(combine->comm, combine->own.values, combine->own.count * sizeof(double), receiver);
}

static nn_status combine_receive(nn_combine *combine, const nn_forest *forest, int sender)
{
    nn_partial before = combine->own;
    uint64_t count = 0;
    NN_TRY(nn_comm_receive(combine->comm, &count, sizeof count, sender));
    NN_TRY(nn_partial_reserve(&combine->received, (size_t)count));
    combine->received.count = (size_t)count;
    NN_TRY(nn_comm_receive(combine->comm, combine->received.values, (size_t)count * sizeof(double), sender));
    NN_TRY(nn_partial_merge(forest, &combine->own, &combine->received, &combine->merged));
    combine->own = combine->merged;
    combine->merged = before;
    return NN_OK;
}

nn_status nn_combine_run(nn_combine *combine, const nn_forest *forest, nn_combine_order order)
{
    int size = nn_comm_size(combine->comm);
    for (int step = 1; step < size; step *= 2) {
        if (order.position & step) {
            NN_TRY(combine_send(combine, combine_rank_at(order, order.position - step)));
            break;
        }
        if (order.position < size - step)
            NN_TRY(combine_receive(combine, forest, combine_rank_at(order, order.position + step)));
    }
    assert(order.position > 0 || nn_partial_is_complete(forest, &combine->own));
    size_t complete = nn_forest_complete(forest);
    NN_TRY(nn_partial_reserve(&combine->own, complete));
    combine->own.count = complete;
    return nn_comm_broadcast(combine->comm, combine->own.values, complete * sizeof(double),
                             combine_rank_at(order, 0));
}
