#include "comm/peers.h"

#include "base/log.h"
#include "base/memory.h"

static nn_status peers_allocate(const nn_comm *comm, nn_peers *peers)
{
    NN_TRY(NN_ALLOCATE(&peers->group, comm->size, "the table of peers"));
    NN_TRY(NN_ALLOCATE(&peers->place, comm->size, "the table of peers"));
    NN_TRY(NN_ALLOCATE(&peers->members, comm->size, "the table of peers"));
    NN_TRY(NN_ALLOCATE(&peers->group_begin, comm->size + 1, "the table of peers"));
    NN_TRY(NN_ALLOCATE(&peers->arrays, comm->node_size, "the table of peers"));
    return NN_OK;
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
}

static size_t peers_memory_size(const size_t *sizes, const nn_peers *peers)
{
    size_t size = (size_t)peers->mine_count * sizeof(nn_peer_counters);

    for (int place = 0; place < peers->mine_count; place++) size += sizes[peers->mine[place]];
    return size;
}

static void peers_divide(const size_t *sizes, char *memory, nn_peers *peers)
{
    peers->counters = (nn_peer_counters *)(void *)memory;
    memory += (size_t)peers->mine_count * sizeof(nn_peer_counters);
    for (int place = 0; place < peers->mine_count; place++) {
        peers->arrays[place] = memory;
        memory += sizes[peers->mine[place]];
    }
}

/* If one node has too little space, no node shares memory: senders must know who receives. */
static nn_status peers_fall_back(nn_comm *comm, const size_t *sizes, nn_peers *peers)
{
    nn_log_warning("the ranks of a node pass gradients in messages, which is slower: %s", nn_error_text());
    nn_error_clear();
    nn_shared_destroy(peers->shared);
    peers->shared = NULL;
    peers_group(comm, true, peers);
    NN_TRY(nn_comm_agree(
        comm, nn_allocate(&peers->separate, peers_memory_size(sizes, peers), 1, "weights and gradients")));
    peers_divide(sizes, peers->separate, peers);
    return NN_OK;
}

nn_status nn_peers_create(nn_comm *comm, const size_t *sizes, nn_peers *peers)
{
    nn_status status;

    NN_TRY(nn_comm_agree(comm, peers_allocate(comm, peers)));
    peers_group(comm, false, peers);
    status = nn_shared_create(comm, peers_memory_size(sizes, peers), &peers->shared);
    if (nn_comm_agree(comm, status) != NN_OK) return peers_fall_back(comm, sizes, peers);
    peers_divide(sizes, nn_shared_memory(peers->shared), peers);
    return NN_OK;
}

void nn_peers_release(nn_peers *peers)
{
    nn_shared_destroy(peers->shared);
    nn_free(peers->separate);
    nn_free(peers->group);
    nn_free(peers->place);
    nn_free(peers->members);
    nn_free(peers->group_begin);
    nn_free(peers->arrays);
}

int nn_peers_relay(const nn_peers *peers, int group, int owner)
{
    int begin = peers->group_begin[group];

    return peers->members[begin + owner % (peers->group_begin[group + 1] - begin)];
}
