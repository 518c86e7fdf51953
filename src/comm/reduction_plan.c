#include "comm/reduction_plan.h"

#include <string.h>

#include "base/memory.h"
#include "base/shares.h"

int nn_reduction_leaf_plan_nodes(const nn_reduction_leaf_plan *leaves, int rank, const nn_tree_node **nodes)
{
    *nodes = leaves->sources + leaves->source_begin[rank];
    return leaves->source_begin[rank + 1] - leaves->source_begin[rank];
}

static bool plan_sums(const nn_reduction_plan *plan, int rank)
{
    return plan->mode == NN_REDUCE_EXACT || rank == plan->rank;
}

static nn_status plan_list_sources(const nn_reduction_plan *plan, const nn_shares *shares,
                                   nn_reduction_leaf_plan *leaves)
{
    nn_tree_node nodes[NN_TREE_COVER_MAX];

    NN_TRY(NN_ALLOCATE(&leaves->source_begin, plan->size + 1, "the plan of a reduction"));
    for (int rank = 0; rank < plan->size; rank++) {
        int count = plan_sums(plan, rank) ? nn_shares_nodes(shares, rank, nodes) : 0;
        leaves->source_begin[rank + 1] = leaves->source_begin[rank] + count;
    }
    NN_TRY(NN_ALLOCATE(&leaves->sources, leaves->source_begin[plan->size], "the plan of a reduction"));
    for (int rank = 0; rank < plan->size; rank++) {
        int begin = leaves->source_begin[rank], count = leaves->source_begin[rank + 1] - begin;
        if (count == 0) continue;
        nn_shares_nodes(shares, rank, nodes);
        memcpy(leaves->sources + begin, nodes, (size_t)count * sizeof(*nodes));
    }
    return NN_OK;
}

static nn_status plan_find_sources(const nn_reduction_plan *plan, nn_reduction_leaf_plan *leaves)
{
    nn_shares shares;
    nn_status status = nn_shares_create(leaves->leaf_count, plan->size, plan->leaders, &shares);

    if (status == NN_OK) status = plan_list_sources(plan, &shares, leaves);
    nn_shares_release(&shares);
    return status;
}

static nn_status plan_leaves(nn_reduction_plan *plan, int64_t leaf_count, nn_reduction_leaf_plan *leaves)
{
    const nn_tree_node *nodes;
    int own_count;

    leaves->leaf_count = leaf_count;
    NN_TRY(plan_find_sources(plan, leaves));
    for (int rank = 0; rank < plan->size; rank++) {
        int count = nn_reduction_leaf_plan_nodes(leaves, rank, &nodes);
        if (count > plan->partial_counts[rank]) plan->partial_counts[rank] = count;
    }
    own_count = nn_reduction_leaf_plan_nodes(leaves, plan->rank, &nodes);
    plan->lacks_leaves = plan->lacks_leaves || own_count == 0;
    NN_TRY(nn_fold_create(leaf_count, leaves->sources, leaves->source_begin[plan->size],
                          own_count > 0 ? leaves->source_begin[plan->rank] : NN_FOLD_NEXT, &leaves->fold));
    if (nn_fold_scratch(&leaves->fold, plan->width) > plan->scratch) {
        plan->scratch = nn_fold_scratch(&leaves->fold, plan->width);
    }
    return NN_OK;
}

static nn_status plan_list_owned(nn_reduction_plan *plan, const nn_reduction_layout *layout)
{
    int64_t blocks = 0;

    for (int64_t i = 0; i < plan->slice_count; i++) {
        nn_reduction_slice *slice = &plan->slices[i];
        slice->owned = blocks;
        blocks += slice->block_end - slice->block_begin;
        plan->owned += slice->end - slice->begin;
    }
    NN_TRY(NN_ALLOCATE(&plan->owned_begin, blocks, "the slices of a rank"));
    for (int64_t i = 0; i < plan->slice_count; i++) {
        const nn_reduction_slice *slice = &plan->slices[i];
        memcpy(plan->owned_begin + slice->owned, layout->block_begin + slice->block_begin,
               (size_t)(slice->block_end - slice->block_begin) * sizeof *plan->owned_begin);
    }
    return NN_OK;
}

static nn_status plan_slices(nn_reduction_plan *plan, const nn_reduction_layout *layout)
{
    NN_TRY(NN_ALLOCATE(&plan->slices, plan->bucket_count + 1, "the slices of a rank"));
    if (plan->mode == NN_REDUCE_EXACT) {
        NN_TRY(nn_cuts_create(layout, plan->size, &plan->cuts));
        plan->slice_count = nn_cuts_slices(&plan->cuts, plan->rank, plan->slices);
    } else {
        NN_TRY(nn_cuts_create(layout, 1, &plan->cuts));
        plan->slices[0] = (nn_reduction_slice){.block_end = layout->block_count, .end = layout->count};
        plan->slice_count = layout->count > 0;
    }
    return plan_list_owned(plan, layout);
}

static nn_status plan_fill(const nn_reduction_layout *layout, nn_reduction_plan *plan)
{
    NN_TRY(NN_ALLOCATE(&plan->partial_counts, plan->size, "the plan of a reduction"));
    NN_TRY(NN_ALLOCATE(&plan->leaves, layout->leaf_count_kinds, "the plan of a reduction"));
    plan->leaf_count_kinds = layout->leaf_count_kinds;
    for (int kind = 0; kind < layout->leaf_count_kinds; kind++) {
        NN_TRY(plan_leaves(plan, layout->leaf_counts[kind], &plan->leaves[kind]));
    }
    /* MPI sums in place, so a rank without leaves contributes zeros. */
    if (plan->mode == NN_REDUCE_MPI && plan->partial_counts[plan->rank] == 0)
        plan->partial_counts[plan->rank] = 1;
    return plan_slices(plan, layout);
}

nn_status nn_reduction_plan_create(nn_ranks ranks, const nn_reduction_layout *layout, nn_reduction_mode mode,
                                   nn_reduction_plan *plan)
{
    unsigned width = nn_scalar_size(layout->scalar);
    size_t bytes = (size_t)layout->count * width;
    nn_status status;

    *plan = (nn_reduction_plan){.rank = ranks.rank,
                                .size = ranks.size,
                                .leaders = ranks.leaders,
                                .mode = mode,
                                .width = width,
                                .count = layout->count,
                                .bucket_count = layout->bucket_count,
                                .threads = layout->threads > 0 ? layout->threads : 1,
                                .stride = (bytes + NN_ALIGNMENT - 1) / NN_ALIGNMENT * NN_ALIGNMENT};
    status = plan_fill(layout, plan);
    if (status != NN_OK) nn_reduction_plan_release(plan);
    return status;
}

void nn_reduction_plan_release(nn_reduction_plan *plan)
{
    for (int kind = 0; kind < plan->leaf_count_kinds; kind++) {
        nn_free(plan->leaves[kind].sources);
        nn_free(plan->leaves[kind].source_begin);
        nn_fold_release(&plan->leaves[kind].fold);
    }
    nn_free(plan->leaves);
    nn_free(plan->partial_counts);
    nn_free(plan->slices);
    nn_free(plan->owned_begin);
    nn_cuts_release(&plan->cuts);
    *plan = (nn_reduction_plan){0};
}

size_t nn_reduction_plan_partials(const nn_reduction_plan *plan, int rank)
{
    return plan->stride * (size_t)plan->partial_counts[rank];
}

size_t nn_reduction_plan_weights(const nn_reduction_plan *plan, const int *domains)
{
    size_t sharers = 0;

    if (plan->mode != NN_REDUCE_EXACT) return plan->stride;
    for (int rank = 0; rank < plan->size; rank++) sharers += domains[rank] == domains[plan->rank];
    return (plan->stride + sharers - 1) / sharers;
}

size_t nn_reduction_plan_arrivals(const nn_reduction_plan *plan, const int *groups)
{
    const nn_tree_node *nodes;
    int most = 0;

    if (plan->mode != NN_REDUCE_EXACT) return 0;
    for (int kind = 0; kind < plan->leaf_count_kinds; kind++) {
        int arriving = 0;
        for (int rank = 0; rank < plan->size; rank++) {
            if (groups[rank] == groups[plan->rank]) continue;
            arriving += nn_reduction_leaf_plan_nodes(&plan->leaves[kind], rank, &nodes);
        }
        if (arriving > most) most = arriving;
    }
    return (size_t)most * (size_t)plan->owned * plan->width;
}

size_t nn_reduction_plan_sum(const nn_reduction_plan *plan)
{
    return plan->mode == NN_REDUCE_EXACT && plan->lacks_leaves ? (size_t)plan->owned * plan->width : 0;
}
