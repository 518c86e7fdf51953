/* The steps of a reduction, for both kinds. */
#include "comm/reduction.h"

#include <assert.h>
#include <string.h>

#include "base/memory.h"
#include "comm/reduction_internal.h"

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
    return nn_reduction_plan_create(nn_comm_ranks(comm), layout, mode, &(*reduction)->plan);
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
    NN_TRY_TO(failed, status, nn_comm_agree(comm, made->kind->create(made)));
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

/* If any rank is in the middle of a sum, MPI may still write to the buffers: they must live until the process
 * ends. */
static bool reduction_is_idle(const nn_reduction *reduction)
{
    bool idle = false;

    if (reduction->plan.size == 1) return true;
    return nn_comm_all(reduction->group, !reduction->summing, &idle) == NN_OK && idle;
}

void nn_reduction_destroy(nn_reduction *reduction)
{
    if (reduction == NULL) return;
    if (reduction->kind != NULL) {
        if (!reduction_is_idle(reduction)) return;
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

    if (nn_reduction_plan_create(ranks, layout, mode, &plan) != NN_OK) return 0;
    size = nn_reduction_plan_weights(&plan, ranks.domains) + nn_reduction_plan_partials(&plan, plan.rank) +
           nn_reduction_plan_arrivals(&plan, ranks.leaders) + nn_reduction_plan_sum(&plan) +
           reduction_scratch(&plan);
    nn_reduction_plan_release(&plan);
    return size;
}

/* The values of the nodes that a rank sums, except its own; a peer is a rank whose memory it can read. */
static nn_status traffic_exact(const nn_reduction_plan *plan, nn_ranks ranks, nn_reduction_traffic *traffic)
{
    nn_reduction_slice *slices = NULL;
    const nn_tree_node *nodes;

    NN_TRY(NN_ALLOCATE(&slices, plan->bucket_count + 1, "the slices of a rank"));
    for (int rank = 0; rank < plan->size; rank++) {
        size_t owned = 0, *bytes = ranks.leaders[rank] == ranks.leaders[ranks.rank] ? &traffic->on_node
                                                                                    : &traffic->from_nodes;
        if (rank == plan->rank) continue;
        for (int64_t i = nn_cuts_slices(&plan->cuts, rank, slices); i-- > 0;)
            owned += (size_t)(slices[i].end - slices[i].begin);
        *bytes += (size_t)nn_reduction_leaf_plan_nodes(&plan->leaves[0], rank, &nodes) * (size_t)plan->owned *
                  plan->width;
        if (ranks.domains[rank] != ranks.domains[ranks.rank]) *bytes += owned * plan->width;
    }
    nn_free(slices);
    return NN_OK;
}

nn_status nn_reduction_measure(nn_ranks ranks, const nn_reduction_layout *layout, nn_reduction_mode mode,
                               nn_reduction_traffic *traffic)
{
    nn_reduction_plan plan;
    nn_status status = NN_OK;

    *traffic = (nn_reduction_traffic){0};
    NN_TRY(nn_reduction_plan_create(ranks, layout, mode, &plan));
    traffic->owned = plan.owned;
    traffic->weights = nn_reduction_plan_weights(&plan, ranks.domains);
    if (mode == NN_REDUCE_EXACT)
        status = traffic_exact(&plan, ranks, traffic);
    else /* as with the best algorithms: half of it for the sum, half for distributing it */
        traffic->from_nodes =
            2 * (size_t)layout->count * plan.width * (size_t)(ranks.size - 1) / (size_t)ranks.size;
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
    assert(node >= 0 && node < reduction->plan.partial_counts[reduction->plan.rank]);
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
    *node_count = nn_reduction_leaf_plan_nodes(reduction->leaves, plan->rank, &own);
    memcpy(nodes, own, (size_t)*node_count * sizeof(*nodes));
    reduction->unstarted = plan->bucket_count;
    reduction->summing = true;
    return reduction->kind->begin(reduction);
}

nn_status nn_reduction_start(nn_reduction *reduction, int64_t bucket)
{
    assert(reduction->summing && bucket == reduction->unstarted - 1);
    reduction->unstarted = bucket;
    return reduction->kind->start(reduction, bucket);
}

nn_status nn_reduction_progress(nn_reduction *reduction)
{
    bool summed = false;

    return reduction->summing ? reduction->kind->progress(reduction, &summed) : NN_OK;
}

static nn_status reduction_await(nn_reduction *reduction)
{
    bool summed = false;
    unsigned turns = 0;

    for (;;) {
        NN_TRY(reduction->kind->progress(reduction, &summed));
        if (summed) return NN_OK;
        NN_TRY(nn_comm_pause(reduction->group, &turns));
    }
}

nn_status nn_reduction_finish(nn_reduction *reduction)
{
    nn_status status;

    assert(reduction->summing && reduction->unstarted == 0);
    nn_pulse_wait();
    status = reduction_await(reduction);
    nn_pulse_go_on();
    if (status == NN_OK) reduction->summing = false;
    return status;
}

int64_t nn_reduction_slices(nn_reduction *reduction, const nn_reduction_slice **slices)
{
    *slices = reduction->plan.slices;
    return reduction->plan.slice_count;
}

int64_t nn_reduction_slices_of(const nn_reduction *reduction, int rank, nn_reduction_slice *slices)
{
    const nn_reduction_plan *plan = &reduction->plan;

    if (plan->mode == NN_REDUCE_EXACT) return nn_cuts_slices(&plan->cuts, rank, slices);
    if (plan->slice_count > 0) {
        slices[0] = plan->slices[0];
        slices[0].gradient = NULL;
    }
    return plan->slice_count;
}

nn_status nn_reduction_claim(nn_reduction *reduction)
{
    assert(!reduction->summing);
    reduction->writing = true;
    return reduction->kind->claim(reduction);
}

nn_status nn_reduction_share_begin(nn_reduction *reduction)
{
    assert(reduction->writing);
    reduction->writing = false;
    return reduction->kind->share_begin(reduction);
}

nn_status nn_reduction_share_finish(nn_reduction *reduction)
{
    return reduction->kind->share_finish(reduction);
}
