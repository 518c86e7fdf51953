#include "comm/reduction_plan.h"

#include <string.h>

#include "base/memory.h"
#include "base/shares.h"

int nn_reduction_plan_nodes(const nn_reduction_plan *plan, const nn_reduction_leaf_plan *leaves,
                            const nn_tree_node **nodes)
{
    *nodes = leaves->sources + leaves->source_begin[plan->place];
    return leaves->source_begin[plan->place + 1] - leaves->source_begin[plan->place];
}

bool nn_reduction_plan_is_near(const nn_reduction_plan *plan, int rank)
{
    return plan->nodes[rank] == plan->nodes[plan->rank];
}

bool nn_reduction_plan_rounds(const nn_reduction_plan *plan, int64_t leaves)
{
    return plan->wire_leaves > 0 && leaves >= plan->wire_leaves;
}

/* ---- the sums within a node of the cluster ---- */

static nn_status plan_list_sources(const nn_reduction_plan *plan, const nn_shares *shares,
                                   nn_reduction_leaf_plan *leaves)
{
    nn_tree_node nodes[NN_TREE_COVER_MAX];

    NN_TRY(NN_ALLOCATE(&leaves->source_begin, plan->sharer_count + 1, "the plan of a reduction"));
    for (int place = 0; place < plan->sharer_count; place++)
        leaves->source_begin[place + 1] =
            leaves->source_begin[place] + nn_shares_nodes(shares, plan->first + place, nodes);
    NN_TRY(
        NN_ALLOCATE(&leaves->sources, leaves->source_begin[plan->sharer_count], "the plan of a reduction"));
    for (int place = 0; place < plan->sharer_count; place++) {
        int count = nn_shares_nodes(shares, plan->first + place, nodes);
        if (count > 0)
            memcpy(leaves->sources + leaves->source_begin[place], nodes, (size_t)count * sizeof(*nodes));
        if (count > plan->partial_counts[place]) plan->partial_counts[place] = count;
    }
    return NN_OK;
}

/* The sums of `exact`: the maximal nodes of the leaves of all ranks that share memory. A sum grows in the
 * memory of one of its sources, this rank's own if there is one: nobody else touches it in this rank's cell.
 */
static nn_status plan_sums(nn_reduction_plan *plan, const nn_shares *shares, nn_reduction_leaf_plan *leaves)
{
    nn_tree_node sums[NN_TREE_COVER_MAX];
    int own = leaves->source_begin[plan->place], own_end = leaves->source_begin[plan->place + 1];
    int source_count = leaves->source_begin[plan->sharer_count], source = 0;
    int count = nn_tree_cover(shares->leaves, shares->begin[plan->first],
                              shares->begin[plan->first + plan->sharer_count], sums);

    NN_TRY(NN_ALLOCATE(&leaves->folds, count, "the plan of a reduction"));
    NN_TRY(NN_ALLOCATE(&leaves->sum_begin, count + 1, "the plan of a reduction"));
    NN_TRY(NN_ALLOCATE(&leaves->sum_home, count, "the plan of a reduction"));
    for (leaves->sum_count = 0; leaves->sum_count < count; leaves->sum_count++) {
        int i = leaves->sum_count, first = source;
        while (source < source_count && leaves->sources[source].end <= sums[i].end) source++;
        leaves->sum_begin[i + 1] = source;
        leaves->sum_home[i] = own < first ? first : own;
        if (leaves->sum_home[i] >= source || leaves->sum_home[i] >= own_end) leaves->sum_home[i] = first;
        NN_TRY(nn_fold_create(shares->leaves, leaves->sources + first, source - first,
                              leaves->sum_home[i] - first, plan->wire_leaves, &leaves->folds[i]));
    }
    return NN_OK;
}

/* The sum of `mpi`: of this rank's nodes, whatever subtrees are missing. */
static nn_status plan_own_sum(nn_reduction_plan *plan, nn_reduction_leaf_plan *leaves)
{
    const nn_tree_node *nodes;
    int count = nn_reduction_plan_nodes(plan, leaves, &nodes);

    NN_TRY(NN_ALLOCATE(&leaves->folds, 1, "the plan of a reduction"));
    leaves->sum_count = 1;
    return nn_fold_create(leaves->leaf_count, nodes, count, 0, 0, &leaves->folds[0]);
}

static nn_status plan_fill_leaves(nn_reduction_plan *plan, const nn_shares *shares,
                                  nn_reduction_leaf_plan *leaves)
{
    nn_route_call call = {shares, plan->leaders, &plan->positions, plan->rank};

    leaves->leaf_count = shares->leaves;
    NN_TRY(plan_list_sources(plan, shares, leaves));
    if (plan->mode == NN_REDUCE_EXACT) {
        NN_TRY(plan_sums(plan, shares, leaves));
        NN_TRY(nn_route_create_up(&call, &leaves->up));
    } else {
        NN_TRY(plan_own_sum(plan, leaves));
    }
    for (int i = 0; i < leaves->sum_count; i++) {
        size_t scratch = nn_fold_scratch(&leaves->folds[i], plan->width);
        if (scratch > plan->scratch) plan->scratch = scratch;
    }
    return NN_OK;
}

static nn_status plan_leaves(nn_reduction_plan *plan, const nn_ranks *ranks, int64_t leaf_count,
                             nn_reduction_leaf_plan *leaves)
{
    nn_shares shares;
    nn_status status = nn_shares_create(leaf_count, plan->size, ranks->leaders, &shares);

    if (status == NN_OK) status = plan_fill_leaves(plan, &shares, leaves);
    nn_shares_release(&shares);
    return status;
}

/* ---- the ranks ---- */

static nn_status plan_ranks(const nn_ranks *ranks, bool alone, nn_reduction_plan *plan)
{
    NN_TRY(NN_ALLOCATE(&plan->leaders, plan->size, "the plan of a reduction"));
    NN_TRY(NN_ALLOCATE(&plan->domains, plan->size, "the plan of a reduction"));
    NN_TRY(NN_ALLOCATE(&plan->nodes, plan->size, "the plan of a reduction"));
    for (int rank = 0; rank < plan->size; rank++) {
        plan->nodes[rank] = ranks->leaders[rank];
        plan->leaders[rank] = alone ? rank : ranks->leaders[rank];
        plan->domains[rank] = alone ? rank : ranks->domains[rank];
    }
    plan->first = plan->leaders[plan->rank];
    while (plan->first + plan->sharer_count < plan->size &&
           plan->leaders[plan->first + plan->sharer_count] == plan->first)
        plan->sharer_count++;
    plan->place = plan->rank - plan->first;
    return NN_OK;
}

/* The positions, and the way down, follow the largest tree. */
static nn_status plan_positions(nn_reduction_plan *plan, const nn_ranks *ranks,
                                const nn_reduction_layout *layout)
{
    nn_shares shares;
    int64_t most = 1;

    for (int kind = 0; kind < layout->leaf_count_kinds; kind++)
        if (layout->leaf_counts[kind] > most) most = layout->leaf_counts[kind];
    nn_status status = nn_shares_create(most, plan->size, ranks->leaders, &shares);
    if (status == NN_OK) status = nn_positions_create(&shares, plan->leaders, &plan->positions);
    if (status == NN_OK && plan->mode == NN_REDUCE_EXACT)
        status = nn_route_create_down(&(nn_route_call){&shares, plan->leaders, &plan->positions, plan->rank},
                                      &plan->down);
    nn_shares_release(&shares);
    return status;
}

static nn_status plan_slices(nn_reduction_plan *plan, const nn_reduction_layout *layout)
{
    int64_t blocks = 0;

    NN_TRY(NN_ALLOCATE(&plan->slices, plan->bucket_count + 1, "the slices of a rank"));
    NN_TRY(NN_ALLOCATE(&plan->slice_of, plan->bucket_count, "the slices of a rank"));
    if (plan->mode == NN_REDUCE_EXACT) {
        NN_TRY(nn_cuts_create(layout, plan->size, &plan->cuts));
        plan->slice_count = nn_cuts_slices(&plan->cuts, plan->positions.position[plan->rank], plan->slices);
    } else {
        NN_TRY(nn_cuts_create(layout, 1, &plan->cuts));
        plan->slices[0] = (nn_reduction_slice){.block_end = layout->block_count, .end = layout->count};
        plan->slice_count = layout->count > 0;
    }
    for (int64_t bucket = 0, i = 0; bucket < plan->bucket_count; bucket++) {
        bool owns =
            i < plan->slice_count && plan->slices[i].block_begin < plan->cuts.bucket_begin[bucket + 1];
        plan->slice_of[bucket] = owns ? i : -1;
        i += owns && plan->mode == NN_REDUCE_EXACT;
    }
    for (int64_t i = 0; i < plan->slice_count; i++) {
        nn_reduction_slice *slice = &plan->slices[i];
        slice->owned = blocks;
        blocks += slice->block_end - slice->block_begin;
        plan->owned += slice->end - slice->begin;
    }
    return NN_OK;
}

static nn_status plan_fill(const nn_ranks *ranks, const nn_reduction_layout *layout, bool alone,
                           nn_reduction_plan *plan)
{
    NN_TRY(plan_ranks(ranks, alone, plan));
    NN_TRY(plan_positions(plan, ranks, layout));
    NN_TRY(NN_ALLOCATE(&plan->partial_counts, plan->sharer_count, "the plan of a reduction"));
    for (int place = 0; place < plan->sharer_count; place++) plan->partial_counts[place] = 1;
    NN_TRY(NN_ALLOCATE(&plan->leaves, layout->leaf_count_kinds, "the plan of a reduction"));
    plan->leaf_count_kinds = layout->leaf_count_kinds;
    for (int kind = 0; kind < layout->leaf_count_kinds; kind++)
        NN_TRY(plan_leaves(plan, ranks, layout->leaf_counts[kind], &plan->leaves[kind]));
    if (plan->wire_leaves > 0 && plan->scratch < (size_t)NN_FOLD_BLOCK * plan->width)
        plan->scratch = (size_t)NN_FOLD_BLOCK * plan->width;
    return plan_slices(plan, layout);
}

nn_status nn_reduction_plan_create(nn_ranks ranks, const nn_reduction_layout *layout, nn_reduction_mode mode,
                                   bool alone, nn_reduction_plan *plan)
{
    unsigned width = nn_scalar_size(layout->scalar);
    size_t bytes = (size_t)layout->count * width;

    *plan = (nn_reduction_plan){.rank = ranks.rank,
                                .size = ranks.size,
                                .mode = mode,
                                .width = width,
                                .count = layout->count,
                                .bucket_count = layout->bucket_count,
                                .wire_leaves = mode == NN_REDUCE_EXACT ? layout->wire_leaves : 0,
                                .threads = layout->threads > 0 ? layout->threads : 1,
                                .stride = (bytes + NN_ALIGNMENT - 1) / NN_ALIGNMENT * NN_ALIGNMENT};
    return plan_fill(&ranks, layout, alone, plan);
}

void nn_reduction_plan_release(nn_reduction_plan *plan)
{
    for (int kind = 0; kind < plan->leaf_count_kinds; kind++) {
        nn_reduction_leaf_plan *leaves = &plan->leaves[kind];
        for (int i = 0; i < leaves->sum_count; i++) nn_fold_release(&leaves->folds[i]);
        nn_free(leaves->folds);
        nn_free(leaves->sum_begin);
        nn_free(leaves->sum_home);
        nn_free(leaves->sources);
        nn_free(leaves->source_begin);
        nn_route_release(&leaves->up);
    }
    nn_free(plan->leaves);
    nn_free(plan->leaders);
    nn_free(plan->domains);
    nn_free(plan->nodes);
    nn_free(plan->partial_counts);
    nn_free(plan->slices);
    nn_free(plan->slice_of);
    nn_positions_release(&plan->positions);
    nn_route_release(&plan->down);
    nn_cuts_release(&plan->cuts);
    *plan = (nn_reduction_plan){0};
}

/* ---- memory ---- */

size_t nn_reduction_plan_partials(const nn_reduction_plan *plan, int place)
{
    return plan->stride * (size_t)plan->partial_counts[place];
}

size_t nn_reduction_plan_weights(const nn_reduction_plan *plan)
{
    size_t sharers = 1;

    if (plan->mode != NN_REDUCE_EXACT) return plan->stride;
    for (int rank = plan->first; rank < plan->first + plan->sharer_count; rank++)
        sharers += rank != plan->rank && plan->domains[rank] == plan->domains[plan->rank];
    return (plan->stride + sharers - 1) / sharers;
}

size_t nn_reduction_plan_bytes(const nn_reduction_plan *plan, int64_t bucket, nn_cell cell, int64_t leaves)
{
    size_t width = nn_reduction_plan_rounds(plan, leaves) ? 2 : plan->width;

    return (size_t)nn_cuts_count(&plan->cuts, bucket, cell) * width;
}

size_t nn_reduction_plan_arrival(const nn_reduction_plan *plan, int64_t bucket, const nn_holding *holding)
{
    size_t bytes;

    if (!holding->arrives) return 0;
    bytes = nn_reduction_plan_bytes(plan, bucket, holding->cell, holding->leaves);
    return (bytes + plan->width - 1) / plan->width * plan->width;
}

size_t nn_reduction_plan_arrivals(const nn_reduction_plan *plan)
{
    size_t most = 0;

    for (int kind = 0; kind < plan->leaf_count_kinds; kind++) {
        const nn_route *up = &plan->leaves[kind].up;
        size_t bytes = 0;
        for (int i = 0; i < up->holding_count; i++)
            for (int64_t bucket = 0; bucket < plan->bucket_count; bucket++)
                bytes += nn_reduction_plan_arrival(plan, bucket, &up->holdings[i]);
        if (bytes > most) most = bytes;
    }
    return most;
}

size_t nn_reduction_plan_narrowed(const nn_reduction_plan *plan)
{
    size_t most = 0;

    for (int kind = 0; kind < plan->leaf_count_kinds; kind++) {
        const nn_route *up = &plan->leaves[kind].up;
        size_t bytes = 0;
        for (int i = 0; i < up->send_count; i++) {
            const nn_holding *holding = &up->holdings[up->sends[i].holding];
            if (holding->arrives || !nn_reduction_plan_rounds(plan, up->sends[i].leaves)) continue;
            for (int64_t bucket = 0; bucket < plan->bucket_count; bucket++)
                bytes += nn_reduction_plan_bytes(plan, bucket, up->sends[i].cell, up->sends[i].leaves);
        }
        if (bytes > most) most = bytes;
    }
    return most;
}
