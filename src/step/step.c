/*
 * A step: begin, gradient, reduce, agree, update, share.
 *
 * The batch is cut into microbatches, and every sum over the batch (gradients, losses, metrics, statistics)
 * is taken in the order of one binary tree over them (base/tree.h). The tree depends on the batch alone, so
 * the number of ranks and threads that computed its leaves makes no difference to a single bit.
 *
 * Each rank computes its share of the microbatches, complete subtrees as far as possible, and sums those
 * itself (step/workers_gradient.c). What is left of the tree, a few nodes per rank, is summed across ranks: a
 * reduce-scatter in which the owner of each slice of the parameters finishes the tree for that slice
 * (comm/reduction.h). It starts with the last layers, while the layers below still compute. The owner then
 * applies the optimizer to its slice, with its slice of the optimizer's state, and hands the new weights to
 * all. They travel while the next step begins: each layer awaits its own before its forward pass. A
 * reduce-scatter and an allgather are what an allreduce consists of, so sharding the state like this, as in
 * ZeRO-1 (Rajbhandari et al. 2020), costs no additional traffic.
 *
 * Between reduction and update, one small message from each rank (step/agreement.h) decides for all ranks
 * together whether the step counts, whether the run ends, and by how much the gradient is clipped. It also
 * carries the denominators of the next step: a loss is divided by a sum over the whole batch (of sample
 * weights, of time steps that are not masked) before its gradient is computed, and the labels that determine
 * this sum have been prefetched by then. The next step thus needs no collective of its own before backward.
 */
#include "step/stepper.h"

#include <math.h>
#include <string.h>

#include "base/fault.h"
#include "host/pulse.h"
#include "step/agreement.h"
#include "step/results.h"

/* A step in progress. */
typedef struct step_run {
    nn_stepper *stepper;
    nn_step_progress progress;
    nn_agreement_layout layout;
    nn_step_report own;
    nn_tree_node nodes[NN_TREE_COVER_MAX]; /* of the tree, this rank's */
    int node_count;
    double squares;           /* the sum of squares of the gradient, where it or ... */
    const double *of_tensors; /* ... what the optimizer measures is asked for: its sums of each tensor */
} step_run;

static nn_status step_reach(const nn_stepper *stepper, nn_seam seam, const nn_step_progress *progress)
{
    for (int i = 0; i < stepper->observer_count; i++) {
        const nn_step_observer *observer = &stepper->observers[i];
        if (observer->at[seam]) NN_TRY(observer->at[seam](observer->context, progress));
    }
    return NN_OK;
}

/* ---- the batch of a step ---- */

static const nn_shares *step_shares(const nn_stepper *stepper, int64_t step)
{
    if (step >= stepper->plan.length.steps) return NULL;
    if (stepper->plan.in_place && step != stepper->plan.given_step) return NULL;
    return nn_stepper_shares(stepper, nn_plan_batch(&stepper->plan, step).microbatches);
}

/* This rank's samples of a step, for reading ahead. */
static bool step_schedule(const void *context, int64_t step, nn_data_span *span)
{
    const nn_stepper *stepper = context;
    if (step >= stepper->plan.length.steps) return false;
    nn_batch batch = nn_plan_batch(&stepper->plan, step);
    nn_tree_node share = nn_shares_of(step_shares(stepper, step), nn_comm_rank(stepper->comm));
    *span = (nn_data_span){.epoch = batch.epoch, .first = batch.first};
    if (share.begin == share.end) return true;
    int64_t begin = nn_tree_leaf_samples(batch.samples, batch.microbatches, share.begin).begin;
    span->first += begin;
    span->count = nn_tree_leaf_samples(batch.samples, batch.microbatches, share.end - 1).end - begin;
    return true;
}

/* Of this rank's microbatches of `step`. */
static void step_denominators(nn_stepper *stepper, int64_t step)
{
    const nn_shares *shares = step_shares(stepper, step);
    if (!shares) return;
    nn_workers_denominators(stepper->workers, nn_plan_batch(&stepper->plan, step),
                            nn_shares_of(shares, nn_comm_rank(stepper->comm)), stepper->counted);
}

/* Collective. */
static nn_status step_sum_denominators(nn_stepper *stepper, int64_t step)
{
    nn_agreement_layout layout = {.next = step_shares(stepper, step)};
    nn_step_report own = NN_STEP_REPORT_NONE;
    nn_step_result unused;
    bool lost;
    step_denominators(stepper, step);
    return nn_agreement_reach(stepper, &layout, &own, &unused, &lost);
}

nn_status nn_stepper_give(nn_stepper *stepper, int64_t step, int64_t samples, bool begins)
{
    stepper->plan.given_step = step;
    stepper->plan.given_samples = samples;
    nn_status status = nn_stepper_share_out(stepper, nn_plan_batch(&stepper->plan, step).microbatches);
    NN_TRY(nn_comm_agree(stepper->comm, status));
    return begins ? nn_stepper_begin(stepper, step) : step_sum_denominators(stepper, step);
}

nn_status nn_stepper_begin(nn_stepper *stepper, int64_t step)
{
    nn_status status = nn_dataset_follow(stepper->data, NN_TRAIN, step_schedule, stepper, step, 3, true);
    NN_TRY(nn_comm_agree(stepper->comm, status));
    NN_TRY(step_reach(stepper, NN_SEAM_START, &(nn_step_progress){.step = step}));
    return step_sum_denominators(stepper, step);
}

/* ---- where tests flip bits ---- */

/* In all weights of this rank. */
static void step_fault_weights(const nn_stepper *stepper, const char *point)
{
    (void)stepper, (void)point;
    nn_fault(point, nn_reduction_weights(stepper->reduction),
             (size_t)stepper->model->network->value_count * nn_scalar_size(stepper->scalar));
}

/* In what this rank has just written. */
static void step_fault_updated(const nn_stepper *stepper)
{
    const nn_reduction_slice *slices;
    int64_t slice_count = nn_reduction_slices(stepper->reduction, &slices);
    for (int64_t s = 0; s < slice_count; s++)
        nn_fault(
            "update.weights",
            nn_scalar_at(stepper->scalar, nn_reduction_weights(stepper->reduction), (size_t)slices[s].begin),
            (size_t)(slices[s].end - slices[s].begin) * nn_scalar_size(stepper->scalar));
    for (int s = 0; s < stepper->update->state_count; s++)
        nn_fault("update.state", stepper->update->states[s],
                 (size_t)stepper->update->owned_values * nn_scalar_size(stepper->scalar));
}

/* ---- the step ---- */

static nn_status step_begin(nn_stepper *stepper, int64_t step, step_run *of)
{
    const nn_shares *shares = step_shares(stepper, step);
    of->stepper = stepper;
    of->progress = (nn_step_progress){.step = step,
                                      .batch = nn_plan_batch(&stepper->plan, step),
                                      .share = nn_shares_of(shares, nn_comm_rank(stepper->comm))};
    of->layout = (nn_agreement_layout){.shares = shares, .next = step_shares(stepper, step + 1)};
    of->own = NN_STEP_REPORT_NONE;
    of->of_tensors = NULL;
    nn_update_measure(stepper->update, step + 1, nn_reduction_weights(stepper->reduction),
                      nn_norms_measures(stepper->norms));
    NN_TRY(nn_reduction_begin(stepper->reduction, shares->leaves, of->nodes, &of->node_count));
    stepper->unstarted = stepper->buckets.count;
    return step_reach(stepper, NN_SEAM_BEGIN, &of->progress);
}

/* Before a layer: awaits its weights. While others are on their way the pass stops at every bucket, where
 * messages move on. */
static nn_status step_weights_needed(void *context, int layer, int *ready)
{
    nn_stepper *stepper = context;
    const int64_t *needed = stepper->buckets.needed;
    int layers = stepper->model->network->layer_count;
    NN_TRY(nn_reduction_progress(stepper->reduction));
    if (nn_reduction_shared(stepper->reduction) < needed[layer]) {
        nn_phase before = nn_pulse_phase(NN_PHASE_SHARE);
        NN_TRY(nn_reduction_await(stepper->reduction, needed[layer] - 1));
        nn_pulse_phase(before);
    }
    for (*ready = layer + 1; *ready < layers && needed[*ready] == needed[layer];) ++*ready;
    if (nn_reduction_has_shared(stepper->reduction)) *ready = layers;
    if (*ready == layers) step_fault_weights(stepper, "step.weights");
    return NN_OK;
}

/* Starts the reduction of the buckets that are complete now. */
static nn_status step_gradient_done(void *context, int64_t begin)
{
    nn_stepper *stepper = context;
    const int64_t *value = stepper->model->network->block_begin, *block = stepper->buckets.begin;
    while (stepper->unstarted > 0 && value[block[stepper->unstarted - 1]] >= begin)
        NN_TRY(nn_reduction_start(stepper->reduction, --stepper->unstarted));
    return nn_reduction_progress(stepper->reduction);
}

static nn_status step_gradient(step_run *of)
{
    nn_stepper *stepper = of->stepper;
    nn_real *partials[NN_TREE_COVER_MAX];
    for (int i = 0; i < of->node_count; i++) partials[i] = nn_reduction_partial(stepper->reduction, i);
    nn_gradient_call call = {.batch = of->progress.batch,
                             .step = of->progress.step,
                             .shares = of->layout.shares,
                             .share = of->progress.share,
                             .nodes = of->nodes,
                             .node_count = of->node_count,
                             .weights = nn_reduction_weights(stepper->reduction),
                             .denominators = stepper->denominators,
                             .hooks = {.weights_needed = step_weights_needed,
                                       .gradient_done = step_gradient_done,
                                       .context = stepper,
                                       .exchange = nn_exchange_merge,
                                       .exchange_context = stepper->exchange},
                             .partials = partials,
                             .results = stepper->results};
    NN_TRY(nn_workers_gradient(stepper->workers, &call));
    of->own.nonfinite = call.nonfinite;
    memcpy(stepper->last_denominators, stepper->denominators, sizeof stepper->denominators);
    return step_reach(stepper, NN_SEAM_COMPUTED, &of->progress);
}

/* While the last messages arrive, the labels of the next step are looked at. */
static nn_status step_reduce(step_run *of)
{
    nn_stepper *stepper = of->stepper;
    step_denominators(stepper, of->progress.step + 1);
    NN_TRY(nn_reduction_finish(stepper->reduction));
    of->progress.has_data = nn_dataset_status(stepper->data, NN_TRAIN) == NN_OK;
    of->own.lost = !of->progress.has_data;
    return step_reach(stepper, NN_SEAM_REDUCED, &of->progress);
}

/* The first owned block that is not finite, or -1. */
static int64_t step_find_bad_block(const nn_stepper *stepper)
{
    const nn_update *update = stepper->update;
    const double *measures = nn_norms_measures(stepper->norms);
    for (int64_t b = 0; b < update->block_count; b++)
        if (!isfinite(measures[b * update->measures])) return update->blocks[b].block;
    return -1;
}

static nn_status step_agree(step_run *of, unsigned requests, nn_step_result *result)
{
    nn_stepper *stepper = of->stepper;
    const nn_settings *settings = stepper->settings;
    bool lost;
    of->own.requests = requests;
    of->own.bad_block = step_find_bad_block(stepper);
    NN_TRY(nn_agreement_reach(stepper, &of->layout, &of->own, result, &lost));
    if (lost) return nn_comm_agree(stepper->comm, nn_dataset_status(stepper->data, NN_TRAIN));
    of->progress.requests = result->requests;
    bool measures = settings->training.clip_norm > 0 || settings->optimizer->sums > 0;
    if (result->nonfinite || !(measures || nn_stepper_logs(stepper, of->progress.step))) return NN_OK;
    return nn_norms_sum(stepper->norms, &of->squares, &of->of_tensors);
}

static nn_status step_update(step_run *of, nn_step_result *result)
{
    nn_stepper *stepper = of->stepper;
    const nn_settings *settings = stepper->settings;
    int64_t step = of->progress.step;
    nn_dataset_release(stepper->data, NN_TRAIN, step);
    NN_TRY(step_reach(stepper, NN_SEAM_AGREED, &of->progress));
    double factor = nn_schedule_factor(settings->schedule, settings->schedule_options, stepper->memory, step,
                                       stepper->plan.length);
    nn_optimizer_step at = {.step = step + 1,
                            .learning_rate = *(const double *)settings->optimizer_options * factor,
                            .gradient_scale = 1};
    bool logs = nn_stepper_logs(stepper, step);
    result->gradient_norm = settings->training.clip_norm > 0 || logs ? sqrt(of->squares) : 0;
    if (settings->training.clip_norm > 0 && result->gradient_norm > settings->training.clip_norm)
        at.gradient_scale = settings->training.clip_norm / result->gradient_norm;
    if (logs && stepper->layer_norms) nn_norms_by_layer_begin(stepper->layer_norms);
    nn_update_prepare(stepper->update, &at, of->of_tensors);
    nn_fault("step.claim", NULL, 0);
    NN_TRY(nn_reduction_claim(stepper->reduction));
    nn_update_apply(stepper->update, nn_reduction_weights(stepper->reduction));
    if (logs && stepper->layer_norms)
        NN_TRY(nn_norms_by_layer_end(stepper->layer_norms, nn_norms_measures(stepper->norms)));
    NN_TRY(step_reach(stepper, NN_SEAM_UPDATED, &of->progress));
    step_fault_updated(stepper);
    return NN_OK;
}

/* The new weights are on their way once this has returned. */
static nn_status step_share(step_run *of)
{
    nn_fault("step.share", NULL, 0);
    NN_TRY(nn_reduction_share_begin(of->stepper->reduction));
    return step_reach(of->stepper, NN_SEAM_SENT, &of->progress);
}

nn_status nn_stepper_settle(nn_stepper *stepper)
{
    NN_TRY(nn_reduction_share_finish(stepper->reduction));
    step_fault_weights(stepper, "share.weights");
    return NN_OK;
}

nn_status nn_stepper_run(nn_stepper *stepper, int64_t step, unsigned requests, nn_step_result *result)
{
    step_run of;
    NN_TRY(step_begin(stepper, step, &of));
    NN_TRY(step_gradient(&of));
    NN_TRY(step_reduce(&of));
    NN_TRY(step_agree(&of, requests, result));
    if (result->nonfinite) return NN_OK;
    NN_TRY(step_update(&of, result));
    return step_share(&of);
}
