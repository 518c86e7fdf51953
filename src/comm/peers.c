#include "comm/peers.h"

#include <string.h>

#include "base/log.h"
#include "base/memory.h"

static bool peers_share_copy(const nn_reduction_plan *plan, int place, int other)
{
    return plan->domains[plan->first + place] == plan->domains[plan->first + other];
}

static nn_status peers_allocate(const nn_reduction_plan *plan, nn_peers *peers)
{
    peers->count = plan->sharer_count;
    peers->own = plan->place;
    NN_TRY(NN_ALLOCATE(&peers->weights, peers->count, "the table of peers"));
    NN_TRY(NN_ALLOCATE(&peers->partials, peers->count, "the table of peers"));
    peers->sharer_begin = 0;
    while (!peers_share_copy(plan, peers->sharer_begin, peers->own)) peers->sharer_begin++;
    peers->sharer_end = peers->own + 1;
    while (peers->sharer_end < peers->count && peers_share_copy(plan, peers->sharer_end, peers->own))
        peers->sharer_end++;
    return NN_OK;
}

/* The first rank of a domain has its copy. */
static bool peers_has_copy(const nn_reduction_plan *plan, int place)
{
    return place == 0 || !peers_share_copy(plan, place, place - 1);
}

static size_t peers_memory_size(const nn_reduction_plan *plan)
{
    size_t size = (size_t)plan->sharer_count * sizeof(nn_peer_counters);

    for (int place = 0; place < plan->sharer_count; place++)
        size += nn_reduction_plan_partials(plan, place) + (peers_has_copy(plan, place) ? plan->stride : 0);
    return size;
}

/* The copy of a domain lies in front of the partials of its lowest rank. */
static void peers_divide(const nn_reduction_plan *plan, char *memory, nn_peers *peers)
{
    peers->counters = (nn_peer_counters *)(void *)memory;
    memory += (size_t)peers->count * sizeof(nn_peer_counters);
    for (int place = 0; place < peers->count; place++) {
        bool has_copy = peers_has_copy(plan, place);
        peers->weights[place] = has_copy ? memory : peers->weights[place - 1];
        if (has_copy) memory += plan->stride;
        peers->partials[place] = memory;
        memory += nn_reduction_plan_partials(plan, place);
    }
}

/* This rank's memory, and its part of the copy that it shares. */
static nn_status peers_zero(nn_comm *comm, const nn_reduction_plan *plan, nn_peers *peers)
{
    size_t sharers = (size_t)(peers->sharer_end - peers->sharer_begin), part = plan->stride / sharers;
    size_t begin = part * (size_t)(peers->own - peers->sharer_begin);
    size_t end = peers->own == peers->sharer_end - 1 ? plan->stride : begin + part;

    memset(&peers->counters[peers->own], 0, sizeof(*peers->counters));
    memset(peers->partials[peers->own], 0, nn_reduction_plan_partials(plan, peers->own));
    memset(peers->weights[peers->own] + begin, 0, end - begin);
    return nn_shared_barrier(comm);
}

static nn_status peers_create_separate(nn_comm *comm, const nn_reduction_plan *plan, nn_peers *peers)
{
    NN_TRY(nn_comm_agree(comm,
                         nn_allocate(&peers->separate, peers_memory_size(plan), 1, "weights and gradients")));
    peers_divide(plan, peers->separate, peers);
    return NN_OK;
}

nn_status nn_peers_create(nn_comm *comm, const nn_reduction_plan *plan, bool *alone, nn_peers *peers)
{
    NN_TRY(nn_comm_agree(comm, peers_allocate(plan, peers)));
    if (*alone) return peers_create_separate(comm, plan, peers);
    nn_status status = nn_shared_reserve(comm, peers_memory_size(plan), &peers->shared);
    if (nn_comm_agree(comm, status) == NN_OK) {
        peers_divide(plan, nn_shared_memory(peers->shared), peers);
        return nn_comm_agree(comm, peers_zero(comm, plan, peers));
    }
    /* If one node has too little space, no node shares memory: senders must know who receives. */
    nn_log_warning("the ranks of a node pass gradients in messages, which is slower, and each has its own "
                   "copy of the weights: %s",
                   nn_error_text());
    nn_error_clear();
    *alone = true;
    nn_peers_release(peers);
    return NN_OK;
}

void nn_peers_release(nn_peers *peers)
{
    nn_shared_destroy(peers->shared);
    nn_free(peers->separate);
    nn_free(peers->weights);
    nn_free(peers->partials);
    *peers = (nn_peers){0};
}
