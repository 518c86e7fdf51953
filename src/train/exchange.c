/* The nodes of all ranks. */
#include "train/exchange.h"

#include "base/memory.h"
#include "base/pulse.h"
#include "train/run.h"

struct nn_exchange {
    nn_comm *comm;
    int64_t leaves; /* of the batch that the lists below are of; 0: none yet */
    nn_tree_node *nodes;
    int64_t node_count;
    int64_t *nodes_of; /* by rank, how many of them */
    size_t *sizes;     /* by rank, bytes of its message */
    double *values;
    double waited;
};

/* The nodes of a batch, rank after rank. Returns their number. */
static int64_t exchange_list(int64_t leaves, int size, nn_tree_node *nodes, int64_t *nodes_of)
{
    int64_t count = 0;
    for (int r = 0; r < size; r++) {
        nn_tree_node share = nn_tree_share(leaves, r, size), own[NN_TREE_COVER_MAX];
        int covered = nn_tree_cover(leaves, share.begin, share.end, own);
        for (int n = 0; n < covered; n++) nodes[count + n] = own[n];
        nodes_of[r] = covered;
        count += covered;
    }
    return count;
}

int64_t nn_exchange_nodes(int64_t leaves, int first, int size)
{
    int64_t count = 0;
    for (int r = first; r < size; r++) {
        nn_tree_node share = nn_tree_share(leaves, r, size), own[NN_TREE_COVER_MAX];
        count += nn_tree_cover(leaves, share.begin, share.end, own);
    }
    return count;
}

/* Of the batch that has more of them. */
static int64_t exchange_most_nodes(int size, const int64_t leaf_counts[2])
{
    int64_t full = nn_exchange_nodes(leaf_counts[0], 0, size),
            last = nn_exchange_nodes(leaf_counts[1], 0, size);
    return full > last ? full : last;
}

size_t nn_exchange_memory(int size, const int64_t leaf_counts[2], int64_t width)
{
    size_t nodes = (size_t)exchange_most_nodes(size, leaf_counts);
    return nodes * (sizeof(nn_tree_node) + (size_t)width * sizeof(double)) +
           (size_t)size * (sizeof(int64_t) + sizeof(size_t));
}

nn_status nn_exchange_create(nn_comm *comm, const int64_t leaf_counts[2], int64_t width,
                             nn_exchange **exchange)
{
    const char *what = "statistics over the batch";
    int size = nn_comm_size(comm);
    NN_TRY(NN_ALLOCATE(exchange, 1, what));
    int64_t most = exchange_most_nodes(size, leaf_counts);
    (*exchange)->comm = comm;
    NN_TRY(NN_ALLOCATE(&(*exchange)->nodes, most, what));
    NN_TRY(NN_ALLOCATE(&(*exchange)->nodes_of, size, what));
    NN_TRY(NN_ALLOCATE(&(*exchange)->sizes, size, what));
    return NN_ALLOCATE(&(*exchange)->values, most * width, what);
}

void nn_exchange_destroy(nn_exchange *exchange)
{
    if (!exchange) return;
    nn_free(exchange->nodes);
    nn_free(exchange->nodes_of);
    nn_free(exchange->sizes);
    nn_free(exchange->values);
    nn_free(exchange);
}

nn_status nn_exchange_gather(void *context, int64_t leaves, int64_t width, nn_node_values *nodes)
{
    nn_exchange *exchange = context;
    int size = nn_comm_size(exchange->comm);
    double began = nn_seconds();
    if (exchange->leaves != leaves)
        exchange->node_count = exchange_list(leaves, size, exchange->nodes, exchange->nodes_of);
    exchange->leaves = leaves;
    for (int r = 0; r < size; r++)
        exchange->sizes[r] = (size_t)(exchange->nodes_of[r] * width) * sizeof *nodes->values;
    nn_phase before = nn_pulse_phase(NN_PHASE_REDUCE);
    NN_TRY(nn_comm_gather_all(exchange->comm, nodes->values, exchange->sizes, exchange->values));
    nn_pulse_phase(before);
    *nodes = (nn_node_values){exchange->nodes, exchange->node_count, exchange->values};
    exchange->waited += nn_seconds() - began;
    return NN_OK;
}

double nn_exchange_waited(const nn_exchange *exchange)
{
    return exchange ? exchange->waited : 0;
}
