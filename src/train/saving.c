/* When a run saves, and what becomes of a save that fails: a line that says so, the next save, and in the end
 * a run that does not claim to be saved. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/memory.h"
#include "host/clock.h"
#include "guard/integrity.h"
#include "train/nonfinite.h"
#include "train/run.h"

/* Pauses before the last save is tried again, in milliseconds. */
static const long saving_pauses[] = {500, 1500};
#define SAVING_TRIES ((int)(sizeof saving_pauses / sizeof *saving_pauses))

/* ---- a save that fails ---- */

/* When the save of step `failed` is tried again, for a message. */
static void saving_next(const nn_run *run, int64_t failed, char *text, size_t size)
{
    nn_duration every = run->settings.checkpoint.every;
    int64_t last = run->plan.length.steps, step = failed < run->state.step ? run->state.step : failed + 1;
    char seconds[NN_FORMAT_SIZE];
    while (step < last && !nn_plan_interval_ends(&run->plan, every, step)) step++;
    if (run->saving.ending)
        snprintf(text, size, "in a moment");
    else if (every.unit == NN_DURATION_SECONDS)
        snprintf(text, size, "after %s", nn_format_seconds(seconds, every.amount));
    else if (step >= last)
        snprintf(text, size, "when training ends");
    else
        snprintf(text, size, "after step %" PRId64, step);
}

/* The step of the newest checkpoint; 0: there is none, -1: that cannot be told. */
static int64_t saving_newest(const nn_run *run)
{
    int64_t *steps, newest;
    size_t count;
    if (nn_checkpoint_list(run->job->run_directory, &steps, &count) != NN_OK) return -1;
    newest = count > 0 ? steps[0] : 0;
    nn_free(steps);
    return newest;
}

/* Often at first, and seldom later: a disk may be full for thousands of saves. */
static bool saving_tells(int64_t failures)
{
    return (failures & (failures - 1)) == 0;
}

/* "a", "a and b" or "a, b and c". */
static void saving_name(unsigned unsaved, char *text, size_t size)
{
    static const char *const names[] = {"the checkpoint", "the best weights", "metrics.jsonl"};
    size_t length = 0;
    text[0] = '\0';
    for (unsigned i = 0, left = unsaved; left != 0 && i < 3; i++) {
        if (!(left & 1U << i)) continue;
        left &= ~(1U << i);
        length += (size_t)snprintf(text + length, size - length, "%s%s",
                                   length == 0 ? ""
                                   : left == 0 ? " and "
                                               : ", ",
                                   names[i]);
    }
}

static void saving_warn(const nn_run *run, const nn_write_outcome *outcome)
{
    char what[128], next[64], older[128], times[64] = "";
    const nn_saving *saving = &run->saving;
    int64_t newest = saving_newest(run);
    saving_name(outcome->failed, what, sizeof what);
    saving_next(run, outcome->step, next, sizeof next);
    if (saving->failures > 1)
        snprintf(times, sizeof times, " (%" PRId64 " saves in a row)", saving->failures);
    if (newest > 0)
        snprintf(older, sizeof older, "older checkpoints are intact, the newest is of step %" PRId64, newest);
    else if (newest < 0)
        snprintf(older, sizeof older, "older checkpoints cannot be listed at present");
    else
        snprintf(older, sizeof older, "there is no older checkpoint");
    nn_log_warning("step %" PRId64 ": %s could not be saved%s: %s; %s; it is tried again %s", outcome->step,
                   what, times, outcome->problem, older, next);
}

static void saving_take(nn_run *run, const nn_write_outcome *outcome)
{
    nn_saving *saving = &run->saving;
    saving->unsaved = (saving->unsaved & ~outcome->tried) | outcome->failed;
    if (outcome->failed != 0) {
        saving->failures++;
        snprintf(saving->problem, sizeof saving->problem, "%s", outcome->problem);
        if (saving_tells(saving->failures)) saving_warn(run, outcome);
        return;
    }
    if (saving->failures > 0)
        nn_log_line("step %" PRId64 " is saved; %" PRId64 " save%s before had failed", outcome->step,
                    saving->failures, saving->failures > 1 ? "s" : "");
    saving->failures = 0;
}

void nn_run_save_watch(nn_run *run, bool wait)
{
    nn_write_outcome outcome;
    if (run->writer && nn_writer_ended(run->writer, wait, &outcome)) saving_take(run, &outcome);
}

static void saving_not_built(nn_run *run, bool regular, bool best)
{
    unsigned failed = (regular ? NN_UNSAVED_CHECKPOINT : 0) | (best ? NN_UNSAVED_BEST : 0);
    nn_write_outcome outcome = {.step = run->state.step, .tried = failed, .failed = failed};
    snprintf(outcome.problem, sizeof outcome.problem, "%s", nn_error_text());
    if (best) nn_writer_forget_best(run->writer);
    saving_take(run, &outcome);
}

nn_status nn_run_check_lease(const nn_run *run)
{
    nn_status status = run->lease ? nn_lease_check(run->lease) : NN_OK;
    if (status == NN_OK || status == NN_ERROR_BUSY) return status;
    nn_error_clear();
    return NN_OK;
}

nn_status nn_run_save(nn_run *run, bool regular, bool best)
{
    nn_checkpoint_parts parts = nn_run_parts(run);
    void *bytes;
    size_t size = 0;
    nn_pulse_phase(NN_PHASE_SAVE);
    nn_run_save_watch(run, true);
    double began = nn_seconds();
    NN_TRY(nn_comm_agree(run->comm, nn_run_check_lease(run)));
    NN_TRY(nn_integrity_check(run->integrity, run->state.step));
    NN_TRY(nn_nonfinite_weights(run));
    nn_status status = nn_checkpoint_build(&parts, &bytes, &size);
    run->saved_at = nn_seconds();
    if (status != NN_OK && !nn_comm_has_agreed(run->comm)) return status;
    if (!run->writer) return NN_OK;
    if (nn_writer_seconds(run->writer) > 0)
        nn_deadline_saving(&run->deadline, run->saved_at - began + nn_writer_seconds(run->writer));
    regular = regular || (run->saving.unsaved & NN_UNSAVED_CHECKPOINT);
    if (status == NN_OK)
        nn_writer_start(run->writer, run->state.step, regular, best, bytes, size);
    else
        saving_not_built(run, regular, best);
    return NN_OK;
}

/* ---- the end ---- */

static bool saving_is_at_best(const nn_run *run)
{
    return run->state.best_epoch * run->plan.length.steps_per_epoch == run->state.step;
}

/* What is missing when the write under way has ended, on all ranks. Collective. */
static nn_status saving_agree(nn_run *run)
{
    nn_saving *saving = &run->saving;
    nn_run_save_watch(run, true);
    if (run->writer) saving->newest = saving_newest(run);
    return nn_comm_broadcast(run->comm, saving, sizeof *saving, 0);
}

static void saving_pause(int tries)
{
    struct timespec pause = {saving_pauses[tries] / 1000, saving_pauses[tries] % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

static void saving_retry_metrics(nn_run *run)
{
    nn_saving *saving = &run->saving;
    if (nn_run_check_lease(run) == NN_OK && nn_run_rewrite_metrics(run) == NN_OK)
        saving->unsaved &= ~(unsigned)NN_UNSAVED_METRICS;
    else if (saving->failures == 0)
        snprintf(saving->problem, sizeof saving->problem, "%s", nn_error_text());
}

nn_status nn_run_save_last(nn_run *run)
{
    nn_saving *saving = &run->saving;
    saving->ending = true;
    NN_TRY(saving_agree(run));
    for (int tries = 0; saving->unsaved != 0 && tries < SAVING_TRIES; tries++) {
        nn_pulse_phase(NN_PHASE_SAVE);
        if (run->writer) {
            saving_pause(tries);
            if (nn_run_directory_sweep(run->job->run_directory) != NN_OK) nn_error_clear();
            if (saving->unsaved & NN_UNSAVED_METRICS) saving_retry_metrics(run);
        }
        bool best = saving_is_at_best(run);
        if (saving->unsaved & (NN_UNSAVED_CHECKPOINT | NN_UNSAVED_BEST))
            NN_TRY(nn_run_save(run, false, best && (saving->unsaved & NN_UNSAVED_BEST)));
        NN_TRY(saving_agree(run));
    }
    return NN_OK;
}

/* What the missing costs, and how it is had after all. */
static void saving_advise(const nn_run *run, char *text, size_t size)
{
    unsigned unsaved = run->saving.unsaved;
    int64_t newest = run->saving.newest;
    if (unsaved & NN_UNSAVED_CHECKPOINT && newest > 0)
        snprintf(
            text, size,
            "the newest checkpoint is of step %" PRId64
            "; mend that and give the same command again: it trains from there once more, to the same bits",
            newest);
    else if (unsaved & NN_UNSAVED_CHECKPOINT && newest < 0)
        snprintf(text, size,
                 "older checkpoints cannot be listed at present; mend that and give the same command again: "
                 "it trains from the newest one once more, to the same bits");
    else if (unsaved & NN_UNSAVED_CHECKPOINT)
        snprintf(
            text, size,
            "there is no checkpoint; mend that and give the same command again: it trains from the start "
            "once more, to the same bits");
    else if (unsaved & NN_UNSAVED_BEST && !saving_is_at_best(run))
        snprintf(text, size,
                 "the last checkpoint is there, but the weights of the best epoch, %" PRId64
                 ", are lost; mend that, and train with --fresh to have them",
                 run->state.best_epoch);
    else
        snprintf(text, size,
                 "the last checkpoint is there; mend that and give the same command again: it writes what is "
                 "missing");
}

nn_status nn_run_unsaved(const nn_run *run, const char *ending)
{
    char what[128], advice[256];
    if (run->saving.unsaved == 0) return NN_OK;
    saving_name(run->saving.unsaved, what, sizeof what);
    saving_advise(run, advice, sizeof advice);
    uint64_t fingerprint =
        nn_network_fingerprint(run->model->network, nn_reduction_weights(run->stepper->reduction));
    nn_status status = nn_fail(
        NN_ERROR_UNSAVED,
        "%s after step %" PRId64 " (fingerprint %016" PRIx64 "), but %s could not be saved, in %d tries: "
        "%s; %s",
        ending, run->state.step, fingerprint, what, SAVING_TRIES + 1, run->saving.problem, advice);
    return nn_comm_agree(run->comm, status);
}
