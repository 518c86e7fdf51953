/* Saving, loading and copying the state of trainers. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "host/pulse.h"
#include "rundir/compare.h"
#include "rundir/orphans.h"
#include "rundir/saving.h"
#include "train/rescale.h"
#include "train/trainer.h"

static nn_status state_expect_directory(const nn_trainer *trainer, const char *what)
{
    if (trainer->run_directory) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE, "%s: the trainer has no run directory; pass one to nn_trainer_create", what);
}

/* ---- saving ---- */

/* Checkpoints of steps that were left by loading an earlier one. Rank 0 calls it. */
static nn_status state_remove_later(nn_trainer *trainer)
{
    int64_t *steps = NULL;
    size_t count = 0;
    char path[NN_PATH_SIZE];
    nn_status status = nn_kept_list(trainer->run_directory, &steps, &count);
    for (size_t i = 0; status == NN_OK && i < count; i++) {
        if (steps[i] <= trainer->run.state.step) continue;
        nn_kept_path(trainer->run_directory, steps[i], path);
        if (unlink(path) != 0)
            status = nn_fail(NN_ERROR_IO,
                             "%s: cannot be removed, and would be taken for the newest checkpoint; remove it",
                             path);
    }
    nn_free(steps);
    return status;
}

/* Lists what there is, so that the manifest misses no file that was removed. Rank 0 calls it. */
static nn_status state_begin(nn_trainer *trainer, const nn_kept_checkpoint *found)
{
    unsigned best_due = 0;
    nn_damaged damaged = {0};
    nn_checkpoint_parts parts = nn_run_parts(&trainer->run);
    nn_status status = nn_saving_begin(&trainer->run.directory, &parts, found, &damaged, &best_due);
    nn_damaged_release(&damaged);
    return status;
}

static nn_status state_save(nn_trainer *trainer)
{
    nn_run *run = &trainer->run;
    nn_rundir *directory = &run->directory;
    nn_checkpoint_parts parts = nn_run_parts(run);
    NN_TRY(nn_stepper_settle(run->stepper));
    if (trainer->rolled_back) {
        bool first = nn_comm_rank(trainer->comm) == 0;
        NN_TRY(nn_comm_agree(trainer->comm, first ? state_remove_later(trainer) : NN_OK));
        trainer->rolled_back = false;
    }
    NN_TRY(nn_saving_save(directory, &parts, true, 0));
    NN_TRY(nn_saving_end(directory, &parts));
    directory->saving.ending = false;
    return nn_saving_check(directory, &parts, "nn_trainer_save");
}

nn_status nn_trainer_save(nn_trainer *trainer)
{
    NN_TRY(nn_trainer_enter(trainer));
    nn_status status = state_expect_directory(trainer, "nn_trainer_save");
    if (status == NN_OK && !trainer->scaled)
        status = nn_fail(NN_ERROR_USAGE,
                         "nn_trainer_save: the normalisation is not known yet: %lld of the %lld samples of "
                         "data.in_place.from_first have come; there is nothing to save",
                         (long long)trainer->kept_count,
                         (long long)trainer->run.settings.data.in_place.from_first);
    status = nn_trainer_meet(trainer, NN_TRAINER_SAVE, 0, 0, status);
    if (status == NN_OK) status = state_save(trainer);
    return nn_trainer_leave(trainer, status);
}

/* ---- loading ---- */

/* The checkpoint of a step, of this run and complete. Rank 0 calls it. */
static nn_status state_open(nn_trainer *trainer, int64_t step, nn_kept_checkpoint *found)
{
    int64_t *steps = NULL;
    size_t count = 0, i = 0;
    char path[NN_PATH_SIZE];
    nn_text there = {0};
    nn_checkpoint_parts parts = nn_run_parts(&trainer->run);
    NN_TRY(nn_kept_list(trainer->run_directory, &steps, &count));
    while (i < count && step >= 0 && steps[i] != step) i++;
    for (size_t k = count; k-- > 0;)
        nn_text_append(&there, "%s%" PRId64, there.length > 0 ? ", " : "", steps[k]);
    nn_status status = NN_OK;
    if (i == count && step >= 0)
        status = nn_fail(NN_ERROR_CHECKPOINT, "%s: has no checkpoint of step %" PRId64 "; there are: %s",
                         trainer->run_directory, step, there.bytes ? there.bytes : "none");
    else if (count == 0)
        status = nn_fail(NN_ERROR_CHECKPOINT, "%s: has no checkpoint; save one with nn_trainer_save",
                         trainer->run_directory);
    if (status == NN_OK) {
        nn_kept_path(trainer->run_directory, steps[i], path);
        status = nn_kept_open(path, steps[i], found);
    }
    if (status == NN_OK) status = nn_checkpoint_compare(&parts, found->file);
    nn_text_free(&there);
    nn_free(steps);
    return status;
}

/* Collective. */
static nn_status state_load(nn_trainer *trainer, nn_kept_checkpoint *found)
{
    nn_run *run = &trainer->run;
    nn_checkpoint_parts parts = nn_run_parts(run);
    nn_text_free(&run->state.history);
    nn_text_free(&run->state.changes);
    run->state = (nn_run_state){0};
    NN_TRY(nn_rescale_from(run, found->file));
    NN_TRY(nn_checkpoint_load(&parts, found->file));
    NN_TRY(
        nn_comm_agree(trainer->comm, nn_comm_rank(trainer->comm) == 0 ? state_begin(trainer, found) : NN_OK));
    nn_trainer_forget_predictor(trainer);
    nn_free(trainer->kept);
    trainer->kept = NULL;
    trainer->kept_count = 0;
    trainer->scaled = true;
    trainer->begun = false;
    trainer->rolled_back = true;
    return NN_OK;
}

nn_status nn_trainer_load(nn_trainer *trainer, int64_t step)
{
    nn_kept_checkpoint found = {0};
    NN_TRY(nn_trainer_enter(trainer));
    nn_status status = state_expect_directory(trainer, "nn_trainer_load");
    status = nn_trainer_meet(trainer, NN_TRAINER_LOAD, step, 0, status);
    if (status == NN_OK) {
        bool first = nn_comm_rank(trainer->comm) == 0;
        nn_pulse_phase(NN_PHASE_SETUP);
        status = nn_comm_agree(trainer->comm, first ? state_open(trainer, step, &found) : NN_OK);
        if (status == NN_OK) status = nn_trainer_spoil(trainer, state_load(trainer, &found));
    }
    nn_kept_close(&found);
    return nn_trainer_leave(trainer, status);
}

/* ---- copying ---- */

static nn_status state_compare(const nn_trainer *from, const nn_trainer *to, double fraction)
{
    if (!from || from == to || from->failed != NN_OK)
        NN_FAIL(NN_ERROR_USAGE, "nn_trainer_copy: pass two trainers that work");
    const nn_network *a = from->run.model->network, *b = to->run.model->network;
    bool same = a->value_count == b->value_count && a->layer_count == b->layer_count &&
                a->scalar == b->scalar && nn_comm_size(from->comm) == nn_comm_size(to->comm) &&
                nn_comm_rank(from->comm) == nn_comm_rank(to->comm);
    for (int l = 0; same && l < a->layer_count; l++)
        same = a->layers[l].value_count == b->layers[l].value_count &&
               a->layers[l].type == b->layers[l].type &&
               nn_shape_equal(a->layers[l].output_shape, b->layers[l].output_shape);
    if (!same)
        NN_FAIL(NN_ERROR_USAGE,
                "nn_trainer_copy: the two trainers have different networks, or communicators of different "
                "ranks; make both with the same section network, precision and communicator");
    if (!(fraction >= 0 && fraction <= 1))
        NN_FAIL(NN_ERROR_USAGE, "nn_trainer_copy: the fraction is %g; it is from 0 to 1", fraction);
    if (!from->scaled)
        NN_FAIL(NN_ERROR_USAGE,
                "nn_trainer_copy: the normalisation of the trainer that is copied is not known "
                "yet; call nn_trainer_step first");
    return NN_OK;
}

static bool state_same_scaling(const nn_scaling *a, const nn_scaling *b)
{
    size_t size = (size_t)a->columns * sizeof(double);
    return a->columns == b->columns && (a->columns == 0 || (memcmp(a->scale, b->scale, size) == 0 &&
                                                            memcmp(a->offset, b->offset, size) == 0));
}

/* The weights are those of normalised values. */
static nn_status state_match_scaling(const nn_trainer *from, nn_trainer *to)
{
    const nn_model *a = from->run.model, *b = to->run.model;
    bool same = a->head_count == b->head_count && state_same_scaling(&a->input_scaling, &b->input_scaling);
    for (int h = 0; same && h < a->head_count; h++)
        same = state_same_scaling(&a->heads[h].scaling, &b->heads[h].scaling);
    if (!to->scaled && a->head_count == b->head_count) {
        NN_TRY(nn_rescale_like(&to->run, a));
        to->scaled = true;
        return NN_OK;
    }
    if (same) return NN_OK;
    NN_FAIL(
        NN_ERROR_USAGE,
        "nn_trainer_copy: the two trainers normalise differently, so their weights mean different things; "
        "give both the same data.fields, or copy before the other one has measured");
}

/* Rank 0 has the new weights, and hands them out. */
static nn_status state_copy(const nn_trainer *from, nn_trainer *to, double fraction)
{
    const nn_run *source = &from->run;
    nn_run *run = &to->run;
    nn_scalar scalar = run->model->scalar;
    const nn_real *values = nn_reduction_weights(source->stepper->reduction);
    nn_real *weights = nn_reduction_weights(run->stepper->reduction);
    size_t count = (size_t)run->model->network->value_count;
    if (nn_comm_rank(to->comm) == 0 && fraction == 1) memcpy(weights, values, count * nn_scalar_size(scalar));
    for (size_t i = 0; nn_comm_rank(to->comm) == 0 && fraction < 1 && i < count; i++)
        nn_scalar_put(scalar, weights, i,
                      fraction * nn_scalar_get(scalar, values, i) +
                          (1 - fraction) * nn_scalar_get(scalar, weights, i));
    to->begun = false;
    return nn_reduction_spread(run->stepper->reduction);
}

nn_status nn_trainer_copy(nn_trainer *from, nn_trainer *to, double fraction)
{
    int64_t argument = 0;
    NN_TRY(nn_trainer_enter(to));
    nn_status status = state_compare(from, to, fraction);
    memcpy(&argument, &fraction, sizeof argument);
    status = nn_trainer_meet(to, NN_TRAINER_COPY, argument, 0, status);
    if (status == NN_OK) status = nn_comm_agree(to->comm, state_match_scaling(from, to));
    if (status == NN_OK) status = nn_trainer_spoil(to, state_copy(from, to, fraction));
    return nn_trainer_leave(to, status);
}
