#include "train/loop.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "host/clock.h"
#include "host/pulse.h"
#include "nn/network.h"
#include "rundir/metrics_file.h"
#include "rundir/saving.h"
#include "rundir/saving_report.h"
#include "rundir/saving_shards.h"
#include "rundir/status_line.h"
#include "step/results.h"
#include "train/epoch.h"
#include "train/extent.h"
#include "train/final.h"
#include "train/nonfinite.h"
#include "train/prints_log.h"
#include "train/profiling.h"
#include "train/progress_show.h"
#include "train/setup.h"
#include "train/showing.h"
#include "train/steps_log.h"
#include "train/validate.h"

/* Whether another step after the next one might not leave enough time for a checkpoint. */
static bool loop_time_ends(const nn_run *run)
{
    if (run->job->end_time <= 0 || run->state.step >= run->plan.length.steps - 1) return false;
    int64_t step = run->state.step, of_epoch = run->plan.length.steps_per_epoch;
    int64_t every = run->plan.validate_every;
    nn_deadline_ahead ahead = {
        .ends_epoch = (step + 2) / of_epoch > step / of_epoch || (step + 2) / every > step / every,
        .evaluation_steps = (double)nn_dataset_count(run->data, NN_VALIDATION) / (double)run->plan.batch_size,
        .checkpoint_bytes = (double)nn_checkpoint_memory(run->model, run->stepper->update->state_count,
                                                         nn_rundir_shards(&run->directory))};
    return (double)time(NULL) + nn_deadline_needs(&run->deadline, &ahead) >= run->job->end_time;
}

/* What this rank requests at the next step. Only the clock of rank 0 counts. */
static unsigned loop_requests(const nn_run *run)
{
    unsigned requests = run->job->stop && *run->job->stop ? NN_REQUEST_STOP : 0;
    nn_duration every = run->settings.checkpoint.every;
    if (nn_comm_rank(run->comm) == 0 && loop_time_ends(run)) requests |= NN_REQUEST_TIME;
    if (every.unit == NN_DURATION_SECONDS && nn_comm_rank(run->comm) == 0 &&
        nn_seconds() - run->directory.saving.saved_at >= every.amount)
        requests |= NN_REQUEST_SAVE;
    return requests | nn_saving_says(&run->directory);
}

/* Saves, and records how long that takes. */
static nn_status loop_save(nn_run *run, bool regular, unsigned best)
{
    nn_checkpoint_parts parts = nn_run_parts(run);
    NN_TRY(nn_stepper_settle(run->stepper));
    NN_TRY(nn_saving_save(&run->directory, &parts, regular, best));
    if (run->directory.saving.seconds > 0) nn_deadline_saving(&run->deadline, run->directory.saving.seconds);
    return NN_OK;
}

/* ---- the loop ---- */

static bool loop_is_over(const nn_run *run)
{
    return run->state.step >= run->plan.length.steps ||
           nn_early_ends(&run->settings.training.early_stopping, &run->state.watch.early);
}

static void loop_show_early(const nn_run *run)
{
    char after[NN_VALIDATED_SIZE];
    const nn_plan *plan = &run->plan;
    long long waited = (long long)run->state.watch.early.waited;
    bool by_epoch = plan->validate_every == plan->length.steps_per_epoch;
    if (run->state.step >= plan->length.steps) return;
    nn_log_line("stopped early after %s: the validation result has not improved for %lld %s%s",
                nn_validated_of(plan, run->state.step, after), waited, by_epoch ? "epoch" : "validation",
                by_epoch || waited > 1 ? "s" : "");
}

static nn_status loop_step(nn_run *run, bool *stopped)
{
    nn_step_result result;
    int64_t of_epoch = run->plan.length.steps_per_epoch;
    nn_batch batch = nn_plan_batch(&run->plan, run->state.step);
    double began = nn_seconds();
    NN_TRY(nn_stepper_run(run->stepper, run->state.step, loop_requests(run), &result));
    nn_deadline_step(&run->deadline, nn_seconds() - began);
    if (result.nonfinite)
        NN_TRY(nn_nonfinite_step(run, batch, &result));
    else
        run->state.skipped.in_a_row = 0;
    run->state.step++;
    if (!result.nonfinite)
        nn_results_join(&(nn_results_sums){run->model, true}, run->state.epoch_figures, result.results);
    nn_progress_show(run, batch, run->state.epoch_figures);
    nn_steps_log(run, batch, &result);
    NN_TRY(nn_prints_log(run));
    unsigned best = 0;
    if (run->state.step % of_epoch == 0)
        NN_TRY(nn_epoch_end(run, &best));
    else if (nn_validate_is_due(run))
        NN_TRY(nn_validate_within(run, &best));
    bool last = loop_is_over(run);
    *stopped = (result.requests & (NN_REQUEST_STOP | NN_REQUEST_TIME)) && !last;
    run->out_of_time = (result.requests & NN_REQUEST_TIME) != 0;
    /* Weights that give NaN or Inf must not replace better ones. */
    run->save_due = run->save_due || (result.requests & NN_REQUESTS_OF_SAVE) != 0 ||
                    nn_plan_interval_ends(&run->plan, run->settings.checkpoint.every, run->state.step);
    bool regular = last || *stopped || (run->save_due && !result.nonfinite);
    if (regular) run->save_due = false;
    nn_checkpoint_parts parts = nn_run_parts(run);
    nn_saving_watch(&run->directory, &parts, false);
    if (!(result.requests & NN_REQUEST_WRITING)) NN_TRY(nn_saving_complete(&run->directory, &parts));
    return regular || best ? loop_save(run, regular, best) : NN_OK;
}

/* All steps are done, the first of which was `first`; they began at `began`. */
static nn_status loop_end(nn_run *run, bool stopped, int64_t first, double began)
{
    nn_communication total;
    NN_TRY(nn_stepper_settle(run->stepper));
    if (!stopped) loop_show_early(run);
    NN_TRY(nn_communication_read(run->stepper, &total));
    nn_log_progress_end();
    nn_communication_show(run->stepper, total, run->state.step - first, nn_seconds() - began);
    nn_pulse_phase(NN_PHASE_SAVE);
    nn_checkpoint_parts parts = nn_run_parts(run);
    return nn_saving_end(&run->directory, &parts);
}

/* A run of 0 epochs keeps the weights that it begins with, to predict with them. */
static nn_status loop_keep_initial(nn_run *run)
{
    nn_checkpoint_parts parts = nn_run_parts(run);
    nn_log_line("training.epochs is 0: the weights are kept as they are");
    nn_pulse_phase(NN_PHASE_SAVE);
    NN_TRY(loop_save(run, true, 0));
    return nn_saving_end(&run->directory, &parts);
}

static nn_status loop_run(nn_run *run, bool *stopped)
{
    *stopped = false;
    if (run->plan.epochs == 0 && run->state.step == 0) return loop_keep_initial(run);
    if (loop_is_over(run)) {
        nn_extent_finished(run);
        return NN_OK;
    }
    int64_t first = run->state.step;
    NN_TRY(nn_comm_agree(run->comm, nn_showing_open(run)));
    NN_TRY(nn_profiling_begin(run));
    NN_TRY(nn_stepper_begin(run->stepper, run->state.step));
    if (run->job->progress) nn_log_progress_begin(STDOUT_FILENO);
    run->progress.waited = nn_dataset_waited(run->data, NN_TRAIN); /* before training: belongs to no epoch */
    double began = run->progress.epoch_began = run->directory.saving.saved_at = nn_seconds();
    run->progress.job_began = began;
    nn_steps_log_begin(run);
    nn_status status = NN_OK;
    while (status == NN_OK && !loop_is_over(run) && !*stopped) status = loop_step(run, stopped);
    char path[NN_PATH_SIZE + 32];
    nn_metrics_file_path(&run->directory, path);
    bool within = run->plan.validate_every != run->plan.length.steps_per_epoch;
    nn_epoch_lines_end(&run->progress.lines, within, path);
    NN_TRY(status);
    return loop_end(run, *stopped, first, began);
}

/* ---- all of it ---- */

/* Several machines contributed to the fingerprint. */
static void loop_show_changes(const nn_run *run)
{
    const char *line = run->state.changes.bytes;
    while (line && *line) {
        int length = (int)strcspn(line, "\n");
        nn_log_line("the machine changed %.*s; other runs of this configuration may end with different bits",
                    length, line);
        line += length + (line[length] == '\n');
    }
}

static nn_status loop_train(nn_run *run, nn_train_result *result)
{
    bool stopped = false;
    nn_checkpoint_parts parts = nn_run_parts(run);
    NN_TRY(loop_run(run, &stopped));
    NN_TRY(nn_profiling_end(run));
    if (stopped) {
        NN_TRY(nn_saving_check(&run->directory, &parts,
                               run->out_of_time ? "training stopped before the job's time ends,"
                                                : "training stopped on request"));
        nn_log_line("stopped %s after step %lld of %lld; the same command resumes",
                    run->out_of_time ? "before the job's time ends," : "on request",
                    (long long)run->state.step, (long long)run->plan.length.steps);
        NN_FAIL(NN_STOPPED, "stopped on request after step %lld", (long long)run->state.step);
    }
    NN_TRY(nn_final_show(run));
    result->steps = run->state.step;
    result->fingerprint =
        nn_network_fingerprint(run->model->network, nn_reduction_weights(run->stepper->reduction));
    nn_log_line("fingerprint: %016" PRIx64, result->fingerprint);
    loop_show_changes(run);
    return nn_saving_check(&run->directory, &parts, "training finished");
}

nn_status nn_loop_train(nn_comm *comm, const nn_job *job, nn_train_result *result)
{
    nn_run *run = NULL;
    NN_TRY(nn_comm_agree(comm, NN_ALLOCATE(&run, 1, "a run")));
    nn_status status = nn_setup_open(comm, job, run);
    if (status == NN_OK) status = loop_train(run, result);
    nn_log_progress_end();
    nn_status_line_end(&run->directory, nn_comm_host(comm), status, "trained to the end");
    /* A failure that was not agreed on, such as one of MPI itself: the other ranks would wait forever. */
    if (status != NN_OK && status != NN_STOPPED && !nn_comm_has_agreed(comm)) nn_comm_abort(comm, status);
    nn_setup_close(run);
    nn_free(run);
    return status;
}
