/* Merging statistics across ranks. */
#include "step/exchange.h"
#include "host/clock.h"

#include <string.h>

#include "base/memory.h"
#include "host/pulse.h"

struct nn_exchange {
    nn_comm *comm;
    nn_comm_meanwhile meanwhile;
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

void nn_exchange_attach(nn_exchange *exchange, nn_comm_meanwhile meanwhile)
{
    exchange->meanwhile = meanwhile;
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
    if (own == from && own != to)
        return nn_comm_swap(exchange->comm, right, to, NULL, own, bytes, exchange->meanwhile);
    if (own != to) return NN_OK;
    if (own != from) {
        right = exchange->received;
        NN_TRY(nn_comm_swap(exchange->comm, NULL, own, right, from, bytes, exchange->meanwhile));
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

/* From rank 0, along a binomial tree. */
static nn_status exchange_spread(nn_exchange *exchange, double *values, size_t bytes)
{
    int rank = nn_comm_rank(exchange->comm), size = nn_comm_size(exchange->comm), step = 1;
    while (step < size && !(rank & step)) step *= 2;
    if (rank > 0)
        NN_TRY(nn_comm_swap(exchange->comm, NULL, rank, values, rank - step, bytes, exchange->meanwhile));
    for (step /= 2; step > 0; step /= 2)
        if (rank + step < size)
            NN_TRY(nn_comm_swap(exchange->comm, values, rank + step, NULL, rank, bytes, exchange->meanwhile));
    return NN_OK;
}

static nn_status exchange_along_tree(exchange_merge *of, size_t bytes)
{
    nn_exchange *exchange = of->exchange;
    double *merged = of->values;
    if (of->node_count > 0) NN_TRY(exchange_fold(of, (nn_tree_node){0, of->call->shares->leaves}, &merged));
    if (nn_comm_rank(exchange->comm) == 0) memmove(of->values, merged, bytes);
    return exchange_spread(exchange, of->values, bytes);
}

/* Whether all ranks have the same number of leaves, in a tree that is complete. */
static bool exchange_is_regular(const nn_shares *shares)
{
    return (shares->leaves & (shares->leaves - 1)) == 0 && (shares->size & (shares->size - 1)) == 0 &&
           shares->leaves >= shares->size;
}

/* All ranks merge, each what it has with what its partner has, in the order of the tree. */
static nn_status exchange_in_pairs(const exchange_merge *of, size_t bytes)
{
    nn_exchange *exchange = of->exchange;
    const nn_layer *layer = &of->call->network->layers[of->call->layer];
    int rank = nn_comm_rank(exchange->comm), size = nn_comm_size(exchange->comm);
    for (int step = 1; step < size; step *= 2) {
        int partner = rank ^ step;
        NN_TRY(nn_comm_swap(exchange->comm, of->values, partner, exchange->received, partner, bytes,
                            exchange->meanwhile));
        if (rank < partner) {
            layer->type->statistics->merge(layer, of->call->pass, exchange->received, of->values);
        } else {
            layer->type->statistics->merge(layer, of->call->pass, of->values, exchange->received);
            memcpy(of->values, exchange->received, bytes);
        }
    }
    return NN_OK;
}

nn_status nn_exchange_merge(void *context, const nn_batch_statistics_call *call, const nn_tree_node *nodes,
                            int node_count, double *values)
{
    nn_exchange *exchange = context;
    exchange_merge of = {exchange, call, nodes, node_count, 0, values};
    size_t bytes = (size_t)call->network->layers[call->layer].statistics[call->pass] * sizeof *values;
    double began = nn_seconds();
    nn_phase before = nn_pulse_phase(NN_PHASE_REDUCE);
    NN_TRY(exchange_is_regular(call->shares) ? exchange_in_pairs(&of, bytes)
                                             : exchange_along_tree(&of, bytes));
    nn_pulse_phase(before);
    exchange->waited += nn_seconds() - began;
    return NN_OK;
}
