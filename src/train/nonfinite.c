/* What a run does about NaN and Inf. */
#include "train/nonfinite.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "host/pulse.h"
#include "rundir/finite.h"
#include "rundir/saving_last.h"
#include "train/nonfinite_tell.h"

/* This many skipped steps of a run are inspected and reported; the others are only counted. */
#define TOLD_STEPS 3

/* ---- finding ---- */

static int64_t nonfinite_leaf_at(nn_batch batch, int64_t position)
{
    int64_t leaf = 0;
    while (nn_tree_leaf_samples(batch.samples, batch.microbatches, leaf).end <= position - batch.first)
        leaf++;
    return leaf;
}

static bool nonfinite_has(nn_tree_node share, int64_t leaf)
{
    return share.begin <= leaf && leaf < share.end;
}

static void nonfinite_inspect(nn_nonfinite_case *of, int64_t leaf)
{
    nn_run *run = of->run;
    nn_stepper *stepper = run->stepper;
    nn_pulse();
    nn_loaded *loaded =
        nn_workers_reload(run->workers, of->batch, run->state.step, of->share, leaf, of->inspection.carried);
    nn_inspect(run->model, loaded, nn_reduction_weights(stepper->reduction), stepper->last_denominators,
               &of->inspection);
    of->loaded = loaded;
}

/* The microbatch of this rank where it begins, and how many layers that look at the whole batch come before:
 * they carry NaN and Inf to all others. */
static int64_t nonfinite_search(nn_nonfinite_case *of, int64_t *mixed)
{
    int64_t own = -1, seen = -1;
    for (int64_t leaf = of->share.begin; leaf < of->share.end && (own < 0 || *mixed > 0); leaf++) {
        nonfinite_inspect(of, seen = leaf);
        if (of->inspection.found.kind == NN_FOUND_NOTHING) continue;
        int64_t before = nn_inspect_mixed(of->run->model->network, of->inspection.found);
        if (own >= 0 && before >= *mixed) continue;
        own = leaf;
        *mixed = before;
    }
    if (own >= 0 && own != seen) nonfinite_inspect(of, own);
    return own;
}

/* The first microbatch of the batch that has it. Where only the sum of the gradients shows it, every rank
 * looks through its own. */
static nn_status nonfinite_find(nn_nonfinite_case *of, int64_t position)
{
    int64_t leaves = of->batch.microbatches, mixed = 0, first;
    if (position >= 0) {
        of->leaf = nonfinite_leaf_at(of->batch, position);
        if (nonfinite_has(of->share, of->leaf)) nonfinite_inspect(of, of->leaf);
        return NN_OK;
    }
    int64_t own = nonfinite_search(of, &mixed);
    NN_TRY(nn_finite_first(of->run->comm, own < 0 ? -1 : mixed * leaves + own, &first));
    of->leaf = first < 0 ? -1 : first % leaves;
    return NN_OK;
}

/* The rank that has the microbatch reports; if no rank has it, rank 0. */
static nn_status nonfinite_share_note(nn_nonfinite_case *of, nn_nonfinite_note *note)
{
    nn_comm *comm = of->run->comm;
    const nn_shares *shares = nn_stepper_shares(of->run->stepper, of->batch.microbatches);
    int teller = of->leaf >= 0 ? nn_shares_owner(shares, of->leaf) : 0;
    if (nn_comm_rank(comm) == teller) nn_nonfinite_tell(of, note);
    return nn_comm_broadcast(comm, note, sizeof *note, teller);
}

static nn_status nonfinite_look(nn_run *run, nn_batch batch, const nn_step_result *result,
                                nn_nonfinite_note *note)
{
    nn_comm *comm = run->comm;
    nn_nonfinite_case of = {
        .run = run,
        .batch = batch,
        .share = nn_shares_of(nn_stepper_shares(run->stepper, batch.microbatches), nn_comm_rank(comm)),
        .bad_block = result->bad_block};
    nn_status status = nn_inspection_create(run->model, run->plan.microbatch_size, &of.inspection);
    status = nn_comm_agree(comm, status);
    if (status == NN_OK) status = nonfinite_find(&of, result->bad_position);
    if (status == NN_OK) status = nonfinite_share_note(&of, note);
    nn_inspection_release(&of.inspection);
    if (status == NN_OK && note->warning[0]) nn_log_warning("%s", note->warning);
    return status;
}

/* ---- deciding ---- */

/* Prepares for the next step. All recurrent state is reset: state that is finite but too large would give NaN
 * or Inf in every following window. */
static void nonfinite_leave_out(nn_run *run, nn_batch batch)
{
    int64_t per_leaf;
    nn_real *carried = nn_workers_carried(run->workers, &per_leaf);
    nn_tree_node share =
        nn_shares_of(nn_stepper_shares(run->stepper, batch.microbatches), nn_comm_rank(run->comm));
    if (carried)
        memset(carried, 0,
               (size_t)((share.end - share.begin) * per_leaf) * nn_scalar_size(run->model->scalar));
    nn_dataset_release(run->data, NN_TRAIN, run->state.step);
}

nn_status nn_nonfinite_step(nn_run *run, nn_batch batch, const nn_step_result *result)
{
    const nn_training_options *training = &run->settings.training;
    nn_skipped *skipped = &run->state.skipped;
    nn_nonfinite_note note = {{0}, {0}};
    char last_good[128];
    nn_checkpoint_parts parts = nn_run_parts(run);
    bool skips = training->on_nonfinite == NN_NONFINITE_SKIP;
    if (skips) *skipped = (nn_skipped){skipped->epoch + 1, skipped->in_a_row + 1, skipped->all + 1};
    bool ends = !skips || skipped->in_a_row >= training->nonfinite_limit;
    if (ends || skipped->all <= TOLD_STEPS) NN_TRY(nonfinite_look(run, batch, result, &note));
    if (!ends) {
        if (note.text[0]) nn_log_warning("%s; skipping the step", note.text);
        nonfinite_leave_out(run, batch);
        return NN_OK;
    }
    NN_TRY(nn_saving_last_good(&run->directory, &parts, last_good));
    nn_status status;
    if (skips)
        status = nn_fail(
            NN_ERROR_NONFINITE,
            "%s; %lld consecutive steps would now be skipped, the limit set by training.nonfinite_limit; %s",
            note.text, (long long)skipped->in_a_row, last_good);
    else
        status = nn_fail(NN_ERROR_NONFINITE, "%s; to skip such steps, set training.on_nonfinite=skip; %s",
                         note.text, last_good);
    return nn_comm_agree(run->comm, status);
}
