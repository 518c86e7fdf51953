/* Comparing what memory holds with what was put there, and a microbatch with itself. */
#include "guard/integrity.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/philox.h"
#include "guard/verdict.h"
#include "step/hashes.h"
#include "step/witness.h"

struct nn_integrity {
    nn_stepper *stepper;
    int64_t sealed_steps;  /* number of steps done when the hashes were taken; -1: never */
    int64_t verified_step; /* the last one, from 1; at first the number of steps done before this process */
    bool sealing;          /* hashes are taken in this step */
    bool *owned;           /* by block of the network */
    uint64_t *weights;     /* by block, as written or received */
    uint64_t *states;      /* by vector of state and owned block, as written */
    uint64_t *now;         /* room for either, and for the hashes of a microbatch */
};

/* ---- making ---- */

static nn_status integrity_allocate(nn_integrity *integrity)
{
    nn_stepper *stepper = integrity->stepper;
    const char *what = "the hashes of weights";
    int64_t blocks = stepper->model->network->block_count, states = nn_step_state_hashes(stepper);
    NN_TRY(nn_witness_create(stepper->workers));
    int64_t room = nn_witness_hash_count(stepper->workers);
    if (room < blocks) room = blocks;
    if (room < states) room = states;
    NN_TRY(NN_ALLOCATE(&integrity->owned, blocks, what));
    NN_TRY(NN_ALLOCATE(&integrity->weights, blocks, what));
    NN_TRY(NN_ALLOCATE(&integrity->states, states, what));
    NN_TRY(NN_ALLOCATE(&integrity->now, room, what));
    for (int64_t b = 0; b < stepper->update->block_count; b++)
        integrity->owned[stepper->update->blocks[b].block] = true;
    return NN_OK;
}

void nn_integrity_destroy(nn_integrity *integrity)
{
    if (!integrity) return;
    nn_free(integrity->owned);
    nn_free(integrity->weights);
    nn_free(integrity->states);
    nn_free(integrity->now);
    nn_free(integrity);
}

/* ---- when ---- */

/* Whether a checkpoint is planned after this many steps: at the end of an epoch the best weights may be
 * saved. */
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

/* The first of `count` hashes that differs, or -1. */
static int64_t integrity_find(const uint64_t *hashes, const uint64_t *others, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (hashes[i] != others[i]) return i;
    return -1;
}

/* Compares this rank's memory with what was written after `steps` steps. Hashes that were not taken then are
 * taken now, for the comparison with other ranks. */
static void integrity_report_memory(nn_integrity *integrity, int64_t steps, nn_rank_report *report)
{
    const nn_stepper *stepper = integrity->stepper;
    int64_t blocks = stepper->model->network->block_count, states = nn_step_state_hashes(stepper);
    *report = (nn_rank_report){
        .weights_block = -1, .state = -1, .state_block = -1, .contradiction = -1, .usable = true};
    bool sealed = integrity->sealed_steps == steps;
    uint64_t *now = sealed ? integrity->now : integrity->weights;
    nn_step_hash_weights(stepper, integrity->owned, true, now);
    nn_step_hash_weights(stepper, integrity->owned, false, now);
    if (sealed) report->weights_block = integrity_find(integrity->weights, now, blocks);
    report->weights = nn_hash(integrity->weights, (size_t)blocks * sizeof *integrity->weights, 0);
    if (!sealed) return;
    nn_step_hash_states(stepper, now);
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
    return (int64_t)(words[0] % (uint64_t)batch.microbatches);
}

/* Every thread computes it; the reported hash is that of the first thread. */
static nn_status integrity_report_gradient(const nn_stepper *stepper, int64_t step, nn_batch batch,
                                           nn_rank_report *report, const uint64_t **hashes)
{
    nn_workers *workers = stepper->workers;
    int owner = nn_shares_owner(nn_stepper_shares(stepper, batch.microbatches),
                                integrity_choose(stepper, step, batch)),
        threads;
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

/* Whether no rank has found anything wrong and all have the same hashes: one small reduction. */
static nn_status integrity_agree(nn_comm *comm, const nn_rank_report *own, bool gradient, bool *agree)
{
    uint64_t hashes[2] = {own->weights, gradient ? own->gradient : 0};
    bool in_order = own->usable && own->weights_block < 0 && own->state_block < 0 && own->contradiction < 0;
    /* The maximum of ~hash is that of the minimum of hash. */
    int64_t values[5] = {!in_order, (int64_t)hashes[0], (int64_t)~hashes[0], (int64_t)hashes[1],
                         (int64_t)~hashes[1]};
    NN_TRY(nn_comm_maximum(comm, values, 5));
    *agree = values[0] == 0 && values[1] == ~values[2] && values[3] == ~values[4];
    return NN_OK;
}

/* Only where something is wrong do all ranks see the reports of all. */
static nn_status integrity_judge(const nn_integrity *integrity, int64_t step, const nn_rank_report *own,
                                 const uint64_t *gradient)
{
    nn_comm *comm = integrity->stepper->comm;
    nn_rank_report *reports = NULL;
    bool agree = false;
    NN_TRY(integrity_agree(comm, own, gradient != NULL, &agree));
    if (agree) return NN_OK;
    nn_status status = NN_ALLOCATE(&reports, nn_comm_size(comm), "the reports of ranks");
    NN_TRY_TO(done, status, nn_comm_agree(comm, status));
    NN_TRY_TO(done, status, nn_comm_gather_equal(comm, own, sizeof *own, reports));
    nn_evidence evidence = {reports,  step,          integrity->verified_step, integrity->weights,
                            gradient, integrity->now};
    status = nn_verdict_reach(integrity->stepper, &evidence);
done:
    nn_free(reports);
    return status;
}

/* Takes the hashes of the weights that other ranks have written, once they have arrived. */
static nn_status integrity_sent(void *context, const nn_step_progress *progress)
{
    nn_integrity *integrity = context;
    if (!integrity->sealing) return NN_OK;
    NN_TRY(nn_stepper_settle(integrity->stepper));
    nn_step_hash_weights(integrity->stepper, integrity->owned, false, integrity->weights);
    integrity->sealed_steps = progress->step + 1;
    return NN_OK;
}

static nn_status integrity_start(void *context, const nn_step_progress *progress)
{
    nn_integrity *integrity = context;
    integrity->verified_step = progress->step;
    integrity->sealing = true;
    nn_step_hash_weights(integrity->stepper, integrity->owned, true, integrity->weights);
    nn_step_hash_states(integrity->stepper, integrity->states);
    return integrity_sent(context, &(nn_step_progress){.step = progress->step - 1});
}

static nn_status integrity_begin(void *context, const nn_step_progress *progress)
{
    const nn_stepper *stepper = ((nn_integrity *)context)->stepper;
    bool due = integrity_is_due(stepper, progress->step);
    nn_witness_watch(stepper->workers, due ? integrity_choose(stepper, progress->step, progress->batch) : -1);
    return NN_OK;
}

/* Collective. */
static nn_status integrity_reduced(void *context, const nn_step_progress *progress)
{
    nn_integrity *integrity = context;
    nn_rank_report own;
    const uint64_t *gradient;
    if (!integrity_is_due(integrity->stepper, progress->step)) return NN_OK;
    integrity_report_memory(integrity, progress->step, &own);
    NN_TRY(integrity_report_gradient(integrity->stepper, progress->step, progress->batch, &own, &gradient));
    own.usable = progress->has_data;
    NN_TRY(integrity_judge(integrity, progress->step + 1, &own, gradient));
    integrity->verified_step = progress->step + 1;
    return NN_OK;
}

/* Takes the hashes of what this rank has written, if the next step or a checkpoint will compare them. */
static nn_status integrity_updated(void *context, const nn_step_progress *progress)
{
    nn_integrity *integrity = context;
    const nn_stepper *stepper = integrity->stepper;
    int64_t steps = progress->step + 1;
    integrity->sealing = integrity_is_due(stepper, steps) || integrity_saves(stepper, steps) ||
                         (progress->requests & NN_REQUESTS_OF_SAVE);
    if (!integrity->sealing) return NN_OK;
    nn_step_hash_weights(stepper, integrity->owned, true, integrity->weights);
    nn_step_hash_states(stepper, integrity->states);
    return NN_OK;
}

nn_status nn_integrity_check(nn_integrity *integrity, int64_t steps)
{
    nn_rank_report own;
    if (!integrity) return NN_OK;
    integrity_report_memory(integrity, steps, &own);
    return integrity_judge(integrity, steps, &own, NULL);
}

nn_status nn_integrity_create(nn_stepper *stepper, nn_integrity **integrity)
{
    const nn_training_options *training = &stepper->settings->training;
    *integrity = NULL;
    if (training->verify_every == 0 || training->allreduce == NN_REDUCE_MPI) return NN_OK;
    NN_TRY(NN_ALLOCATE(integrity, 1, "the hashes of weights"));
    (*integrity)->stepper = stepper;
    (*integrity)->sealed_steps = -1;
    nn_status status = integrity_allocate(*integrity);
    if (status != NN_OK) {
        nn_integrity_destroy(*integrity);
        *integrity = NULL;
        return status;
    }
    nn_stepper_observe(stepper, (nn_step_observer){.context = *integrity,
                                                   .at = {[NN_SEAM_START] = integrity_start,
                                                          [NN_SEAM_BEGIN] = integrity_begin,
                                                          [NN_SEAM_REDUCED] = integrity_reduced,
                                                          [NN_SEAM_UPDATED] = integrity_updated,
                                                          [NN_SEAM_SENT] = integrity_sent}});
    return NN_OK;
}
