#include "rundir/saving.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/log.h"
#include "base/memory.h"
#include "host/clock.h"
#include "host/pulse.h"
#include "rundir/best_file.h"
#include "rundir/compare.h"
#include "rundir/finite.h"
#include "rundir/manifest_record.h"
#include "rundir/metrics_file.h"
#include "rundir/orphans.h"
#include "rundir/saving_report.h"
#include "rundir/saving_shards.h"

/* Pauses before the last save is tried again, in milliseconds. */
static const long saving_pauses[] = {500, 1500};
#define SAVING_TRIES ((int)(sizeof saving_pauses / sizeof *saving_pauses))

/* ---- the beginning ---- */

/* What an earlier process wrote after the checkpoint is cut off, since it will be written again. */
static nn_status saving_write_texts(const nn_rundir *directory, const nn_checkpoint_parts *parts)
{
    char path[NN_PATH_SIZE + 32];
    nn_text config = {0};
    NN_TRY(nn_metrics_file_rewrite(directory, &parts->state->history));
    nn_config_emit(parts->config, &config);
    snprintf(path, sizeof path, "%s/config.yaml", directory->path);
    nn_status status = nn_store_commit(path, config.bytes ? config.bytes : "", config.length);
    nn_text_free(&config);
    return status;
}

static nn_status saving_begin_best(nn_rundir *directory, const nn_checkpoint_parts *parts, uint64_t run,
                                   const nn_kept_checkpoint *found, unsigned *best_due)
{
    unsigned lacks = 0;
    if (found) NN_TRY(nn_rundir_lacks_best(directory->path, parts, &lacks));
    *best_due = lacks && nn_sharded_is(found->file) ? lacks : 0;
    return lacks && !*best_due
               ? nn_rundir_restore_best(directory->path, parts, lacks, run, found->bytes, found->size)
               : NN_OK;
}

nn_status nn_saving_begin(nn_rundir *directory, const nn_checkpoint_parts *parts,
                          const nn_kept_checkpoint *found, nn_damaged *damaged, unsigned *best_due)
{
    uint64_t run = 0;
    int64_t best_steps[NN_KEPT_BESTS];
    *best_due = 0;
    nn_status status = nn_rundir_drop_later_best(directory->path, parts, best_steps);
    if (status == NN_OK) status = nn_checkpoint_run(parts, &run);
    if (status == NN_OK) status = nn_manifest_begin(directory->path, run, found, damaged);
    nn_writer_take_damaged(directory->writer, damaged);
    nn_writer_set_best(directory->writer, best_steps);
    if (status == NN_OK) nn_orphans_remove(directory->path, INT64_MAX, best_steps);
    if (status == NN_OK) status = saving_begin_best(directory, parts, run, found, best_due);
    return status == NN_OK ? saving_write_texts(directory, parts) : status;
}

/* ---- a save ---- */

static void saving_not_built(nn_rundir *directory, const nn_checkpoint_parts *parts, bool regular,
                             unsigned best)
{
    unsigned failed = (regular ? NN_UNSAVED_CHECKPOINT : 0) | best * NN_UNSAVED_BEST;
    nn_write_outcome outcome = {.step = parts->state->step, .tried = failed, .failed = failed};
    snprintf(outcome.problem, sizeof outcome.problem, "%s", nn_error_text());
    nn_writer_forget_best(directory->writer, best);
    nn_saving_take(directory, parts, &outcome);
}

/* One file: rank 0 builds it, and its thread writes it. */
static nn_status saving_start(nn_rundir *directory, const nn_checkpoint_parts *parts, bool regular,
                              unsigned best, nn_status *built)
{
    nn_write_job job = {.step = parts->state->step, .regular = regular, .best = best};
    *built = nn_checkpoint_build(parts, &job.bytes, &job.size);
    if (*built != NN_OK) return nn_comm_has_agreed(parts->stepper->comm) ? NN_OK : *built;
    if (directory->writer) nn_writer_start(directory->writer, &job);
    return NN_OK;
}

nn_status nn_saving_save(nn_rundir *directory, const nn_checkpoint_parts *parts, bool regular, unsigned best)
{
    nn_comm *comm = parts->stepper->comm;
    nn_saving *saving = &directory->saving;
    nn_status built;
    nn_pulse_phase(NN_PHASE_SAVE);
    NN_TRY(nn_saving_complete(directory, parts));
    nn_saving_watch(directory, parts, true);
    double began = nn_seconds();
    NN_TRY(nn_comm_agree(comm, nn_rundir_check_lease(directory)));
    if (directory->admit) NN_TRY(directory->admit(directory->admit_context));
    NN_TRY(nn_finite_check(directory, parts));
    regular = regular || (saving->unsaved & NN_UNSAVED_CHECKPOINT);
    if (directory->shards)
        NN_TRY(nn_saving_start_shards(directory, parts, regular, best, &built));
    else
        NN_TRY(saving_start(directory, parts, regular, best, &built));
    saving->saved_at = nn_seconds();
    directory->pending.paused = saving->saved_at - began;
    if (!directory->writer) return NN_OK;
    if (built != NN_OK)
        saving_not_built(directory, parts, regular, best);
    else if (!directory->shards && nn_writer_seconds(directory->writer) > 0)
        saving->seconds = saving->saved_at - began + nn_writer_seconds(directory->writer);
    return NN_OK;
}

/* ---- the end ---- */

/* Of the best weights that are not on the disk, those of the current step. */
static unsigned saving_at_best(const nn_saving *saving, const nn_checkpoint_parts *parts)
{
    return saving->unsaved / NN_UNSAVED_BEST & nn_checkpoint_is_best(parts);
}

/* What is missing when the write in progress has ended, on all ranks. Collective. */
static nn_status saving_agree(nn_rundir *directory, const nn_checkpoint_parts *parts)
{
    nn_saving *saving = &directory->saving;
    NN_TRY(nn_saving_complete(directory, parts));
    nn_saving_watch(directory, parts, true);
    if (directory->writer) saving->newest = nn_saving_newest(directory->path);
    return nn_comm_broadcast(parts->stepper->comm, saving, sizeof *saving, 0);
}

static void saving_retry_metrics(nn_rundir *directory, const nn_checkpoint_parts *parts)
{
    nn_saving *saving = &directory->saving;
    if (nn_rundir_check_lease(directory) == NN_OK &&
        nn_metrics_file_rewrite(directory, &parts->state->history) == NN_OK)
        saving->unsaved &= ~(unsigned)NN_UNSAVED_METRICS;
    else if (saving->failures == 0)
        snprintf(saving->problem, sizeof saving->problem, "%s", nn_error_text());
}

/* Before attempt `tries`, on rank 0: a pause, free space, and the metrics. */
static void saving_before_retry(nn_rundir *directory, const nn_checkpoint_parts *parts, int tries)
{
    struct timespec pause = {saving_pauses[tries] / 1000, saving_pauses[tries] % 1000 * 1000000};
    nanosleep(&pause, NULL);
    if (nn_rundir_sweep(directory->path) != NN_OK) nn_error_clear();
    if (directory->saving.unsaved & NN_UNSAVED_METRICS) saving_retry_metrics(directory, parts);
}

nn_status nn_saving_end(nn_rundir *directory, const nn_checkpoint_parts *parts)
{
    nn_saving *saving = &directory->saving;
    saving->ending = true;
    NN_TRY(saving_agree(directory, parts));
    for (int tries = 0; saving->unsaved != 0 && tries < SAVING_TRIES; tries++) {
        nn_pulse_phase(NN_PHASE_SAVE);
        if (directory->writer) saving_before_retry(directory, parts, tries);
        if (saving->unsaved & (NN_UNSAVED_CHECKPOINT | NN_UNSAVED_BESTS))
            NN_TRY(nn_saving_save(directory, parts, false, saving_at_best(saving, parts)));
        NN_TRY(saving_agree(directory, parts));
    }
    return NN_OK;
}

/* What the missing files cost, and how to get them. */
static void saving_advise(const nn_saving *saving, const nn_checkpoint_parts *parts, char *text, size_t size)
{
    unsigned unsaved = saving->unsaved, lost = (unsaved & NN_UNSAVED_BESTS) / NN_UNSAVED_BEST;
    int rule = 0;
    lost &= ~saving_at_best(saving, parts);
    while (lost && !(lost & 1U << rule)) rule++;
    int64_t newest = saving->newest;
    if (unsaved & NN_UNSAVED_CHECKPOINT && newest > 0)
        snprintf(text, size,
                 "the newest checkpoint is from step %" PRId64
                 "; fix this and run the same command again: it continues from there, to the same bits",
                 newest);
    else if (unsaved & NN_UNSAVED_CHECKPOINT && newest < 0)
        snprintf(text, size,
                 "older checkpoints cannot be listed at present; fix this and run the same command again: it "
                 "continues from the newest one, to the same bits");
    else if (unsaved & NN_UNSAVED_CHECKPOINT)
        snprintf(text, size,
                 "there is no checkpoint; fix this and run the same command again: it trains from the start, "
                 "to the same bits");
    else if (lost)
        snprintf(text, size,
                 "the last checkpoint is saved, but the best weights, of step %" PRId64
                 ", are lost; fix this, and train with --fresh to get them again",
                 parts->state->best[rule].step);
    else
        snprintf(text, size,
                 "the last checkpoint is written; fix this and run the same command again: it writes what is "
                 "missing");
}

nn_status nn_saving_check(const nn_rundir *directory, const nn_checkpoint_parts *parts, const char *ending)
{
    const nn_saving *saving = &directory->saving;
    const nn_stepper *stepper = parts->stepper;
    char what[128], advice[256];
    if (saving->unsaved == 0) return NN_OK;
    nn_saving_name(saving->unsaved, what, sizeof what);
    saving_advise(saving, parts, advice, sizeof advice);
    uint64_t fingerprint =
        nn_network_fingerprint(stepper->model->network, nn_reduction_weights(stepper->reduction));
    nn_status status =
        nn_fail(NN_ERROR_UNSAVED,
                "%s after step %" PRId64 " (fingerprint %016" PRIx64
                "), but %s could not be saved in %d attempts: %s; %s",
                ending, parts->state->step, fingerprint, what, SAVING_TRIES + 1, saving->problem, advice);
    return nn_comm_agree(stepper->comm, status);
}
