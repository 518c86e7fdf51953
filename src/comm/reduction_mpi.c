/* `mpi`: the rank's nodes are summed here, and the sums of all ranks by MPI_Iallreduce, bucket by bucket. */
#include <string.h>

#include "base/memory.h"
#include "comm/reduction_internal.h"

typedef struct mpi_state {
    char *arrays;
    const char **sources;
    nn_messages sums;
    bool arrived;   /* the sums that have been started */
    bool completed; /* the blocks of this step have been announced as summed */
} mpi_state;

static nn_status mpi_create(nn_reduction *reduction, const nn_reduction_layout *layout)
{
    nn_reduction_plan *plan = &reduction->plan;
    mpi_state *state = NULL;
    size_t pieces = 0;

    (void)layout;
    NN_TRY(NN_ALLOCATE(&state, 1, "a reduction"));
    reduction->state = state;
    for (int64_t bucket = 0; bucket < plan->bucket_count; bucket++) {
        nn_reduction_slice whole = nn_cuts_slice(&plan->cuts, bucket, 0);
        pieces += nn_messages_pieces((size_t)(whole.end - whole.begin) * plan->width);
    }
    NN_TRY(nn_messages_create(reduction->group, pieces, &state->sums));
    NN_TRY(NN_ALLOCATE(&state->arrays, plan->stride + nn_reduction_plan_partials(plan, plan->place),
                       "weights and gradients"));
    NN_TRY(NN_ALLOCATE(&state->sources, plan->partial_counts[plan->place], "sums in progress"));
    reduction->weights = state->arrays;
    reduction->partials = state->arrays + plan->stride;
    if (plan->slice_count > 0) plan->slices[0].gradient = nn_reduction_partial(reduction, 0);
    return NN_OK;
}

static void mpi_destroy(nn_reduction *reduction)
{
    mpi_state *state = reduction->state;

    if (state == NULL) return;
    nn_messages_release(&state->sums);
    nn_free(state->arrays);
    nn_free(state->sources);
    nn_free(state);
}

static nn_status mpi_begin(nn_reduction *reduction)
{
    mpi_state *state = reduction->state;

    state->sums.count = 0;
    state->arrived = true;
    state->completed = false;
    return NN_OK;
}

static nn_status mpi_start(nn_reduction *reduction, int64_t bucket)
{
    const nn_reduction_plan *plan = &reduction->plan;
    mpi_state *state = reduction->state;
    const nn_tree_node *nodes;
    nn_reduction_slice whole = nn_cuts_slice(&plan->cuts, bucket, 0);
    size_t offset = (size_t)whole.begin * plan->width;
    int64_t count = whole.end - whole.begin;
    int node_count = nn_reduction_plan_nodes(plan, reduction->leaves, &nodes);
    char *sum = (char *)nn_reduction_partial(reduction, 0) + offset;

    for (int i = 0; i < node_count; i++)
        state->sources[i] = (char *)nn_reduction_partial(reduction, i) + offset;
    if (node_count == 0) memset(sum, 0, (size_t)count * plan->width);
    nn_stretch piece = {whole.block_begin, whole.block_end, whole.begin, whole.end};
    nn_reduction_sum(reduction, &piece,
                     &(nn_sum){.fold = &reduction->leaves->folds[0], .sources = state->sources, .to = sum});
    state->arrived = plan->size == 1;
    return plan->size == 1 ? NN_OK : nn_messages_sum(&state->sums, sum, count, plan->width);
}

static nn_status mpi_progress(nn_reduction *reduction)
{
    const nn_reduction_plan *plan = &reduction->plan;
    mpi_state *state = reduction->state;

    if (!reduction->summing || state->completed) return NN_OK;
    NN_TRY(nn_messages_test(&state->sums, 0, state->sums.count, &state->arrived));
    if (!state->arrived || reduction->unstarted > 0) return NN_OK;
    for (int64_t i = 0; i < plan->slice_count; i++) {
        const nn_reduction_slice *slice = &plan->slices[i];
        nn_stretch piece = {slice->block_begin, slice->block_end, slice->begin, slice->end};
        nn_reduction_sum(reduction, &piece, &(nn_sum){.completes = slice});
    }
    state->completed = true;
    return NN_OK;
}

static bool mpi_is_summed(const nn_reduction *reduction)
{
    const mpi_state *state = reduction->state;

    return state->completed;
}

static bool mpi_is_passing(const nn_reduction *reduction)
{
    const mpi_state *state = reduction->state;

    return reduction->summing && !state->arrived;
}

/* Every rank has its own weights, and updates all of them. */
static nn_status mpi_share(nn_reduction *reduction)
{
    (void)reduction;
    return NN_OK;
}

static int64_t mpi_shared(const nn_reduction *reduction)
{
    return reduction->plan.bucket_count;
}

static bool mpi_has_shared(const nn_reduction *reduction)
{
    (void)reduction;
    return true;
}

const nn_reduction_kind nn_reduction_mpi = {
    .create = mpi_create,
    .destroy = mpi_destroy,
    .begin = mpi_begin,
    .start = mpi_start,
    .progress = mpi_progress,
    .is_summed = mpi_is_summed,
    .is_passing = mpi_is_passing,
    .claim = mpi_share,
    .share_begin = mpi_share,
    .shared = mpi_shared,
    .has_shared = mpi_has_shared,
};
