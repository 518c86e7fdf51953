/*
 * The return of the weights in an exact reduction: from the owner of a slice to all ranks. The ranks of a
 * NUMA domain have one copy of the weights, where the owner has written its slice already. From there a
 * bucket descends in messages between the nodes of the cluster, each rank receiving a larger cell than it had
 * (comm/route.h), straight into the copy of its domain, until every rank has its cell of the node. What a
 * rank of another domain of the node has received is copied.
 *
 * The buckets descend independently, the first layers' first, and are awaited by the layers that need them,
 * while the layers below already compute. No rank writes to a copy before all ranks that read it have claimed
 * the share, and no rank reads a bucket again before all ranks with the same copy have counted it.
 */
#include <string.h>

#include "base/memory.h"
#include "comm/reduction_exact.h"

static int share_tag(int64_t bucket)
{
    return NN_EXACT_TAGS + (int)(bucket % (NN_EXACT_TAGS - 1));
}

nn_status nn_exact_create_share(nn_reduction *reduction)
{
    nn_exact *exact = reduction->state;
    const nn_route *down = &reduction->plan.down;

    return nn_journey_create(reduction, &down, 1, &exact->down);
}

/* ---- messages ---- */

/* Sends or receives a cell of a bucket. */
static nn_status share_pass(nn_reduction *reduction, int64_t bucket, const nn_hop *hop, bool sends)
{
    const nn_reduction_plan *plan = &reduction->plan;
    nn_exact *exact = reduction->state;
    nn_stretch pieces[2];
    int count = nn_cuts_pieces(&plan->cuts, bucket, hop->cell, pieces), tag = share_tag(bucket);
    bool near = nn_reduction_plan_is_near(plan, hop->peer);

    for (int i = 0; i < count; i++) {
        char *values = reduction->weights + (size_t)pieces[i].begin * plan->width;
        size_t size = (size_t)(pieces[i].end - pieces[i].begin) * plan->width;
        if (sends) {
            NN_TRY(nn_messages_send(&exact->down.leaving, values, size, hop->peer, tag));
            if (!near) reduction->clock.sent += size;
        } else {
            NN_TRY(nn_messages_receive(&exact->down.arriving, values, size, hop->peer, tag));
        }
    }
    return NN_OK;
}

static nn_status share_receive(nn_reduction *reduction, int64_t bucket)
{
    const nn_route *down = &reduction->plan.down;
    nn_exact *exact = reduction->state;
    int hop = 0;

    for (int phase = 0; phase < down->phase_count; phase++) {
        nn_journey_mark(&exact->down, bucket, phase);
        for (; hop < down->receive_count && down->receives[hop].phase == phase; hop++)
            NN_TRY(share_pass(reduction, bucket, &down->receives[hop], false));
    }
    nn_journey_mark(&exact->down, bucket, down->phase_count);
    return NN_OK;
}

static nn_status share_send_phase(nn_reduction *reduction, int64_t bucket)
{
    const nn_route *down = &reduction->plan.down;
    nn_exact *exact = reduction->state;
    int hop, end;

    if (exact->down.entered[bucket]) return NN_OK;
    exact->down.entered[bucket] = true;
    nn_route_find_phase(down->sends, down->send_count, exact->down.phase[bucket], &hop, &end);
    for (; hop < end; hop++) NN_TRY(share_pass(reduction, bucket, &down->sends[hop], true));
    return NN_OK;
}

static nn_status share_advance(nn_reduction *reduction, int64_t bucket)
{
    nn_exact *exact = reduction->state;
    int *phase = &exact->down.phase[bucket];
    bool arrived = false;

    for (; *phase < exact->down.route->phase_count; ++*phase) {
        NN_TRY(share_send_phase(reduction, bucket));
        NN_TRY(nn_journey_test(&exact->down, bucket, &arrived));
        if (!arrived) return NN_OK;
        exact->down.entered[bucket] = false;
        nn_pulse();
    }
    return NN_OK;
}

/* ---- the copies of a node ---- */

/* Buckets that have been shared, over all shares, once the first `buckets` of this one have. */
static uint64_t share_count(const nn_reduction *reduction, int64_t buckets)
{
    const nn_exact *exact = reduction->state;

    return (exact->shares - 1) * (uint64_t)reduction->plan.bucket_count + (uint64_t)buckets;
}

/* Whether it is for this rank to bring what the rank at `place` has received to its own copy: the ranks of
 * other domains are divided among those that have the same copy. */
static bool share_is_mine(const nn_peers *peers, int place)
{
    int sharers = peers->sharer_end - peers->sharer_begin;

    return peers->weights[place] != peers->weights[peers->own] &&
           place % sharers == peers->own - peers->sharer_begin;
}

static void share_copy(nn_reduction *reduction, int64_t bucket, int place)
{
    const nn_reduction_plan *plan = &reduction->plan;
    const nn_exact *exact = reduction->state;
    nn_holders node = {.begin = plan->first, .end = plan->first + plan->sharer_count};
    nn_stretch pieces[2];
    int count = nn_cuts_pieces(&plan->cuts, bucket,
                               nn_holders_cell(&node, &plan->positions, plan->first + place), pieces);

    for (int i = 0; i < count; i++) {
        size_t offset = (size_t)pieces[i].begin * plan->width;
        memcpy(reduction->weights + offset, exact->peers.weights[place] + offset,
               (size_t)(pieces[i].end - pieces[i].begin) * plan->width);
    }
}

/* Brings a bucket to this rank's copy if all that is needed for it has arrived. */
static bool share_copy_bucket(nn_reduction *reduction, int64_t bucket)
{
    const nn_exact *exact = reduction->state;
    const nn_peers *peers = &exact->peers;

    for (int place = 0; place < peers->count; place++) {
        if (share_is_mine(peers, place) &&
            atomic_load_explicit(&peers->counters[place].arrived, memory_order_acquire) <
                share_count(reduction, bucket + 1))
            return false;
    }
    for (int place = 0; place < peers->count; place++)
        if (share_is_mine(peers, place)) share_copy(reduction, bucket, place);
    return true;
}

/* ---- the share ---- */

nn_status nn_exact_share_begin(nn_reduction *reduction)
{
    nn_exact *exact = reduction->state;

    exact->shares++;
    exact->arrived = exact->copied = 0;
    exact->returned = false;
    nn_journey_start(reduction, &reduction->plan.down, &exact->down);
    for (int64_t bucket = 0; bucket < reduction->plan.bucket_count; bucket++)
        NN_TRY(share_receive(reduction, bucket));
    return nn_exact_share_progress(reduction);
}

nn_status nn_exact_share_progress(nn_reduction *reduction)
{
    nn_exact *exact = reduction->state;
    int64_t buckets = reduction->plan.bucket_count;
    nn_peer_counters *own = &exact->peers.counters[exact->peers.own];

    if (exact->shares == 0 || exact->returned) return NN_OK;
    int64_t end = buckets - exact->arrived < NN_SHARE_WINDOW ? buckets : exact->arrived + NN_SHARE_WINDOW;
    for (int64_t bucket = exact->arrived; bucket < end; bucket++) NN_TRY(share_advance(reduction, bucket));
    while (exact->arrived < buckets && exact->down.phase[exact->arrived] == exact->down.route->phase_count)
        exact->arrived++;
    atomic_store_explicit(&own->arrived, share_count(reduction, exact->arrived), memory_order_release);
    while (exact->copied < exact->arrived && share_copy_bucket(reduction, exact->copied)) exact->copied++;
    atomic_store_explicit(&own->copied, share_count(reduction, exact->copied), memory_order_release);
    return exact->copied == buckets ? nn_journey_has_left(&exact->down, &exact->returned) : NN_OK;
}

int64_t nn_exact_shared(const nn_reduction *reduction)
{
    const nn_exact *exact = reduction->state;
    const nn_peers *peers = &exact->peers;
    uint64_t before = share_count(reduction, 0);
    int64_t shared = reduction->plan.bucket_count;

    for (int place = peers->sharer_begin; exact->shares > 0 && place < peers->sharer_end; place++) {
        uint64_t copied = atomic_load_explicit(&peers->counters[place].copied, memory_order_acquire);
        int64_t here = copied > before ? (int64_t)(copied - before) : 0;
        if (here < shared) shared = here;
    }
    return shared;
}

bool nn_exact_has_shared(const nn_reduction *reduction)
{
    const nn_exact *exact = reduction->state;

    return exact->shares == 0 || exact->returned;
}

/* The weights of this rank's copy may be written to once nothing reads them: messages (all have left), ranks
 * of other domains that copy them, ranks with the same copy that compute with them. */
nn_status nn_exact_claim(nn_reduction *reduction)
{
    nn_exact *exact = reduction->state;
    nn_peers *peers = &exact->peers;
    uint64_t done = exact->shares * (uint64_t)reduction->plan.bucket_count;

    for (int place = 0; place < peers->count; place++)
        NN_TRY(nn_exact_await(reduction, &peers->counters[place].copied, done));
    atomic_store_explicit(&peers->counters[peers->own].claimed, exact->shares + 1, memory_order_release);
    for (int place = peers->sharer_begin; place < peers->sharer_end; place++)
        NN_TRY(nn_exact_await(reduction, &peers->counters[place].claimed, exact->shares + 1));
    return NN_OK;
}
