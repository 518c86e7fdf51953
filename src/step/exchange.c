/* Merging statistics across ranks. */
#include "step/exchange.h"

#include <string.h>

#include "base/memory.h"
#include "comm/rounds.h"
#include "host/clock.h"
#include "host/pulse.h"

struct nn_exchange {
    nn_comm *comm;
    nn_comm_meanwhile meanwhile;
    double *received; /* from all other ranks of a group */
    double *slices;   /* the parts of a vector that is scattered, one after another */
    double waited;
};

/* Doubles. Each slice repeats what all channels share. */
static int64_t exchange_slices_room(int64_t width)
{
    return NN_ROUND_RADIX * width;
}

static int64_t exchange_received_room(int64_t width)
{
    return (NN_ROUND_RADIX - 1) * width;
}

nn_status nn_exchange_create(nn_comm *comm, int64_t width, nn_exchange **exchange)
{
    const char *what = "statistics over the batch";
    NN_TRY(NN_ALLOCATE(exchange, 1, what));
    (*exchange)->comm = comm;
    NN_TRY(NN_ALLOCATE(&(*exchange)->slices, exchange_slices_room(width), what));
    return NN_ALLOCATE(&(*exchange)->received, exchange_received_room(width), what);
}

void nn_exchange_attach(nn_exchange *exchange, nn_comm_meanwhile meanwhile)
{
    exchange->meanwhile = meanwhile;
}

void nn_exchange_destroy(nn_exchange *exchange)
{
    if (!exchange) return;
    nn_free(exchange->received);
    nn_free(exchange->slices);
    nn_free(exchange);
}

size_t nn_exchange_memory(int64_t width)
{
    return sizeof(nn_exchange) +
           (size_t)(exchange_slices_room(width) + exchange_received_room(width)) * sizeof(double);
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
    int64_t channels;     /* of the layer */
    double *values;
} exchange_merge;

static const nn_layer_statistics *exchange_statistics(const exchange_merge *of)
{
    return of->call->network->layers[of->call->layer].type->statistics;
}

static size_t exchange_bytes(const exchange_merge *of, int64_t channels)
{
    const nn_layer_statistics *statistics = exchange_statistics(of);
    nn_pass pass = of->call->pass;
    return (size_t)(statistics->shared[pass] + statistics->rows[pass] * channels) * sizeof(double);
}

static nn_status exchange_send(nn_exchange *exchange, double *values, size_t bytes, int to)
{
    nn_comm_part part = {values, bytes, to};
    return nn_comm_exchange(exchange->comm, &part, 1, NULL, 0, exchange->meanwhile);
}

static nn_status exchange_receive(nn_exchange *exchange, double *values, size_t bytes, int from)
{
    nn_comm_part part = {values, bytes, from};
    return nn_comm_exchange(exchange->comm, NULL, 0, &part, 1, exchange->meanwhile);
}

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
    size_t bytes = exchange_bytes(of, of->channels);
    int own = nn_comm_rank(exchange->comm), to = nn_shares_owner(of->call->shares, node.begin);
    int from = nn_shares_owner(of->call->shares, middle);
    if (own == from && own != to) return exchange_send(exchange, right, bytes, to);
    if (own != to) return NN_OK;
    if (own != from) {
        right = exchange->received;
        NN_TRY(exchange_receive(exchange, right, bytes, from));
    }
    exchange_statistics(of)->merge(of->call->pass, of->channels, right, left);
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
    if (rank > 0) NN_TRY(exchange_receive(exchange, values, bytes, rank - step));
    for (step /= 2; step > 0; step /= 2)
        if (rank + step < size) NN_TRY(exchange_send(exchange, values, bytes, rank + step));
    return NN_OK;
}

static nn_status exchange_along_tree(exchange_merge *of, size_t bytes)
{
    nn_exchange *exchange = of->exchange;
    double *merged = of->values;
    if (of->node_count > 0) NN_TRY(exchange_fold(of, (nn_tree_node){0, of->call->shares->leaves}, &merged));
    if (nn_comm_rank(exchange->comm) == 0 && merged) memmove(of->values, merged, bytes);
    return exchange_spread(exchange, of->values, bytes);
}

/* Whether all ranks have the same number of leaves, in a tree that is complete. */
static bool exchange_is_regular(const nn_shares *shares)
{
    return (shares->leaves & (shares->leaves - 1)) == 0 && (shares->size & (shares->size - 1)) == 0 &&
           shares->leaves >= shares->size;
}

/* ---- 2^k ranks ---- */

/* A vector, or a part of one: that of the channels from `first` on. */
typedef struct exchange_vector {
    double *values;
    int64_t first, channels;
} exchange_vector;

/* Copies a slice from the whole vector, or to it. */
static void exchange_copy(const exchange_merge *of, exchange_vector slice, bool to_whole)
{
    const nn_layer_statistics *statistics = exchange_statistics(of);
    nn_pass pass = of->call->pass;
    double *whole = of->values, *part = slice.values;
    int64_t count = statistics->shared[pass];
    for (int row = 0; row <= statistics->rows[pass]; row++) {
        memcpy(to_whole ? whole : part, to_whole ? part : whole, (size_t)count * sizeof *part);
        part += count;
        whole = of->values + statistics->shared[pass] + row * of->channels + slice.first;
        count = slice.channels;
    }
}

/* The slices of all ranks of a group. */
static void exchange_cut(const exchange_merge *of, int radix, exchange_vector *slices)
{
    double *next = of->exchange->slices;
    for (int i = 0; i < radix; i++) {
        int64_t begin = of->channels * i / radix, end = of->channels * (i + 1) / radix;
        slices[i] = (exchange_vector){next, begin, end - begin};
        next += exchange_bytes(of, end - begin) / sizeof *next;
    }
}

/* Merges what the ranks of a group had, in the order of the tree: (0 with 1) with (2 with 3). */
static void exchange_merge_group(const exchange_merge *of, int radix, int64_t channels, double **places)
{
    for (int half = 1; half < radix; half *= 2)
        for (int i = 0; i < radix; i += 2 * half)
            exchange_statistics(of)->merge(of->call->pass, channels, places[i + half], places[i]);
}

/* Sends sent[i] to rank i of the group, receives the same vector from all of them, and merges it. */
static nn_status exchange_swap(const exchange_merge *of, nn_round round, const exchange_vector *sent)
{
    nn_exchange *exchange = of->exchange;
    int rank = nn_comm_rank(exchange->comm), own = rank / round.step % round.radix;
    size_t bytes = exchange_bytes(of, sent[own].channels), others = (size_t)round.radix - 1;
    nn_comm_part sends[NN_ROUND_RADIX], receives[NN_ROUND_RADIX];
    double *places[NN_ROUND_RADIX], *room = exchange->received;
    places[own] = sent[own].values;
    for (int i = 1; i < round.radix; i++, room += bytes / sizeof *room) {
        const exchange_vector *to = &sent[own ^ i];
        int partner = rank ^ i * round.step;
        sends[i] = (nn_comm_part){to->values, exchange_bytes(of, to->channels), partner};
        receives[i] = (nn_comm_part){places[own ^ i] = room, bytes, partner};
    }
    NN_TRY(nn_comm_exchange(exchange->comm, sends + 1, others, receives + 1, others, exchange->meanwhile));
    exchange_merge_group(of, round.radix, sent[own].channels, places);
    if (own > 0) memcpy(sent[own].values, places[0], bytes);
    return NN_OK;
}

/* Each rank of the group sends its slice to all others. */
static nn_status exchange_gather(const exchange_merge *of, nn_round round, const exchange_vector *slices)
{
    nn_exchange *exchange = of->exchange;
    int rank = nn_comm_rank(exchange->comm), own = rank / round.step % round.radix;
    size_t others = (size_t)round.radix - 1;
    nn_comm_part sends[NN_ROUND_RADIX], receives[NN_ROUND_RADIX];
    for (int i = 1; i < round.radix; i++) {
        const exchange_vector *from = &slices[own ^ i];
        int partner = rank ^ i * round.step;
        sends[i] = (nn_comm_part){slices[own].values, exchange_bytes(of, slices[own].channels), partner};
        receives[i] = (nn_comm_part){from->values, exchange_bytes(of, from->channels), partner};
    }
    NN_TRY(nn_comm_exchange(exchange->comm, sends + 1, others, receives + 1, others, exchange->meanwhile));
    for (int i = 0; i < round.radix; i++) exchange_copy(of, slices[i], true);
    return NN_OK;
}

/* All ranks merge, each what it has with what others have, in the order of the tree. */
static nn_status exchange_in_rounds(const exchange_merge *of, size_t bytes)
{
    int rank = nn_comm_rank(of->exchange->comm);
    nn_round rounds[NN_ROUNDS_MAX];
    exchange_vector slices[NN_ROUND_RADIX], sent[NN_ROUND_RADIX], own = {of->values, 0, of->channels};
    int count = nn_rounds_plan(nn_comm_size(of->exchange->comm), bytes, rounds);
    for (int r = 0; r < count; r++) {
        nn_round round = rounds[r];
        if (round.kind == NN_ROUND_GATHER) return exchange_gather(of, round, slices);
        if (round.kind == NN_ROUND_SCATTER) {
            exchange_cut(of, round.radix, slices);
            for (int i = 0; i < round.radix; i++) exchange_copy(of, slices[i], false);
            own = slices[rank / round.step % round.radix];
            NN_TRY(exchange_swap(of, round, slices));
            continue;
        }
        for (int i = 0; i < round.radix; i++) sent[i] = own;
        NN_TRY(exchange_swap(of, round, sent));
    }
    return NN_OK;
}

nn_status nn_exchange_merge(void *context, const nn_batch_statistics_call *call, const nn_tree_node *nodes,
                            int node_count, double *values)
{
    nn_exchange *exchange = context;
    const nn_layer *layer = &call->network->layers[call->layer];
    int64_t channels = nn_layer_statistics_channels(layer, call->pass);
    exchange_merge of = {exchange, call, nodes, node_count, 0, channels, values};
    size_t bytes = exchange_bytes(&of, channels);
    double began = nn_seconds();
    nn_phase before = nn_pulse_phase(NN_PHASE_REDUCE);
    NN_TRY(exchange_is_regular(call->shares) ? exchange_in_rounds(&of, bytes)
                                             : exchange_along_tree(&of, bytes));
    nn_pulse_phase(before);
    exchange->waited += nn_seconds() - began;
    return NN_OK;
}
