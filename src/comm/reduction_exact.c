/*
 * `exact`: a reduce-scatter whose sums have the order of the canonical tree.
 *
 * An MPI_Reduce_scatter may add in any order, and the order changes with the number of ranks, and in some
 * implementations with the message size: its bits are not those of the same batch on other ranks. So the
 * owner of a slice gets the nodes themselves: every partial sum that any rank holds of this slice, to finish
 * the tree over them (comm/fold.h). On its own node it reads them where they lie, in shared memory; from
 * other nodes they arrive in messages. Because shares are cut where subtrees are largest, a rank holds few
 * nodes: one each, where the numbers of microbatches and ranks are powers of two. The volume is then that of
 * an ordinary reduce-scatter, (P - 1) / P of the gradient per rank; there are more messages, as a rank sends
 * each bucket to every rank of the other nodes.
 *
 * A bucket is started as soon as its layers are done, and summed by its owners whenever `progress` finds it
 * complete, while the layers below still compute. Nobody waits in between, and no lock is taken: each rank
 * counts what it has started, summed, claimed, updated and copied, over all steps, in counters that the ranks
 * of its node read (acquire and release). Counters only grow, so there is nothing to reset. A rank's partials
 * may be overwritten when all peers have announced that they have summed; the weights, when all peers have
 * copied, and all ranks that read the same copy have claimed it.
 */
#include "comm/reduction_exact.h"

#include "base/memory.h"

nn_status nn_exact_await(const nn_reduction *reduction, const atomic_ullong *counter, uint64_t value)
{
    unsigned turns = 0;
    nn_status status = NN_OK;

    nn_pulse_wait();
    while (status == NN_OK && atomic_load_explicit(counter, memory_order_acquire) < value) {
        status = nn_comm_pause(reduction->group, &turns);
    }
    nn_pulse_go_on();
    return status;
}

static int exact_tag(int64_t bucket)
{
    return (int)(bucket % NN_EXACT_TAGS);
}

static size_t exact_bytes(const nn_reduction_plan *plan, nn_reduction_slice slice)
{
    return (size_t)(slice.end - slice.begin) * plan->width;
}

/* The messages of a step, for the number of leaves that has the most. */
static void exact_count_messages(const nn_reduction *reduction, size_t *arriving, size_t *leaving)
{
    const nn_reduction_plan *plan = &reduction->plan;
    const nn_exact *exact = reduction->state;
    const nn_tree_node *nodes;
    size_t in = 0, out = 0;

    for (int64_t i = 0; i < plan->slice_count; i++)
        in += nn_messages_pieces(exact_bytes(plan, plan->slices[i]));
    for (int rank = 0; rank < plan->size; rank++) {
        if (nn_exact_is_peer(exact, rank, plan->rank)) continue;
        for (int64_t bucket = 0; bucket < plan->bucket_count; bucket++) {
            out += nn_messages_pieces(exact_bytes(plan, nn_cuts_slice(&plan->cuts, bucket, rank)));
        }
    }
    *arriving = *leaving = 0;
    for (int kind = 0; kind < plan->leaf_count_kinds; kind++) {
        size_t arriving_nodes = 0;
        size_t own_nodes = (size_t)nn_reduction_leaf_plan_nodes(&plan->leaves[kind], plan->rank, &nodes);
        for (int rank = 0; rank < plan->size; rank++) {
            if (nn_exact_is_peer(exact, rank, plan->rank)) continue;
            arriving_nodes += (size_t)nn_reduction_leaf_plan_nodes(&plan->leaves[kind], rank, &nodes);
        }
        if (arriving_nodes * in > *arriving) *arriving = arriving_nodes * in;
        if (own_nodes * out > *leaving) *leaving = own_nodes * out;
    }
}

static int exact_most_sources(const nn_reduction_plan *plan)
{
    int most = 0;

    for (int kind = 0; kind < plan->leaf_count_kinds; kind++) {
        int count = plan->leaves[kind].source_begin[plan->size];
        if (count > most) most = count;
    }
    return most;
}

static nn_status exact_allocate(nn_reduction *reduction)
{
    const nn_reduction_plan *plan = &reduction->plan;
    nn_exact *exact = reduction->state;
    int most_sources = exact_most_sources(plan);
    size_t arriving, leaving;

    exact_count_messages(reduction, &arriving, &leaving);
    NN_TRY(nn_messages_create(reduction->group, arriving, &exact->arriving));
    NN_TRY(nn_messages_create(reduction->group, leaving, &exact->leaving));
    NN_TRY(NN_ALLOCATE(&exact->arriving_end, plan->bucket_count + 1, "the plan of a reduction"));
    NN_TRY(NN_ALLOCATE(&exact->slice_of, plan->bucket_count, "the plan of a reduction"));
    NN_TRY(NN_ALLOCATE(&exact->packed, plan->slice_count, "the plan of a reduction"));
    NN_TRY(NN_ALLOCATE(&exact->origins, most_sources, "the plan of a reduction"));
    NN_TRY(NN_ALLOCATE(&exact->sources, most_sources, "the plan of a reduction"));
    NN_TRY(NN_ALLOCATE(&exact->arrivals, nn_reduction_plan_arrivals(plan, exact->peers.group),
                       "gradients of other nodes"));
    NN_TRY(NN_ALLOCATE(&exact->sum, nn_reduction_plan_sum(plan), "summed gradients"));
    return nn_exact_create_share(reduction);
}

static void exact_index_slices(const nn_reduction_plan *plan, nn_exact *exact)
{
    int64_t packed = 0, index = 0;

    for (int64_t bucket = 0; bucket < plan->bucket_count; bucket++) {
        nn_reduction_slice slice = nn_cuts_slice(&plan->cuts, bucket, plan->rank);
        exact->slice_of[bucket] = -1;
        if (slice.begin == slice.end) continue;
        exact->slice_of[bucket] = index;
        exact->packed[index++] = packed;
        packed += slice.end - slice.begin;
    }
}

static nn_status exact_create_state(nn_reduction *reduction, size_t **sizes)
{
    const nn_reduction_plan *plan = &reduction->plan;
    nn_exact *exact = NULL;

    NN_TRY(NN_ALLOCATE(sizes, plan->size, "the plan of a reduction"));
    for (int rank = 0; rank < plan->size; rank++) (*sizes)[rank] = nn_reduction_plan_partials(plan, rank);
    NN_TRY(NN_ALLOCATE(&exact, 1, "a reduction"));
    reduction->state = exact;
    return NN_OK;
}

static nn_status exact_create(nn_reduction *reduction)
{
    size_t *sizes = NULL;
    nn_exact *exact;
    nn_status status;

    NN_TRY_TO(done, status, nn_comm_agree(reduction->comm, exact_create_state(reduction, &sizes)));
    exact = reduction->state;
    NN_TRY_TO(done, status, nn_peers_create(reduction->comm, reduction->plan.stride, sizes, &exact->peers));
    reduction->weights = exact->peers.weights[exact->peers.own_place];
    reduction->partials = exact->peers.partials[exact->peers.own_place];
    NN_TRY_TO(done, status, exact_allocate(reduction));
    exact_index_slices(&reduction->plan, exact);

done:
    nn_free(sizes);
    return status;
}

static void exact_destroy(nn_reduction *reduction)
{
    nn_exact *exact = reduction->state;

    if (exact == NULL) return;
    nn_peers_release(&exact->peers);
    nn_messages_release(&exact->arriving);
    nn_messages_release(&exact->leaving);
    nn_messages_release(&exact->weights_arriving);
    nn_messages_release(&exact->weights_leaving);
    nn_free(exact->arriving_end);
    nn_free(exact->slice_of);
    nn_free(exact->packed);
    nn_free(exact->origins);
    nn_free(exact->sources);
    nn_free(exact->arrivals);
    nn_free(exact->sum);
    nn_free(exact);
}

/* Where each source lies: in the arrays of a peer, or among the arrivals. */
static void exact_find_origins(nn_reduction *reduction)
{
    const nn_reduction_plan *plan = &reduction->plan;
    nn_exact *exact = reduction->state;
    const nn_tree_node *nodes;
    char *arrivals = exact->arrivals;
    int source = 0;

    for (int rank = 0; rank < plan->size; rank++) {
        int count = nn_reduction_leaf_plan_nodes(reduction->leaves, rank, &nodes);
        bool peer = nn_exact_is_peer(exact, rank, plan->rank);
        const char *partials = peer ? exact->peers.partials[exact->peers.place[rank]] : NULL;
        for (int i = 0; i < count; i++) {
            exact->origins[source++] = peer ? partials + (size_t)i * plan->stride : arrivals;
            if (!peer) arrivals += (size_t)plan->owned * plan->width;
        }
    }
}

/* Posts the receives of an owned slice: from each rank elsewhere, one for each of its nodes. */
static nn_status exact_receive(nn_reduction *reduction, int64_t bucket)
{
    const nn_reduction_plan *plan = &reduction->plan;
    const int *begin = reduction->leaves->source_begin;
    nn_exact *exact = reduction->state;
    int64_t index = exact->slice_of[bucket];
    char *arrivals = exact->arrivals + (size_t)exact->packed[index] * plan->width;

    for (int rank = 0; rank < plan->size; rank++) {
        if (nn_exact_is_peer(exact, rank, plan->rank)) continue;
        for (int i = begin[rank]; i < begin[rank + 1]; i++) {
            NN_TRY(nn_messages_receive(&exact->arriving, arrivals, exact_bytes(plan, plan->slices[index]),
                                       rank, exact_tag(bucket)));
            arrivals += (size_t)plan->owned * plan->width;
        }
    }
    return NN_OK;
}

/* Waits until no peer reads the partials of the steps so far. */
static nn_status exact_await_summed(nn_reduction *reduction)
{
    const nn_exact *exact = reduction->state;

    for (int place = 0; place < exact->peers.mine_count; place++) {
        NN_TRY(nn_exact_await(reduction, &exact->peers.counters[place].summed, exact->steps));
    }
    return NN_OK;
}

static nn_status exact_begin(nn_reduction *reduction)
{
    const nn_reduction_plan *plan = &reduction->plan;
    nn_exact *exact = reduction->state;

    NN_TRY(exact_await_summed(reduction));
    exact->steps++;
    exact->unsummed = plan->bucket_count;
    exact->announced = false;
    exact->arriving.count = exact->leaving.count = 0;
    exact_find_origins(reduction);
    exact->arriving_end[plan->bucket_count] = 0;
    for (int64_t bucket = plan->bucket_count - 1; bucket >= 0; bucket--) {
        if (exact->slice_of[bucket] >= 0) NN_TRY(exact_receive(reduction, bucket));
        exact->arriving_end[bucket] = exact->arriving.count;
    }
    return NN_OK;
}

/* Buckets that a rank has started, over all steps, once it has started `bucket` in this one. */
static uint64_t exact_started_count(const nn_reduction *reduction, int64_t bucket)
{
    const nn_exact *exact = reduction->state;
    uint64_t buckets = (uint64_t)reduction->plan.bucket_count;

    return exact->steps * buckets - (uint64_t)bucket;
}

/* Sends begin with the rank after this one, so that not all ranks send to the same one at a time. */
static nn_status exact_start(nn_reduction *reduction, int64_t bucket)
{
    const nn_reduction_plan *plan = &reduction->plan;
    const nn_tree_node *nodes;
    nn_exact *exact = reduction->state;
    int node_count = nn_reduction_leaf_plan_nodes(reduction->leaves, plan->rank, &nodes);

    atomic_store_explicit(&exact->peers.counters[exact->peers.own_place].started,
                          exact_started_count(reduction, bucket), memory_order_release);
    for (int i = 1; i < plan->size; i++) {
        int rank = (plan->rank + i) % plan->size;
        nn_reduction_slice slice = nn_cuts_slice(&plan->cuts, bucket, rank);
        if (nn_exact_is_peer(exact, rank, plan->rank)) continue;
        for (int node = 0; node < node_count; node++) {
            const char *partial = nn_reduction_partial(reduction, node);
            NN_TRY(nn_messages_send(&exact->leaving, partial + (size_t)slice.begin * plan->width,
                                    exact_bytes(plan, slice), rank, exact_tag(bucket)));
        }
    }
    return NN_OK;
}

/* Whether all that an owned slice is summed from is there. */
static nn_status exact_is_ready(nn_reduction *reduction, int64_t bucket, bool *ready)
{
    const int *begin = reduction->leaves->source_begin;
    nn_exact *exact = reduction->state;
    uint64_t needed = exact_started_count(reduction, bucket);

    NN_TRY(nn_messages_test(&exact->arriving, exact->arriving_end[bucket + 1], exact->arriving_end[bucket],
                            ready));
    for (int place = 0; place < exact->peers.mine_count && *ready; place++) {
        int rank = exact->peers.mine[place];
        if (begin[rank] == begin[rank + 1]) continue;
        *ready = atomic_load_explicit(&exact->peers.counters[place].started, memory_order_acquire) >= needed;
    }
    return NN_OK;
}

/* Sums an owned slice into this rank's first partial: nobody else reads it there. */
static void exact_sum(nn_reduction *reduction, int64_t index)
{
    nn_reduction_plan *plan = &reduction->plan;
    nn_exact *exact = reduction->state;
    const nn_reduction_leaf_plan *leaves = reduction->leaves;
    nn_reduction_slice *slice = &plan->slices[index];
    size_t packed = (size_t)exact->packed[index] * plan->width;
    size_t offset = (size_t)slice->begin * plan->width;
    bool has_leaves = leaves->source_begin[plan->rank] < leaves->source_begin[plan->rank + 1];

    for (int rank = 0; rank < plan->size; rank++) {
        size_t place = nn_exact_is_peer(exact, rank, plan->rank) ? offset : packed;
        for (int i = leaves->source_begin[rank]; i < leaves->source_begin[rank + 1]; i++) {
            exact->sources[i] = exact->origins[i] + place;
        }
    }
    slice->gradient = has_leaves ? (char *)nn_reduction_partial(reduction, 0) + offset : exact->sum + packed;
    nn_reduction_sum(reduction, slice, exact->sources, slice->gradient, true);
}

/* Once all is summed, and what peers or messages still take from here is taken, the partials are free again.
 */
static nn_status exact_announce(nn_reduction *reduction)
{
    nn_exact *exact = reduction->state;
    bool sent = false;

    NN_TRY(nn_messages_test(&exact->leaving, 0, exact->leaving.count, &sent));
    if (exact->unsummed > 0 || !sent) return NN_OK;
    atomic_store_explicit(&exact->peers.counters[exact->peers.own_place].summed, exact->steps,
                          memory_order_release);
    exact->announced = true;
    return NN_OK;
}

/* Whether the peers have copied the weights of the last share: only then may owners write to them. */
static bool exact_weights_are_free(const nn_exact *exact)
{
    for (int place = 0; place < exact->peers.mine_count; place++) {
        if (atomic_load_explicit(&exact->peers.counters[place].copied, memory_order_acquire) <
            exact->shares) {
            return false;
        }
    }
    return true;
}

static nn_status exact_progress(nn_reduction *reduction, bool *summed)
{
    nn_exact *exact = reduction->state;

    while (exact->unsummed > reduction->unstarted) {
        int64_t bucket = exact->unsummed - 1, index = exact->slice_of[bucket];
        bool ready = true;
        if (index >= 0) NN_TRY(exact_is_ready(reduction, bucket, &ready));
        if (!ready) break;
        if (index >= 0) exact_sum(reduction, index);
        exact->unsummed = bucket;
        nn_pulse();
    }
    if (!exact->announced) NN_TRY(exact_announce(reduction));
    *summed = exact->announced && exact_weights_are_free(exact);
    return NN_OK;
}

static int exact_copy_of(const nn_reduction *reduction, int rank)
{
    const nn_exact *exact = reduction->state;

    return exact->peers.copies[rank];
}

const nn_reduction_kind nn_reduction_exact = {
    .create = exact_create,
    .destroy = exact_destroy,
    .begin = exact_begin,
    .start = exact_start,
    .progress = exact_progress,
    .copy_of = exact_copy_of,
    .claim = nn_exact_claim,
    .share_begin = nn_exact_share_begin,
    .share_finish = nn_exact_share_finish,
};
