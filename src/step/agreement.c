#include "step/agreement.h"

#include <string.h>

#include "base/memory.h"
#include "step/results.h"

/* The head of the message: a report, in doubles. */
enum { HEAD_REQUESTS, HEAD_LOST, HEAD_POSITION, HEAD_MIXED, HEAD_BLOCK, HEAD_VALUES };

/* The longest of this rank's shares. */
static int64_t agreement_share(const nn_stepper *stepper)
{
    int rank = nn_comm_rank(stepper->comm);
    int64_t full = nn_shares_length(&stepper->shares, rank);
    int64_t last = nn_shares_length(&stepper->last_shares, rank), size = nn_comm_size(stepper->comm);
    if (stepper->plan.in_place) return (stepper->plan.microbatches + size - 1) / size;
    return full > last ? full : last;
}

/* Each of the two batches of a message is a full one or a last one. */
static nn_status agreement_reserve(nn_stepper *stepper, int64_t share)
{
    const nn_shares *each[2] = {&stepper->shares, &stepper->last_shares};
    size_t levels = 1, node = 2 * 2 + (size_t)stepper->width + (size_t)stepper->model->head_count;
    while (share >>= 1) levels++;
    for (int i = 0; i < 2; i++)
        NN_TRY(nn_combine_reserve(stepper->agreement, each[i], node, HEAD_VALUES + 2 + levels * node));
    return NN_OK;
}

nn_status nn_agreement_create(nn_stepper *stepper)
{
    int64_t share = agreement_share(stepper);
    NN_TRY(NN_ALLOCATE(&stepper->results, share * stepper->width, "the results of a step"));
    NN_TRY(NN_ALLOCATE(&stepper->counted, share * stepper->model->head_count, "the denominators of a step"));
    NN_TRY(NN_ALLOCATE(&stepper->agreement, 1, "the agreement of a step"));
    stepper->agreement->comm = stepper->comm;
    return agreement_reserve(stepper, share);
}

void nn_agreement_release(nn_stepper *stepper)
{
    nn_free(stepper->results);
    nn_free(stepper->counted);
    if (stepper->agreement) nn_combine_release(stepper->agreement);
    nn_free(stepper->agreement);
}

/* ---- the reports ---- */

static void agreement_write_head(double *head, const nn_step_report *own)
{
    head[HEAD_REQUESTS] = own->requests;
    head[HEAD_LOST] = own->lost;
    head[HEAD_POSITION] = (double)own->nonfinite.position;
    head[HEAD_MIXED] = (double)own->nonfinite.mixed;
    head[HEAD_BLOCK] = (double)own->bad_block;
}

static nn_step_report agreement_read_head(const double *head)
{
    return (nn_step_report){
        .requests = (unsigned)head[HEAD_REQUESTS],
        .lost = head[HEAD_LOST] != 0,
        .nonfinite = {.position = (int64_t)head[HEAD_POSITION], .mixed = (int)head[HEAD_MIXED]},
        .bad_block = (int64_t)head[HEAD_BLOCK],
    };
}

/* What two reports say together. */
static void agreement_join_heads(const void *context, double *head, const double *other_head)
{
    nn_step_report all = agreement_read_head(head), other = agreement_read_head(other_head);
    (void)context;
    all.requests |= other.requests;
    all.lost = all.lost || other.lost;
    if (nn_workers_is_earlier(other.nonfinite, all.nonfinite)) all.nonfinite = other.nonfinite;
    if (other.bad_block >= 0 && (all.bad_block < 0 || other.bad_block < all.bad_block))
        all.bad_block = other.bad_block;
    agreement_write_head(head, &all);
}

/* ---- the exchange ---- */

/* Appends the rows of this rank's leaves. */
static nn_status agreement_append(nn_stepper *stepper, const nn_shares *shares, const nn_forest_tree *tree,
                                  const double *rows)
{
    nn_partial *own = &stepper->agreement->own;
    NN_TRY(nn_partial_next_tree(own));
    if (!shares) return NN_OK;
    nn_tree_node share = nn_shares_of(shares, nn_comm_rank(stepper->comm));
    for (int64_t leaf = share.begin; leaf < share.end; leaf++, rows += tree->width)
        NN_TRY(nn_partial_append(tree, (nn_tree_node){leaf, leaf + 1}, rows, own));
    return NN_OK;
}

static nn_status agreement_exchange(nn_stepper *stepper, const nn_agreement_layout *layout,
                                    const nn_forest *forest, const nn_step_report *report)
{
    nn_combine *combine = stepper->agreement;
    NN_TRY(nn_partial_begin(forest, &combine->own));
    agreement_write_head(combine->own.values, report);
    NN_TRY(agreement_append(stepper, layout->shares, &forest->trees[0], stepper->results));
    NN_TRY(agreement_append(stepper, layout->next, &forest->trees[1], stepper->counted));
    return nn_combine_run(combine, forest, nn_combine_by_rank(stepper->comm));
}

nn_status nn_agreement_reach(nn_stepper *stepper, const nn_agreement_layout *layout,
                             const nn_step_report *own, nn_step_result *result, bool *lost)
{
    const nn_results_sums kind = {stepper->model, true};
    size_t width = (size_t)stepper->width, heads = (size_t)stepper->model->head_count;
    const nn_forest_tree trees[2] = {
        {layout->shares ? layout->shares->leaves : 0, width, nn_results_join, &kind},
        {layout->next ? layout->next->leaves : 0, heads, NULL, NULL},
    };
    const nn_forest forest = {HEAD_VALUES, agreement_join_heads, 2, trees};
    double sums[NN_RESULTS_MAX + NN_MODEL_HEADS];
    NN_TRY(agreement_exchange(stepper, layout, &forest, own));
    nn_partial_sums(&forest, &stepper->agreement->own, sums);
    memcpy(result->results, sums, width * sizeof *sums);
    memcpy(stepper->denominators, sums + width, heads * sizeof *sums);
    nn_step_report all = agreement_read_head(stepper->agreement->own.values);
    *lost = all.lost;
    result->requests = all.requests;
    result->bad_position = all.nonfinite.position;
    result->bad_block = all.bad_block;
    result->nonfinite = result->bad_position >= 0 || result->bad_block >= 0;
    return NN_OK;
}
