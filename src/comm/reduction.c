/* The steps of a reduction, for both kinds. */
#include "comm/reduction.h"

#include <assert.h>
#include <string.h>

#include "base/memory.h"
#include "comm/reduction_internal.h"
#include "host/clock.h"

/* Bytes that are broadcast at a time. */
#define REDUCTION_CHUNK ((size_t)1 << 20)

static const nn_reduction_kind *const reduction_kinds[] = {
    [NN_REDUCE_EXACT] = &nn_reduction_exact,
    [NN_REDUCE_MPI] = &nn_reduction_mpi,
};

/* Bytes of the scratch of all threads. */
static size_t reduction_scratch(const nn_reduction_plan *plan)
{
    return plan->scratch * (size_t)plan->threads;
}

static nn_status reduction_plan(nn_comm *comm, const nn_reduction_layout *layout, nn_reduction_mode mode,
                                nn_reduction **reduction)
{
    NN_TRY(NN_ALLOCATE(reduction, 1, "a reduction"));
    (*reduction)->group = MPI_COMM_NULL;
    (*reduction)->comm = comm;
    return nn_reduction_plan_create(nn_comm_ranks(comm), layout, mode, false, &(*reduction)->plan);
}

nn_status nn_reduction_create(nn_comm *comm, const nn_reduction_layout *layout, nn_reduction_mode mode,
                              nn_reduction_arithmetic arithmetic, nn_reduction **reduction)
{
    nn_reduction *made = NULL;
    nn_status status;

    *reduction = NULL;
    NN_TRY_TO(failed, status, nn_comm_agree(comm, reduction_plan(comm, layout, mode, &made)));
    made->arithmetic = arithmetic;
    if (nn_comm_size(comm) > 1)
        NN_TRY_TO(failed, status,
                  NN_MPI_WAIT(MPI_Comm_dup(comm->job, &made->group), "duplicating a communicator"));
    NN_TRY_TO(failed, status,
              nn_comm_agree(comm, NN_ALLOCATE(&made->scratch, reduction_scratch(&made->plan), "sums")));
    made->kind = reduction_kinds[mode];
    NN_TRY_TO(failed, status, nn_comm_agree(comm, made->kind->create(made, layout)));
    *reduction = made;
    return NN_OK;

failed:
    nn_reduction_destroy(made);
    return status;
}

void nn_reduction_attach(nn_reduction *reduction, nn_reduction_hooks hooks)
{
    reduction->hooks = hooks;
}

/* Weights may still be on their way, as after a failure between steps: they arrive first. If any rank is in
 * the middle of a step, MPI may still write to the buffers: they must live until the process ends. */
static bool reduction_come_to_rest(nn_reduction *reduction)
{
    bool between = !reduction->summing && !reduction->writing, all = false;

    if (reduction->plan.size == 1) return true;
    if (nn_comm_all(reduction->group, between, &all) != NN_OK || !all) return false;
    return reduction->state == NULL || nn_reduction_share_finish(reduction) == NN_OK;
}

void nn_reduction_destroy(nn_reduction *reduction)
{
    if (reduction == NULL) return;
    if (reduction->kind != NULL) {
        if (!reduction_come_to_rest(reduction)) return;
        reduction->kind->destroy(reduction);
    }
    if (reduction->group != MPI_COMM_NULL) (void)NN_MPI_WAIT(MPI_Comm_free(&reduction->group), "ending");
    nn_reduction_plan_release(&reduction->plan);
    nn_free(reduction->scratch);
    nn_free(reduction);
}

size_t nn_reduction_memory(nn_ranks ranks, const nn_reduction_layout *layout, nn_reduction_mode mode)
{
    nn_reduction_plan plan;
    size_t size;

    if (nn_reduction_plan_create(ranks, layout, mode, false, &plan) != NN_OK) return 0;
    size = nn_reduction_plan_weights(&plan) + nn_reduction_plan_partials(&plan, plan.place) +
           nn_reduction_plan_arrivals(&plan) + nn_reduction_plan_narrowed(&plan) + reduction_scratch(&plan);
    nn_reduction_plan_release(&plan);
    return size;
}

/* Bytes of the hops to or from ranks that are on this rank's node, or are not; *messages (or NULL) becomes
 * larger by the number of these hops. */
static size_t traffic_hops(const nn_reduction_plan *plan, const nn_hop *hops, int count, bool near,
                           int *messages)
{
    size_t bytes = 0;

    for (int i = 0; i < count; i++) {
        if (nn_reduction_plan_is_near(plan, hops[i].peer) != near) continue;
        if (messages) ++*messages;
        for (int64_t bucket = 0; bucket < plan->bucket_count; bucket++)
            bytes += nn_reduction_plan_bytes(plan, bucket, hops[i].cell, hops[i].leaves);
    }
    return bytes;
}

/* On its node a rank reads the partials of all others in its cell, and what other domains have received of
 * the weights. */
static void traffic_exact(const nn_reduction_plan *plan, nn_reduction_traffic *traffic)
{
    const nn_reduction_leaf_plan *leaves = &plan->leaves[0];
    const nn_route *up = &leaves->up, *down = &plan->down;
    const nn_tree_node *nodes;
    int sources = leaves->source_begin[plan->sharer_count], others = 0;
    size_t cell = 0;

    for (int64_t bucket = 0; bucket < plan->bucket_count; bucket++)
        cell += (size_t)nn_cuts_count(&plan->cuts, bucket, up->bottom) * plan->width;
    for (int place = 0; place < plan->sharer_count; place++)
        others += plan->domains[plan->first + place] != plan->domains[plan->rank];
    sources -= nn_reduction_plan_nodes(plan, leaves, &nodes);
    /* The parts of other domains are divided among the ranks of this one. */
    traffic->on_node = cell * (size_t)sources + cell * (size_t)others / (size_t)(plan->sharer_count - others);
    traffic->on_node += traffic_hops(plan, up->receives, up->receive_count, true, NULL) +
                        traffic_hops(plan, down->receives, down->receive_count, true, NULL);
    traffic->from_nodes = traffic_hops(plan, up->receives, up->receive_count, false, NULL) +
                          traffic_hops(plan, down->receives, down->receive_count, false, NULL);
    traffic->to_nodes = traffic_hops(plan, up->sends, up->send_count, false, &traffic->messages) +
                        traffic_hops(plan, down->sends, down->send_count, false, &traffic->messages);
}

/* As with the best algorithms: half of it for the sum, half for distributing it, in a ring in which each node
 * has one rank that sends to the next node. Per rank, on average over the ranks of a node. */
static void traffic_mpi(const nn_reduction_plan *plan, nn_reduction_traffic *traffic)
{
    size_t bytes = 2 * (size_t)plan->count * plan->width * (size_t)(plan->size - 1) / (size_t)plan->size;
    bool leaves = plan->sharer_count < plan->size;

    traffic->from_nodes = traffic->to_nodes = leaves ? bytes / (size_t)plan->sharer_count : 0;
    traffic->on_node = bytes - traffic->from_nodes;
}

nn_status nn_reduction_measure(nn_ranks ranks, const nn_reduction_layout *layout, nn_reduction_mode mode,
                               nn_reduction_traffic *traffic)
{
    nn_reduction_plan plan;
    nn_status status = nn_reduction_plan_create(ranks, layout, mode, false, &plan);

    *traffic = (nn_reduction_traffic){0};
    if (status != NN_OK) {
        nn_reduction_plan_release(&plan);
        return status;
    }
    traffic->owned = plan.owned;
    traffic->weights = nn_reduction_plan_weights(&plan);
    if (mode == NN_REDUCE_EXACT)
        traffic_exact(&plan, traffic);
    else
        traffic_mpi(&plan, traffic);
    nn_reduction_plan_release(&plan);
    return status;
}

void *nn_reduction_weights(nn_reduction *reduction)
{
    return reduction->weights;
}

int nn_reduction_copy_of(const nn_reduction *reduction, int rank)
{
    return reduction->kind->copy_of ? reduction->kind->copy_of(reduction, rank) : rank;
}

/* In chunks, which ranks that have no copy of their own to write receive and drop. */
nn_status nn_reduction_spread(nn_reduction *reduction)
{
    nn_comm *comm = reduction->comm;
    int rank = nn_comm_rank(comm);
    bool keeps = nn_reduction_copy_of(reduction, rank) == rank;
    size_t total = (size_t)reduction->plan.count * reduction->plan.width;
    char *dropped = NULL;

    if (nn_comm_size(comm) == 1) return NN_OK;
    nn_status status = NN_ALLOCATE(&dropped, keeps ? 0 : REDUCTION_CHUNK, "weights from rank 0");
    NN_TRY_TO(done, status, nn_comm_agree(comm, status));
    for (size_t begin = 0; begin < total; begin += REDUCTION_CHUNK) {
        size_t size = total - begin < REDUCTION_CHUNK ? total - begin : REDUCTION_CHUNK;
        NN_TRY_TO(done, status,
                  nn_comm_broadcast(comm, keeps ? reduction->weights + begin : dropped, size, 0));
    }
    status = nn_comm_barrier(comm);
done:
    nn_free(dropped);
    return status;
}

void *nn_reduction_partial(nn_reduction *reduction, int node)
{
    assert(node >= 0 && node < reduction->plan.partial_counts[reduction->plan.place]);
    return reduction->partials + (size_t)node * reduction->plan.stride;
}

static const nn_reduction_leaf_plan *reduction_find_leaves(const nn_reduction_plan *plan, int64_t leaf_count)
{
    for (int kind = 0; kind < plan->leaf_count_kinds; kind++) {
        if (plan->leaves[kind].leaf_count == leaf_count) return &plan->leaves[kind];
    }
    return NULL;
}

nn_status nn_reduction_begin(nn_reduction *reduction, int64_t leaf_count, nn_tree_node *nodes,
                             int *node_count)
{
    const nn_reduction_plan *plan = &reduction->plan;
    const nn_tree_node *own;

    assert(!reduction->summing);
    reduction->leaves = reduction_find_leaves(plan, leaf_count);
    if (reduction->leaves == NULL) {
        NN_FAIL(NN_ERROR_COMM, "the reduction was not created for a step of %lld microbatches",
                (long long)leaf_count);
    }
    *node_count = nn_reduction_plan_nodes(plan, reduction->leaves, &own);
    memcpy(nodes, own, (size_t)*node_count * sizeof(*nodes));
    reduction->unstarted = plan->bucket_count;
    reduction->summing = true;
    return reduction->kind->begin(reduction);
}

/* Notes since when some bucket has been on its way. */
static void reduction_look_at_clock(nn_reduction *reduction)
{
    bool passing = reduction->plan.size > 1 && reduction->kind->is_passing(reduction);

    if (passing == reduction->passing) return;
    double now = nn_seconds();
    if (passing)
        reduction->passing_since = now;
    else
        reduction->clock.passing += now - reduction->passing_since;
    reduction->passing = passing;
}

nn_status nn_reduction_start(nn_reduction *reduction, int64_t bucket)
{
    assert(reduction->summing && bucket == reduction->unstarted - 1);
    reduction->unstarted = bucket;
    nn_status status = reduction->kind->start(reduction, bucket);
    reduction_look_at_clock(reduction);
    return status;
}

nn_status nn_reduction_progress(nn_reduction *reduction)
{
    nn_status status = reduction->kind->progress(reduction);

    reduction_look_at_clock(reduction);
    return status;
}

/* Makes progress until a condition holds. */
static nn_status reduction_wait(nn_reduction *reduction, bool (*holds)(const nn_reduction *, int64_t),
                                int64_t bucket)
{
    nn_status status = NN_OK;
    unsigned turns = 0;

    if (holds(reduction, bucket)) return NN_OK;
    double start = nn_seconds();
    nn_pulse_wait();
    for (;;) {
        status = nn_reduction_progress(reduction);
        if (status != NN_OK || holds(reduction, bucket)) break;
        status = nn_comm_pause(reduction->group, &turns);
        if (status != NN_OK) break;
    }
    nn_pulse_go_on();
    if (reduction->plan.size > 1) reduction->clock.waiting += nn_seconds() - start;
    return status;
}

/* Weights that pass through this rank are part of it: after this, the caller may wait for others elsewhere.
 */
static bool reduction_has_finished(const nn_reduction *reduction, int64_t bucket)
{
    (void)bucket;
    return reduction->kind->is_summed(reduction) && reduction->kind->has_shared(reduction);
}

nn_status nn_reduction_finish(nn_reduction *reduction)
{
    assert(reduction->summing && reduction->unstarted == 0);
    NN_TRY(reduction_wait(reduction, reduction_has_finished, 0));
    reduction->summing = false;
    return NN_OK;
}

int64_t nn_reduction_slices(nn_reduction *reduction, const nn_reduction_slice **slices)
{
    *slices = reduction->plan.slices;
    return reduction->plan.slice_count;
}

int64_t nn_reduction_slices_of(const nn_reduction *reduction, int rank, nn_reduction_slice *slices)
{
    const nn_reduction_plan *plan = &reduction->plan;

    if (plan->mode == NN_REDUCE_EXACT)
        return nn_cuts_slices(&plan->cuts, plan->positions.position[rank], slices);
    if (plan->slice_count > 0) {
        slices[0] = plan->slices[0];
        slices[0].gradient = NULL;
    }
    return plan->slice_count;
}

static int reduction_rank_at(const void *context, int position)
{
    const nn_reduction *reduction = context;
    return reduction->plan.positions.rank_at[position];
}

nn_combine_order nn_reduction_order(const nn_reduction *reduction)
{
    int rank = nn_comm_rank(reduction->comm);
    return (nn_combine_order){reduction->plan.positions.position[rank], reduction_rank_at, reduction};
}

nn_status nn_reduction_claim(nn_reduction *reduction)
{
    assert(!reduction->summing);
    NN_TRY(nn_reduction_share_finish(reduction));
    reduction->writing = true;
    return reduction->kind->claim(reduction);
}

nn_status nn_reduction_share_begin(nn_reduction *reduction)
{
    assert(reduction->writing);
    reduction->writing = false;
    nn_status status = reduction->kind->share_begin(reduction);
    reduction_look_at_clock(reduction);
    return status;
}

int64_t nn_reduction_shared(const nn_reduction *reduction)
{
    return reduction->kind->shared(reduction);
}

static bool reduction_is_shared(const nn_reduction *reduction, int64_t bucket)
{
    return reduction->kind->shared(reduction) > bucket;
}

nn_status nn_reduction_await(nn_reduction *reduction, int64_t bucket)
{
    return reduction_wait(reduction, reduction_is_shared, bucket);
}

bool nn_reduction_has_shared(const nn_reduction *reduction)
{
    return reduction->kind->has_shared(reduction) &&
           reduction->kind->shared(reduction) == reduction->plan.bucket_count;
}

static bool reduction_has_shared(const nn_reduction *reduction, int64_t bucket)
{
    (void)bucket;
    return nn_reduction_has_shared(reduction);
}

nn_status nn_reduction_share_finish(nn_reduction *reduction)
{
    return reduction_wait(reduction, reduction_has_shared, 0);
}

nn_reduction_clock nn_reduction_read_clock(const nn_reduction *reduction)
{
    return reduction->clock;
}
