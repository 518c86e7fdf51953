/*
 * The return of the weights in an exact reduction: from the owner of a slice to all ranks. The ranks of a
 * NUMA domain have one copy of the weights, where the owner has written its slice already. A slice is sent to
 * each other node once, to the rank that relays it, straight into the copy of that rank; from there, as from
 * an owner's copy, a rank of each other domain of the node copies it.
 *
 * No rank writes to a copy before all ranks that read it have claimed the share, and no rank reads it again
 * before all of them have announced that they have brought their slices into it.
 */
#include <stddef.h>
#include <string.h>

#include "comm/reduction_exact.h"

static int share_tag(int64_t bucket)
{
    return NN_EXACT_TAGS + (int)(bucket % (NN_EXACT_TAGS - 1));
}

/* Whether the slices of `owner` arrive at `rank` for this rank's group. */
static bool share_is_relay(const nn_exact *exact, int rank, int owner)
{
    int group = exact->peers.group[rank];

    return exact->peers.group[owner] != group && nn_peers_relay(&exact->peers, group, owner) == rank;
}

static char *share_place(const nn_reduction *reduction, char *weights, int64_t bucket, int owner,
                         size_t *size)
{
    const nn_reduction_plan *plan = &reduction->plan;
    nn_reduction_slice slice = nn_cuts_slice(&plan->cuts, bucket, owner);

    *size = (size_t)(slice.end - slice.begin) * plan->width;
    return weights + (size_t)slice.begin * plan->width;
}

/* Number of messages for the slices of a rank. */
static size_t share_pieces(const nn_reduction *reduction, int owner)
{
    size_t pieces = 0, size;

    for (int64_t bucket = 0; bucket < reduction->plan.bucket_count; bucket++) {
        share_place(reduction, reduction->weights, bucket, owner, &size);
        pieces += nn_messages_pieces(size);
    }
    return pieces;
}

nn_status nn_exact_create_share(nn_reduction *reduction)
{
    nn_exact *exact = reduction->state;
    int rank = reduction->plan.rank;
    size_t arriving = 0;

    for (int owner = 0; owner < reduction->plan.size; owner++) {
        if (share_is_relay(exact, rank, owner)) arriving += share_pieces(reduction, owner);
    }
    NN_TRY(nn_messages_create(reduction->group, arriving, &exact->weights_arriving));
    return nn_messages_create(reduction->group,
                              share_pieces(reduction, rank) * (size_t)(exact->peers.group_count - 1),
                              &exact->weights_leaving);
}

static nn_status share_receive(nn_reduction *reduction, int owner)
{
    nn_exact *exact = reduction->state;
    size_t size;

    for (int64_t bucket = 0; bucket < reduction->plan.bucket_count; bucket++) {
        char *slice = share_place(reduction, reduction->weights, bucket, owner, &size);
        NN_TRY(nn_messages_receive(&exact->weights_arriving, slice, size, owner, share_tag(bucket)));
    }
    return NN_OK;
}

static nn_status share_send(nn_reduction *reduction, int relay)
{
    nn_exact *exact = reduction->state;
    size_t size;

    for (int64_t bucket = 0; bucket < reduction->plan.bucket_count; bucket++) {
        char *slice = share_place(reduction, reduction->weights, bucket, reduction->plan.rank, &size);
        NN_TRY(nn_messages_send(&exact->weights_leaving, slice, size, relay, share_tag(bucket)));
    }
    return NN_OK;
}

/* Posts all messages. Sends begin with the group after this one, so that not all ranks send to the same rank
 * at once. */
static nn_status share_post(nn_reduction *reduction)
{
    nn_exact *exact = reduction->state;
    int rank = reduction->plan.rank, groups = exact->peers.group_count;

    for (int owner = 0; owner < reduction->plan.size; owner++) {
        if (share_is_relay(exact, rank, owner)) NN_TRY(share_receive(reduction, owner));
    }
    for (int i = 1; i < groups; i++) {
        int group = (exact->peers.group[rank] + i) % groups;
        NN_TRY(share_send(reduction, nn_peers_relay(&exact->peers, group, rank)));
    }
    return NN_OK;
}

/* Copies the slices of `owner` from the copy of a peer. */
static void share_copy(nn_reduction *reduction, int owner, int place)
{
    const nn_exact *exact = reduction->state;
    size_t size;

    for (int64_t bucket = 0; bucket < reduction->plan.bucket_count; bucket++) {
        const char *from = share_place(reduction, exact->peers.weights[place], bucket, owner, &size);
        memcpy(share_place(reduction, reduction->weights, bucket, owner, &size), from, size);
    }
}

/* Peers are visited starting with the next one, so that not all ranks read the same memory at once. */
static int share_peer(const nn_peers *peers, int i)
{
    return (peers->own_place + i) % peers->mine_count;
}

/* Whether it is for this rank to copy what `owner` has written from the copy of the rank at `place` to its
 * own: the owners are divided among the ranks that have the same copy. */
static bool share_is_mine(const nn_peers *peers, int place, int owner)
{
    bool same = peers->weights[place] == peers->weights[peers->own_place];

    return !same && owner % peers->sharer_count == peers->own_sharer;
}

static nn_status share_copy_owned(nn_reduction *reduction)
{
    nn_exact *exact = reduction->state;
    const nn_peers *peers = &exact->peers;

    for (int i = 1; i < peers->mine_count; i++) {
        int place = share_peer(peers, i);
        if (!share_is_mine(peers, place, peers->mine[place])) continue;
        NN_TRY(nn_exact_await(reduction, &peers->counters[place].updated, exact->shares));
        share_copy(reduction, peers->mine[place], place);
    }
    return NN_OK;
}

static nn_status share_copy_relayed(nn_reduction *reduction)
{
    nn_exact *exact = reduction->state;
    const nn_peers *peers = &exact->peers;

    for (int i = 1; i < peers->mine_count; i++) {
        int place = share_peer(peers, i);
        for (int owner = 0; owner < reduction->plan.size; owner++) {
            if (!share_is_relay(exact, peers->mine[place], owner) || !share_is_mine(peers, place, owner))
                continue;
            NN_TRY(nn_exact_await(reduction, &peers->counters[place].relayed, exact->shares));
            share_copy(reduction, owner, place);
        }
    }
    return NN_OK;
}

/* Waits until a counter of all ranks that have this rank's copy of the weights has reached the share. */
static nn_status share_await_sharers(const nn_reduction *reduction, size_t counter, uint64_t share)
{
    const nn_exact *exact = reduction->state;
    const nn_peers *peers = &exact->peers;

    for (int i = 0; i < peers->sharer_count; i++) {
        char *counters = (char *)&peers->counters[peers->sharers[i]];
        NN_TRY(nn_exact_await(reduction, (const atomic_ullong *)(const void *)(counters + counter), share));
    }
    return NN_OK;
}

nn_status nn_exact_claim(nn_reduction *reduction)
{
    nn_exact *exact = reduction->state;
    nn_peer_counters *counters = &exact->peers.counters[exact->peers.own_place];

    atomic_store_explicit(&counters->claimed, exact->shares + 1, memory_order_release);
    return share_await_sharers(reduction, offsetof(nn_peer_counters, claimed), exact->shares + 1);
}

nn_status nn_exact_share_begin(nn_reduction *reduction)
{
    nn_exact *exact = reduction->state;
    nn_peer_counters *counters = &exact->peers.counters[exact->peers.own_place];

    exact->shares++;
    atomic_store_explicit(&counters->updated, exact->shares, memory_order_release);
    return share_post(reduction);
}

/* The copy is complete when each of its ranks has its own slices in it, those that it receives for its group,
 * and those that it copies from other domains. */
nn_status nn_exact_share_finish(nn_reduction *reduction)
{
    nn_exact *exact = reduction->state;
    nn_peer_counters *counters = &exact->peers.counters[exact->peers.own_place];

    NN_TRY(share_copy_owned(reduction));
    if (exact->peers.group_count > 1) {
        NN_TRY(nn_messages_wait(&exact->weights_arriving));
        atomic_store_explicit(&counters->relayed, exact->shares, memory_order_release);
        NN_TRY(share_copy_relayed(reduction));
        NN_TRY(nn_messages_wait(&exact->weights_leaving));
    }
    atomic_store_explicit(&counters->copied, exact->shares, memory_order_release);
    return share_await_sharers(reduction, offsetof(nn_peer_counters, copied), exact->shares);
}
