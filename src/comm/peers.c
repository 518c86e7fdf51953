#include "comm/peers.h"

#include <string.h>

#include "base/log.h"
#include "base/memory.h"

static nn_status peers_allocate(const nn_comm *comm, nn_peers *peers)
{
    NN_TRY(NN_ALLOCATE(&peers->group, comm->size, "the table of peers"));
    NN_TRY(NN_ALLOCATE(&peers->place, comm->size, "the table of peers"));
    NN_TRY(NN_ALLOCATE(&peers->members, comm->size, "the table of peers"));
    NN_TRY(NN_ALLOCATE(&peers->group_begin, comm->size + 1, "the table of peers"));
    NN_TRY(NN_ALLOCATE(&peers->weights, comm->node_size, "the table of peers"));
    NN_TRY(NN_ALLOCATE(&peers->partials, comm->node_size, "the table of peers"));
    NN_TRY(NN_ALLOCATE(&peers->copies, comm->size, "the table of peers"));
    NN_TRY(NN_ALLOCATE(&peers->sharers, comm->node_size, "the table of peers"));
    return NN_OK;
}

static void peers_find_copies(const nn_comm *comm, bool alone, nn_peers *peers)
{
    peers->sharer_count = 0;
    for (int rank = 0; rank < comm->size; rank++) peers->copies[rank] = alone ? rank : comm->domains[rank];
    for (int place = 0; place < peers->mine_count; place++) {
        if (peers->copies[peers->mine[place]] != peers->copies[comm->rank]) continue;
        if (place == peers->own_place) peers->own_sharer = peers->sharer_count;
        peers->sharers[peers->sharer_count++] = place;
    }
}

/* Groups by node, or one group per rank. Groups and their members are in rank order. */
static void peers_group(const nn_comm *comm, bool alone, nn_peers *peers)
{
    int *begin = peers->group_begin;

    peers->group_count = 0;
    for (int group = 0; group <= comm->size; group++) begin[group] = 0;
    for (int rank = 0; rank < comm->size; rank++) {
        int leader = alone ? rank : comm->leaders[rank];
        int group = peers->group[rank] = leader == rank ? peers->group_count++ : peers->group[leader];
        peers->place[rank] = begin[group + 1]++;
    }
    for (int group = 0; group < peers->group_count; group++) begin[group + 1] += begin[group];
    for (int rank = 0; rank < comm->size; rank++) {
        peers->members[begin[peers->group[rank]] + peers->place[rank]] = rank;
    }
    peers->mine = peers->members + begin[peers->group[comm->rank]];
    peers->mine_count = begin[peers->group[comm->rank] + 1] - begin[peers->group[comm->rank]];
    peers->own_place = peers->place[comm->rank];
    peers_find_copies(comm, alone, peers);
}

static bool peers_has_copy(const nn_peers *peers, int place)
{
    return peers->copies[peers->mine[place]] == peers->mine[place];
}

static size_t peers_memory_size(size_t weights, const size_t *partials, const nn_peers *peers)
{
    size_t size = (size_t)peers->mine_count * sizeof(nn_peer_counters);

    for (int place = 0; place < peers->mine_count; place++)
        size += partials[peers->mine[place]] + (peers_has_copy(peers, place) ? weights : 0);
    return size;
}

/* The copy of a domain lies in front of the partials of its lowest rank. */
static void peers_divide(size_t weights, const size_t *partials, char *memory, nn_peers *peers)
{
    peers->counters = (nn_peer_counters *)(void *)memory;
    memory += (size_t)peers->mine_count * sizeof(nn_peer_counters);
    for (int place = 0; place < peers->mine_count; place++) {
        int rank = peers->mine[place];
        peers->weights[place] =
            peers_has_copy(peers, place) ? memory : peers->weights[peers->place[peers->copies[rank]]];
        if (peers_has_copy(peers, place)) memory += weights;
        peers->partials[place] = memory;
        memory += partials[rank];
    }
}

/* This rank's memory, and its part of the copy that it shares. */
static nn_status peers_zero(nn_comm *comm, size_t weights, const size_t *partials, nn_peers *peers)
{
    size_t begin = weights / (size_t)peers->sharer_count * (size_t)peers->own_sharer;
    bool last = peers->own_sharer == peers->sharer_count - 1;
    size_t end = last ? weights : begin + weights / (size_t)peers->sharer_count;

    memset(&peers->counters[peers->own_place], 0, sizeof(*peers->counters));
    memset(peers->partials[peers->own_place], 0, partials[comm->rank]);
    memset(peers->weights[peers->own_place] + begin, 0, end - begin);
    return nn_shared_barrier(comm);
}

/* If one node has too little space, no node shares memory: senders must know who receives. */
static nn_status peers_fall_back(nn_comm *comm, size_t weights, const size_t *partials, nn_peers *peers)
{
    nn_log_warning("the ranks of a node pass gradients in messages, which is slower, and each has its own "
                   "copy of the weights: %s",
                   nn_error_text());
    nn_error_clear();
    nn_shared_destroy(peers->shared);
    peers->shared = NULL;
    peers_group(comm, true, peers);
    NN_TRY(nn_comm_agree(comm, nn_allocate(&peers->separate, peers_memory_size(weights, partials, peers), 1,
                                           "weights and gradients")));
    peers_divide(weights, partials, peers->separate, peers);
    return NN_OK;
}

nn_status nn_peers_create(nn_comm *comm, size_t weights, const size_t *partials, nn_peers *peers)
{
    nn_status status;

    NN_TRY(nn_comm_agree(comm, peers_allocate(comm, peers)));
    peers_group(comm, false, peers);
    status = nn_shared_reserve(comm, peers_memory_size(weights, partials, peers), &peers->shared);
    if (nn_comm_agree(comm, status) != NN_OK) return peers_fall_back(comm, weights, partials, peers);
    peers_divide(weights, partials, nn_shared_memory(peers->shared), peers);
    return nn_comm_agree(comm, peers_zero(comm, weights, partials, peers));
}

void nn_peers_release(nn_peers *peers)
{
    nn_shared_destroy(peers->shared);
    nn_free(peers->separate);
    nn_free(peers->group);
    nn_free(peers->place);
    nn_free(peers->members);
    nn_free(peers->group_begin);
    nn_free(peers->weights);
    nn_free(peers->partials);
    nn_free(peers->copies);
    nn_free(peers->sharers);
}

int nn_peers_relay(const nn_peers *peers, int group, int owner)
{
    int begin = peers->group_begin[group];

    return peers->members[begin + owner % (peers->group_begin[group + 1] - begin)];
}
