/* Hashes of weights and state, and when they are taken and compared. */
#include "step/integrity.h"

#include <string.h>

#include "base/fault.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/philox.h"
#include "step/verdict.h"
#include "step/witness.h"

struct nn_integrity {
    int64_t sealed_steps;  /* steps done when the hashes were taken; -1: never */
    int64_t verified_step; /* the last one, counted from 1; or the one this process began behind */
    bool sealing;          /* the hashes of the step under way are taken */
    bool *owned;           /* by block of the network */
    uint64_t *weights;     /* by block, as it was written or received */
    uint64_t *states;      /* by vector of state and owned block, as it was written */
    uint64_t *now;         /* room for either, and for the hashes of a microbatch */
    nn_report *reports;    /* of all ranks */
    size_t *sizes;
};

/* ---- making ---- */

static int64_t integrity_state_hashes(const nn_stepper *stepper)
{
    return stepper->update->state_count * stepper->update->block_count;
}

static nn_status integrity_allocate(nn_stepper *stepper, nn_integrity *integrity)
{
    const char *what = "the hashes of weights";
    int64_t blocks = stepper->model->network->block_count, states = integrity_state_hashes(stepper);
    int size = nn_comm_size(stepper->comm);
    NN_TRY(nn_witness_create(stepper->workers));
    int64_t room = nn_witness_hash_count(stepper->workers);
    if (room < blocks) room = blocks;
    if (room < states) room = states;
    NN_TRY(NN_ALLOCATE(&integrity->owned, blocks, what));
    NN_TRY(NN_ALLOCATE(&integrity->weights, blocks, what));
    NN_TRY(NN_ALLOCATE(&integrity->states, states, what));
    NN_TRY(NN_ALLOCATE(&integrity->now, room, what));
    NN_TRY(NN_ALLOCATE(&integrity->reports, size, what));
    NN_TRY(NN_ALLOCATE(&integrity->sizes, size, what));
    for (int r = 0; r < size; r++) integrity->sizes[r] = sizeof *integrity->reports;
    for (int64_t b = 0; b < stepper->update->block_count; b++)
        integrity->owned[stepper->update->blocks[b].block] = true;
    return NN_OK;
}

nn_status nn_integrity_create(nn_stepper *stepper)
{
    const nn_training_options *training = &stepper->settings->training;
    if (training->verify_every == 0 || training->allreduce == NN_REDUCE_MPI) return NN_OK;
    NN_TRY(NN_ALLOCATE(&stepper->integrity, 1, "the hashes of weights"));
    stepper->integrity->sealed_steps = -1;
    return integrity_allocate(stepper, stepper->integrity);
}

void nn_integrity_destroy(nn_integrity *integrity)
{
    if (!integrity) return;
    nn_free(integrity->owned);
    nn_free(integrity->weights);
    nn_free(integrity->states);
    nn_free(integrity->now);
    nn_free(integrity->reports);
    nn_free(integrity->sizes);
    nn_free(integrity);
}

/* ---- when ---- */

/* Whether a checkpoint is planned behind so many steps: at the end of an epoch the best weights may be saved.
 */
static bool integrity_saves(const nn_stepper *stepper, int64_t steps)
{
    return steps % stepper->plan.length.steps_per_epoch == 0 ||
           nn_plan_interval_ends(&stepper->plan, stepper->settings->checkpoint.every, steps);
}

static bool integrity_is_due(const nn_stepper *stepper, int64_t step)
{
    return (step + 1) % stepper->settings->training.verify_every == 0 || integrity_saves(stepper, step + 1);
}

/* ---- hashes ---- */

/* Of the blocks of the weights that this rank owns, or of the others. */
static void integrity_hash_weights(const nn_stepper *stepper, bool owned, uint64_t *hashes)
{
    const nn_network *network = stepper->model->network;
    const nn_real *weights = nn_reduction_weights(stepper->reduction);
    const bool *is_owned = stepper->integrity->owned;
#pragma omp parallel for schedule(static) num_threads(stepper->update->options.threads)
    for (int64_t b = 0; b < network->block_count; b++)
        if (is_owned[b] == owned)
            hashes[b] =
                nn_hash(weights + network->block_begin[b],
                        (size_t)(network->block_begin[b + 1] - network->block_begin[b]) * sizeof *weights, 0);
}

static void integrity_hash_states(const nn_stepper *stepper, uint64_t *hashes)
{
    const nn_update *update = stepper->update;
#pragma omp parallel for schedule(static) num_threads(update->options.threads)
    for (int64_t i = 0; i < integrity_state_hashes(stepper); i++) {
        const nn_owned_block *block = &update->blocks[i % update->block_count];
        const nn_real *state = update->states[i / update->block_count] + block->state;
        hashes[i] = nn_hash(state, (size_t)(block->end - block->begin) * sizeof *state, 0);
    }
}

/* The first of `count` hashes that differs, or -1. */
static int64_t integrity_find(const uint64_t *hashes, const uint64_t *others, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (hashes[i] != others[i]) return i;
    return -1;
}

/* What this rank's memory holds against what was put there behind `steps` steps. Hashes that were not taken
 * then are taken now: the other ranks' can still tell. */
static void integrity_report_memory(const nn_stepper *stepper, int64_t steps, nn_report *report)
{
    nn_integrity *integrity = stepper->integrity;
    int64_t blocks = stepper->model->network->block_count, states = integrity_state_hashes(stepper);
    *report =
        (nn_report){.weights_block = -1, .state = -1, .state_block = -1, .contradiction = -1, .usable = true};
    bool sealed = integrity->sealed_steps == steps;
    uint64_t *now = sealed ? integrity->now : integrity->weights;
    integrity_hash_weights(stepper, true, now);
    integrity_hash_weights(stepper, false, now);
    if (sealed) report->weights_block = integrity_find(integrity->weights, now, blocks);
    report->weights = nn_hash(integrity->weights, (size_t)blocks * sizeof *integrity->weights, 0);
    if (!sealed) return;
    integrity_hash_states(stepper, now);
    int64_t found = integrity_find(integrity->states, now, states);
    if (found < 0) return;
    report->state = found / stepper->update->block_count;
    report->state_block = stepper->update->blocks[found % stepper->update->block_count].block;
}

/* ---- the microbatch ---- */

/* The microbatch of a step to watch: the same on any number of ranks. */
static int64_t integrity_choose(const nn_stepper *stepper, int64_t step, nn_batch batch)
{
    uint32_t words[4];
    nn_random stream = {(uint64_t)stepper->settings->training.seed, NN_RANDOM_WITNESS, (uint32_t)step};
    nn_random_words(stream, 0, words);
    return (int64_t)(words[0] % (uint64_t)batch.leaves);
}

static int integrity_owner_of(const nn_stepper *stepper, int64_t leaf, nn_batch batch)
{
    int size = nn_comm_size(stepper->comm), owner = 0;
    while (leaf >= nn_tree_share(batch.leaves, owner, size).end) owner++;
    return owner;
}

/* Every thread computes it; the reported hash is the first one's. */
static nn_status integrity_report_gradient(const nn_stepper *stepper, int64_t step, nn_batch batch,
                                           nn_report *report, const uint64_t **hashes)
{
    nn_workers *workers = stepper->workers;
    int owner = integrity_owner_of(stepper, integrity_choose(stepper, step, batch), batch), threads;
    bool own = owner == nn_comm_rank(stepper->comm);
    int count = nn_witness_hash_count(workers);
    size_t size;
    char *bytes = nn_witness_pack(workers, batch, step, own, &size);
    NN_TRY(nn_comm_broadcast(stepper->comm, bytes, size, owner));
    *hashes = nn_witness_repeat(workers, batch, step, stepper->denominators,
                                nn_reduction_weights(stepper->reduction), &threads);
    report->gradient = nn_hash(*hashes, (size_t)count * sizeof **hashes, 0);
    for (int t = 1; t < threads && report->contradiction < 0; t++)
        report->contradiction = integrity_find(*hashes, *hashes + (size_t)t * (size_t)count, count);
    if (own && report->contradiction < 0)
        report->contradiction = integrity_find(*hashes, nn_witness_seen(workers), count);
    return NN_OK;
}

/* ---- in a step ---- */

static nn_status integrity_judge(nn_stepper *stepper, int64_t step, const nn_report *own,
                                 const uint64_t *gradient)
{
    nn_integrity *integrity = stepper->integrity;
    NN_TRY(nn_comm_gather_all(stepper->comm, own, integrity->sizes, integrity->reports));
    nn_evidence evidence = {integrity->reports, step,     integrity->verified_step,
                            integrity->weights, gradient, integrity->now};
    return nn_verdict_reach(stepper, &evidence);
}

void nn_integrity_start(nn_stepper *stepper, int64_t step)
{
    nn_integrity *integrity = stepper->integrity;
    if (!integrity) return;
    integrity->verified_step = step;
    integrity->sealing = true;
    integrity_hash_weights(stepper, true, integrity->weights);
    integrity_hash_states(stepper, integrity->states);
    nn_integrity_received(stepper, step - 1);
}

void nn_integrity_begin(nn_stepper *stepper, int64_t step, nn_batch batch)
{
    nn_fault("step.weights", nn_reduction_weights(stepper->reduction),
             (size_t)stepper->model->network->value_count * sizeof(nn_real));
    if (!stepper->integrity) return;
    bool due = integrity_is_due(stepper, step);
    nn_witness_watch(stepper->workers, due ? integrity_choose(stepper, step, batch) : -1);
}

nn_status nn_integrity_verify(nn_stepper *stepper, int64_t step, nn_batch batch, bool usable)
{
    nn_integrity *integrity = stepper->integrity;
    if (!integrity || !integrity_is_due(stepper, step)) return NN_OK;
    nn_report own;
    const uint64_t *gradient;
    integrity_report_memory(stepper, step, &own);
    NN_TRY(integrity_report_gradient(stepper, step, batch, &own, &gradient));
    own.usable = usable;
    NN_TRY(integrity_judge(stepper, step + 1, &own, gradient));
    integrity->verified_step = step + 1;
    return NN_OK;
}

/* Where tests flip bits of what was just written. */
static void integrity_fault(const nn_stepper *stepper)
{
    const nn_reduction_slice *slices;
    int64_t slice_count = nn_reduction_slices(stepper->reduction, &slices);
    for (int64_t s = 0; s < slice_count; s++)
        nn_fault("update.weights", (nn_real *)nn_reduction_weights(stepper->reduction) + slices[s].begin,
                 (size_t)(slices[s].end - slices[s].begin) * sizeof(nn_real));
    for (int s = 0; s < stepper->update->state_count; s++)
        nn_fault("update.state", stepper->update->states[s],
                 (size_t)stepper->update->owned_values * sizeof(nn_real));
}

void nn_integrity_written(nn_stepper *stepper, int64_t step, unsigned requests)
{
    nn_integrity *integrity = stepper->integrity;
    if (integrity) {
        integrity->sealing =
            integrity_is_due(stepper, step + 1) || integrity_saves(stepper, step + 1) || requests != 0;
        if (integrity->sealing) {
            integrity_hash_weights(stepper, true, integrity->weights);
            integrity_hash_states(stepper, integrity->states);
        }
    }
    integrity_fault(stepper);
}

void nn_integrity_received(nn_stepper *stepper, int64_t step)
{
    nn_integrity *integrity = stepper->integrity;
    nn_fault("share.weights", nn_reduction_weights(stepper->reduction),
             (size_t)stepper->model->network->value_count * sizeof(nn_real));
    if (!integrity || !integrity->sealing) return;
    integrity_hash_weights(stepper, false, integrity->weights);
    integrity->sealed_steps = step + 1;
}

nn_status nn_integrity_check(nn_stepper *stepper, int64_t steps)
{
    nn_report own;
    if (!stepper->integrity) return NN_OK;
    integrity_report_memory(stepper, steps, &own);
    return integrity_judge(stepper, steps, &own, NULL);
}
