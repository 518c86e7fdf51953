/* Merging statistics across ranks. */
#include "step/exchange.h"
#include "host/clock.h"

#include <string.h>

#include "base/memory.h"
#include "host/pulse.h"

struct nn_exchange {
    nn_comm *comm;
    double *received;
    double waited;
};

nn_status nn_exchange_create(nn_comm *comm, int64_t width, nn_exchange **exchange)
{
    const char *what = "statistics over the batch";
    NN_TRY(NN_ALLOCATE(exchange, 1, what));
    (*exchange)->comm = comm;
    return NN_ALLOCATE(&(*exchange)->received, width, what);
}

void nn_exchange_destroy(nn_exchange *exchange)
{
    if (!exchange) return;
    nn_free(exchange->received);
    nn_free(exchange);
}

size_t nn_exchange_memory(int64_t width)
{
    return sizeof(nn_exchange) + (size_t)width * sizeof(double);
}

double nn_exchange_waited(const nn_exchange *exchange)
{
    return exchange ? exchange->waited : 0;
}

/* One merge, as this rank sees it. */
typedef struct exchange_merge {
    nn_exchange *exchange;
    const nn_batch_statistics_call *call;
    const nn_tree_node *nodes;
    int node_count, next; /* of this rank; the first one that is not merged yet */
    double *values;
} exchange_merge;

/* Whether this rank has a leaf of the node. */
static bool exchange_has(const exchange_merge *of, nn_tree_node node)
{
    return of->node_count > 0 && of->nodes[0].begin < node.end &&
           node.begin < of->nodes[of->node_count - 1].end;
}

/* What this rank does where the halves of a node meet: merge them, send the right one, or nothing. */
static nn_status exchange_join(const exchange_merge *of, nn_tree_node node, int64_t middle, double *left,
                               double *right)
{
    nn_exchange *exchange = of->exchange;
    const nn_layer *layer = &of->call->network->layers[of->call->layer];
    size_t bytes = (size_t)layer->statistics[of->call->pass] * sizeof(double);
    int own = nn_comm_rank(exchange->comm), to = nn_shares_owner(of->call->shares, node.begin);
    int from = nn_shares_owner(of->call->shares, middle);
    if (own == from && own != to) return nn_comm_send(exchange->comm, right, bytes, to);
    if (own != to) return NN_OK;
    if (own != from) {
        right = exchange->received;
        NN_TRY(nn_comm_receive(exchange->comm, right, bytes, from));
    }
    layer->type->statistics->merge(layer, of->call->pass, right, left);
    return NN_OK;
}

/* Merges a node of the tree of which this rank has leaves. *merged is the result on the rank that has the
 * first leaf. Every message goes to a lower rank, and each rank works up the tree, so that no two ranks wait
 * for each other. */
static nn_status exchange_fold(exchange_merge *of, nn_tree_node node, double **merged)
{
    const nn_layer *layer = &of->call->network->layers[of->call->layer];
    nn_tree_node own = of->nodes[of->next < of->node_count ? of->next : of->node_count - 1];
    if (node.begin == own.begin && node.end == own.end) {
        *merged = of->values + of->next++ * layer->statistics[of->call->pass];
        return NN_OK;
    }
    int64_t middle = nn_tree_split(node.begin, node.end);
    nn_tree_node halves[2] = {{node.begin, middle}, {middle, node.end}};
    double *sides[2] = {NULL, NULL};
    for (int i = 0; i < 2; i++)
        if (exchange_has(of, halves[i])) NN_TRY(exchange_fold(of, halves[i], &sides[i]));
    *merged = sides[0];
    return exchange_join(of, node, middle, sides[0], sides[1]);
}

nn_status nn_exchange_merge(void *context, const nn_batch_statistics_call *call, const nn_tree_node *nodes,
                            int node_count, double *values)
{
    nn_exchange *exchange = context;
    exchange_merge of = {exchange, call, nodes, node_count, 0, values};
    size_t bytes = (size_t)call->network->layers[call->layer].statistics[call->pass] * sizeof *values;
    double began = nn_seconds(), *merged = values;
    nn_phase before = nn_pulse_phase(NN_PHASE_REDUCE);
    if (node_count > 0) NN_TRY(exchange_fold(&of, (nn_tree_node){0, call->shares->leaves}, &merged));
    if (nn_comm_rank(exchange->comm) == 0) memmove(values, merged, bytes);
    NN_TRY(nn_comm_broadcast(exchange->comm, values, bytes, 0));
    nn_pulse_phase(before);
    exchange->waited += nn_seconds() - began;
    return NN_OK;
}
