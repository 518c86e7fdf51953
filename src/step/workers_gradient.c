/*
 * The compute of one step on one rank: waves of microbatches, layer by layer.
 *
 * The sums. Floating-point addition is not associative: a sum has the same bits everywhere only if its order
 * is the same everywhere. The order here is that of the canonical tree: a leaf is the gradient of one
 * microbatch, with the bits of a single-threaded call; a node is its left half plus its right half. A batch
 * of n microbatches is thus summed pairwise, and the rounding error grows with log n instead of n (Higham
 * 1993, "The accuracy of floating point summation").
 *
 * step/wave_sum.c sums the gradient of a layer over the microbatches in memory.
 *
 * With `training.wire: bf16` the sum of a node with at least wire_leaves microbatches (step/plan.h) is
 * rounded to bfloat16 as soon as it is complete, whether or not it leaves the rank: so the bits do not depend
 * on which sums do. comm/ does the same with the nodes that it sums.
 *
 * A share that does not fit the memory takes several waves: aligned subtrees, again depth first, with one
 * complete gradient per level (workers_run_node). The tree is the same, so waves of any size give the same
 * bits.
 */
#include "step/workers.h"

#include <omp.h>
#include <string.h>

#include "base/fault.h"
#include "host/pulse.h"
#include "step/carried.h"
#include "step/profile.h"
#include "step/wave_sum.h"
#include "step/workers_parts.h"

/* ---- the gradient ---- */

/* What all waves of a step have in common. */
typedef struct workers_step {
    nn_workers *workers;
    nn_gradient_call *call;
    bool final; /* there is one wave: what it sums is final */
} workers_step;

/* A wave: nodes whose microbatches, `count` from `first` on, are in memory together. */
typedef struct workers_wave {
    const nn_tree_node *nodes;
    nn_real *const *sums; /* one complete gradient per node */
    int node_count;
    int64_t first, count;
} workers_wave;

nn_loaded_place nn_workers_place(const nn_workers *workers, nn_batch batch, int64_t step, int64_t index)
{
    return (nn_loaded_place){.part = NN_TRAIN,
                             .training = true,
                             .epoch = batch.epoch,
                             .batch_first = batch.first,
                             .batch_samples = batch.samples,
                             .seed = workers->seed,
                             .step = (uint32_t)step,
                             .statistics = workers->statistics.batch,
                             .range = nn_tree_leaf_samples(batch.samples, batch.microbatches, index)};
}

/* The state that a microbatch of this rank's share carries from step to step. */
static nn_real *workers_carried(const workers_step *at, int64_t index)
{
    const nn_workers *workers = at->workers;
    if (!workers->carried) return NULL;
    int64_t each = nn_workers_carried_values(workers->model, workers->microbatch_size);
    return nn_scalar_at(workers->scalar, workers->carried, (size_t)((index - at->call->share.begin) * each));
}

/* Merges what the microbatches of the wave have collected, on all ranks, before a pass goes through layer
 * `l`. */
static nn_status workers_merge(const workers_step *at, const workers_wave *wave, int l, nn_pass pass)
{
    nn_batch_statistics_call call = {at->workers->model->network, l, pass, at->call->shares};
    double began = nn_profile_begin(at->workers->profile);
    nn_status status =
        nn_batch_statistics_merge(&at->workers->statistics, &call, wave->nodes, wave->node_count,
                                  at->call->hooks.exchange, at->call->hooks.exchange_context);
    nn_profile_end(at->workers->profile, began, NN_PROFILE_MERGE, 0);
    return status;
}

static void workers_collect(const workers_step *at, const workers_wave *wave, int64_t i, int l, nn_pass pass)
{
    nn_workers *workers = at->workers;
    const nn_network *network = workers->model->network;
    double began = nn_profile_begin(workers->profile);
    double *values = nn_batch_statistics_place(&workers->statistics, network, l, pass, i);
    nn_network_collect(network, l, pass, at->call->weights, workers->loaded[i].microbatch,
                       workers->scratch[omp_get_thread_num()], values);
    if (pass == NN_FORWARD && wave->first + i == workers->witness.microbatch)
        nn_witness_collected(values, network->layers[l].statistics[pass], &workers->witness.collected);
    nn_profile_end(workers->profile, began, NN_PROFILE_COLLECT, 0);
}

static void workers_load(const workers_step *at, int64_t index, nn_loaded *slot)
{
    nn_workers *workers = at->workers;
    nn_loaded_place place = nn_workers_place(workers, at->call->batch, at->call->step, index);
    double began = nn_profile_begin_load(workers->profile);
    nn_fault("step.leaf", NULL, 0);
    slot->microbatch->carried = workers_carried(at, index);
    nn_carried_restart(workers->model->network, workers->data, &place, slot->microbatch);
    if (index == workers->witness.microbatch) nn_witness_begin(workers, slot);
    nn_loaded_fill(slot, workers->model, workers->data, &place, true);
    nn_profile_end(workers->profile, began, NN_PROFILE_LOAD, 0);
}

static void workers_finish(const workers_step *at, int64_t index, nn_loaded *slot)
{
    nn_workers *workers = at->workers;
    nn_witness *witness = &workers->witness;
    double *results =
        at->call->results + (index - at->call->share.begin) * nn_results_width(workers->model, true);
    double began = nn_profile_begin(workers->profile);
    nn_nonfinite found = nn_loaded_finish(slot, workers->model, at->call->denominators, results);
    if (index == witness->microbatch) nn_witness_results(workers, results, witness->collected, witness->seen);
    nn_profile_end(workers->profile, began, NN_PROFILE_LOSS, 0);
#pragma omp critical(nn_workers_note)
    nn_workers_note(&at->call->nonfinite, found);
}

/* Layers that a microbatch passes without waiting for others. */
typedef struct workers_stretch {
    int begin, end;
    bool first, last;
} workers_stretch;

/* What follows the stretch on one microbatch. */
static void workers_end_stretch(const workers_step *at, const workers_wave *wave, workers_stretch stretch,
                                int64_t i)
{
    if (stretch.last)
        workers_finish(at, wave->first + i, &at->workers->loaded[i]);
    else if (nn_network_collects(at->workers->model->network, stretch.end, NN_FORWARD))
        workers_collect(at, wave, i, stretch.end, NN_FORWARD);
    nn_pulse();
}

/* Microbatches [begin, end) of a wave, counted from its first. */
typedef struct workers_range {
    int64_t begin, end;
} workers_range;

/* One pass of layer `l`, shared by all threads. Which thread computes what changes no bit of it: that is the
 * contract of a layer (nn/layer.h). */
static void workers_pass(const workers_step *at, workers_range range, int l, nn_pass pass)
{
    nn_workers *workers = at->workers;
    const nn_network *network = workers->model->network;
    nn_network_group group = {.weights = at->call->weights,
                              .packed = nn_packed_at(&workers->packed, l, pass),
                              .microbatches = workers->microbatches + range.begin,
                              .count = range.end - range.begin};
    if (network->layers[l].is_alias || group.count == 0) return;
    for (int phase = 0; phase < nn_network_phases(network, l, pass); phase++) {
        int shares = nn_network_shares(network, l, pass, phase, &group, workers->threads);
#pragma omp parallel for schedule(static, 1) num_threads(workers->threads) if (shares > 1)
        for (int i = 0; i < shares; i++) {
            double began = nn_profile_begin(workers->profile);
            nn_network_run_share(network, l, pass, &group, (nn_network_share){phase, i, shares},
                                 workers->scratch[omp_get_thread_num()]);
            nn_profile_end(workers->profile, began, (nn_profile_kind)pass, l);
        }
    }
}

/* Layer by layer, all threads on each. */
static void workers_run_shared(const workers_step *at, const workers_wave *wave, workers_stretch stretch,
                               workers_range range)
{
    nn_workers *workers = at->workers;
    bool several = range.end - range.begin > 1;
    if (range.begin == range.end) return;
#pragma omp parallel for schedule(dynamic, 1) num_threads(workers->threads) if (several)
    for (int64_t i = range.begin; i < range.end; i++)
        if (stretch.first) workers_load(at, wave->first + i, &workers->loaded[i]);
    for (int l = stretch.begin; l < stretch.end; l++) workers_pass(at, range, l, NN_FORWARD);
#pragma omp parallel for schedule(dynamic, 1) num_threads(workers->threads) if (several)
    for (int64_t i = range.begin; i < range.end; i++) workers_end_stretch(at, wave, stretch, i);
}

/* Each microbatch passes all layers on one thread, while it is in cache. */
static void workers_run_apart(const workers_step *at, const workers_wave *wave, workers_stretch stretch,
                              workers_range range)
{
    nn_workers *workers = at->workers;
#pragma omp parallel for schedule(dynamic, 1) num_threads(workers->threads)
    for (int64_t i = range.begin; i < range.end; i++) {
        nn_loaded *slot = &workers->loaded[i];
        if (stretch.first) workers_load(at, wave->first + i, slot);
        nn_loaded_run(slot, workers->model, at->call->weights, &workers->packed,
                      workers->scratch[omp_get_thread_num()], stretch.begin, stretch.end);
        workers_end_stretch(at, wave, stretch, i);
    }
}

/* As many microbatches as give every thread equally many pass on a thread of their own; all threads share the
 * rest, and layers that gain from a group. */
static void workers_run_stretch(const workers_step *at, const workers_wave *wave, workers_stretch stretch)
{
    const nn_network *network = at->workers->model->network;
    int64_t apart = wave->count / at->workers->threads * at->workers->threads;
    if (nn_network_prefers_groups(network, stretch.begin, NN_FORWARD)) apart = 0;
    if (apart > 0) workers_run_apart(at, wave, stretch, (workers_range){0, apart});
    workers_run_shared(at, wave, stretch, (workers_range){apart, wave->count});
}

/* The weights of layers below *ready have arrived and are packed, those of layer `layer` among them. */
static nn_status workers_await(const workers_step *at, int layer, int *ready)
{
    nn_workers *workers = at->workers;
    const nn_network *network = workers->model->network;
    const nn_workers_hooks *hooks = &at->call->hooks;
    *ready = network->layer_count;
    double began = nn_profile_begin(workers->profile);
    if (hooks->weights_needed) NN_TRY(hooks->weights_needed(hooks->context, layer, ready));
    nn_profile_end(workers->profile, began, NN_PROFILE_SHARE, 0);
    began = nn_profile_begin(workers->profile);
    if (at->call->share.begin < at->call->share.end)
        nn_packed_fill(network, workers->threads, at->call->weights, *ready, &workers->packed);
    nn_profile_end(workers->profile, began, NN_PROFILE_PACK, 0);
    return NN_OK;
}

/* Where a stretch from layer `begin` on ends: at a layer whose weights may not have arrived; one that all
 * microbatches of all ranks must reach first; or one that gains from a group where `begin` does not, or the
 * reverse. The first stretch may be empty. */
static int workers_stretch_end(const nn_network *network, workers_stretch stretch, int ready)
{
    int begin = stretch.begin, end = begin + 1;
    bool groups = nn_network_prefers_groups(network, begin, NN_FORWARD);
    if (stretch.first && (ready <= begin || nn_network_collects(network, begin, NN_FORWARD))) return begin;
    while (end < ready && !nn_network_collects(network, end, NN_FORWARD) &&
           (network->layers[end].is_alias || nn_network_prefers_groups(network, end, NN_FORWARD) == groups))
        end++;
    return end;
}

static nn_status workers_forward(const workers_step *at, const workers_wave *wave)
{
    const nn_network *network = at->workers->model->network;
    workers_stretch stretch = {.begin = 1, .first = true};
    int ready;
    NN_TRY(workers_await(at, 0, &ready));
    while (!stretch.last) {
        if (!stretch.first && ready <= stretch.begin) NN_TRY(workers_await(at, stretch.begin, &ready));
        stretch.end = workers_stretch_end(network, stretch, ready);
        stretch.last = stretch.end == network->layer_count;
        workers_run_stretch(at, wave, stretch);
        if (!stretch.last && nn_network_collects(network, stretch.end, NN_FORWARD))
            NN_TRY(workers_merge(at, wave, stretch.end, NN_FORWARD));
        stretch.begin = stretch.end;
        stretch.first = false;
    }
    return NN_OK;
}

static nn_status workers_collect_backward(const workers_step *at, const workers_wave *wave, int l)
{
    if (!nn_network_collects(at->workers->model->network, l, NN_BACKWARD)) return NN_OK;
#pragma omp parallel for schedule(dynamic, 1) num_threads(at->workers->threads) if (wave->count > 1)
    for (int64_t i = 0; i < wave->count; i++) workers_collect(at, wave, i, l, NN_BACKWARD);
    return workers_merge(at, wave, l, NN_BACKWARD);
}

static nn_status workers_run_wave(const workers_step *at, const workers_wave *wave)
{
    const nn_network *network = at->workers->model->network;
    const nn_wave_sum sum = {at->workers,
                             at->call->weights,
                             wave->nodes,
                             wave->sums,
                             wave->node_count,
                             wave->first,
                             at->final ? &at->call->hooks : NULL};
    NN_TRY(workers_forward(at, wave));
    for (int l = network->layer_count - 1; l > 0; l--) {
        NN_TRY(workers_collect_backward(at, wave, l));
        workers_pass(at, (workers_range){0, wave->count}, l, NN_BACKWARD);
        nn_pulse();
        NN_TRY(nn_wave_sum_layer(&sum, l));
    }
    return NN_OK;
}

/* A node that takes several waves: one half after the other, depth first. */
static nn_status workers_run_node(const workers_step *at, nn_tree_node node, int depth, nn_real *sum)
{
    nn_workers *workers = at->workers;
    if (node.end - node.begin <= workers->slots) {
        workers_wave wave = {&node, &sum, 1, node.begin, node.end - node.begin};
        return workers_run_wave(at, &wave);
    }
    int64_t middle = nn_tree_split(node.begin, node.end);
    NN_TRY(workers_run_node(at, (nn_tree_node){node.begin, middle}, depth, sum));
    nn_real *right = workers->wave_sums[depth];
    NN_TRY(workers_run_node(at, (nn_tree_node){middle, node.end}, depth + 1, right));
    const nn_network *network = workers->model->network;
    bool rounds = nn_workers_rounds(workers, node.end - node.begin);
#pragma omp parallel for schedule(static) num_threads(workers->threads)
    for (int64_t b = 0; b < network->block_count; b++) {
        int64_t count = network->block_begin[b + 1] - network->block_begin[b];
        nn_real *block = nn_scalar_at(workers->scalar, sum, (size_t)network->block_begin[b]);
        workers->add(count, nn_scalar_at(workers->scalar, right, (size_t)network->block_begin[b]), block);
        if (rounds) workers->round(count, block);
    }
    return NN_OK;
}

nn_status nn_workers_gradient(nn_workers *workers, nn_gradient_call *call)
{
    int64_t count = call->share.end - call->share.begin;
    workers_step at = {workers, call, count <= workers->slots};
    call->nonfinite = (nn_nonfinite){.position = -1};
    size_t carried = (size_t)(count * nn_workers_carried_values(workers->model, workers->microbatch_size));
    if (carried > 0)
        memcpy(workers->carried_before, workers->carried, carried * nn_scalar_size(workers->scalar));
    workers->packed.filled = 0;
    if (at.final) {
        workers_wave wave = {call->nodes, call->partials, call->node_count, call->share.begin, count};
        return workers_run_wave(&at, &wave);
    }
    for (int i = 0; i < call->node_count; i++)
        NN_TRY(workers_run_node(&at, call->nodes[i], 0, call->partials[i]));
    return call->hooks.gradient_done ? call->hooks.gradient_done(call->hooks.context, 0) : NN_OK;
}

nn_loaded *nn_workers_reload(nn_workers *workers, nn_batch batch, int64_t step, nn_tree_node share,
                             int64_t index, nn_real *carried)
{
    nn_loaded *slot = &workers->loaded[0];
    nn_loaded_place place = nn_workers_place(workers, batch, step, index);
    int64_t values = nn_workers_carried_values(workers->model, workers->microbatch_size);
    if (values > 0)
        memcpy(
            carried,
            nn_scalar_at(workers->scalar, workers->carried_before, (size_t)((index - share.begin) * values)),
            (size_t)values * nn_scalar_size(workers->scalar));
    slot->microbatch->carried = values > 0 ? carried : NULL;
    nn_carried_restart(workers->model->network, workers->data, &place, slot->microbatch);
    nn_loaded_fill(slot, workers->model, workers->data, &place, true);
    return slot;
}
