/* The training loop. */
#include "train/run.h"
#include "host/clock.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/memory.h"
#include "train/expected.h"
#include "train/extent.h"
#include "train/nonfinite.h"
#include "train/status.h"

/* ---- checkpoints ---- */

/* Whether another step after the coming one might not leave the time for a checkpoint. */
static bool run_time_ends(const nn_run *run)
{
    if (run->job->end_time <= 0 || run->state.step >= run->plan.length.steps - 1) return false;
    int64_t step = run->state.step, of_epoch = run->plan.length.steps_per_epoch;
    nn_deadline_ahead ahead = {
        .ends_epoch = (step + 2) / of_epoch > step / of_epoch,
        .evaluation_steps = (double)nn_dataset_count(run->data, NN_VALIDATION) / (double)run->plan.batch_size,
        .checkpoint_bytes = (double)nn_checkpoint_memory(run->model, run->stepper->update->state_count)};
    return (double)time(NULL) + nn_deadline_needs(&run->deadline, &ahead) >= run->job->end_time;
}

/* What this rank asks for at the coming step. Rank 0's clock speaks for all. */
static unsigned run_requests(const nn_run *run)
{
    unsigned requests = run->job->stop && *run->job->stop ? NN_REQUEST_STOP : 0;
    nn_duration every = run->settings.checkpoint.every;
    if (nn_comm_rank(run->comm) == 0 && run_time_ends(run)) requests |= NN_REQUEST_TIME;
    if (every.unit == NN_DURATION_SECONDS && nn_comm_rank(run->comm) == 0 &&
        nn_seconds() - run->saved_at >= every.amount)
        requests |= NN_REQUEST_SAVE;
    return requests;
}

nn_checkpoint_parts nn_run_parts(nn_run *run)
{
    return (nn_checkpoint_parts){.stepper = run->stepper,
                                 .config = run->config,
                                 .data_identity = nn_dataset_identity(run->data),
                                 .data_lines = nn_dataset_identity_lines(run->data),
                                 .names = nn_dataset_names(run->data),
                                 .data_folder = run->data_folder,
                                 .machine = &run->machine,
                                 .state = &run->state,
                                 .figure = run->best.name,
                                 .figure_is_higher = run->best.higher_is_better};
}

/* ---- the end of an epoch ---- */

nn_status nn_run_shown_weights(nn_run *run, const nn_real **weights)
{
    *weights = run->averaged ? run->averaged : nn_reduction_weights(run->stepper->reduction);
    return run->averaged ? nn_average_gather(run->stepper, run->averaged) : NN_OK;
}

/* Early stopping and the schedule look at the figure, after the epoch's line is written with the learning
 * rate that it had. */
static void run_observe(nn_run *run, double value)
{
    const nn_settings *settings = &run->settings;
    bool higher = run->best.higher_is_better;
    nn_early_observe(&settings->training.early_stopping, &run->state.watch.early, value, higher);
    nn_schedule_observe(settings->schedule, settings->schedule_options, &run->state.watch.schedule, value,
                        higher);
}

/* One line of metrics.jsonl. What may differ between two equal runs stands under "time". */
static nn_status run_record(nn_run *run, int64_t epoch, const nn_figures *train, const nn_figures *validation,
                            double seconds, double rate, double utilisation, double waited)
{
    nn_text line = {0};
    const nn_settings *settings = &run->settings;
    double factor = nn_schedule_factor(settings->schedule, settings->schedule_options,
                                       &run->state.watch.schedule, run->state.step - 1, run->plan.length);
    nn_text_append(&line,
                   "{\"epoch\":%" PRId64 ",\"step\":%" PRId64 ",\"learning_rate\":%.17g,\"train\":", epoch,
                   run->state.step, factor * *(const double *)settings->optimizer_options);
    nn_figures_json(run->model, train, &line);
    if (validation) {
        nn_text_append(&line, ",\"validation\":");
        nn_figures_json(run->model, validation, &line);
    }
    if (run->state.skipped.epoch > 0)
        nn_text_append(&line, ",\"skipped\":%" PRId64, run->state.skipped.epoch);
    nn_text_append(&line,
                   ",\"time\":{\"seconds\":%.3f,\"samples_per_second\":%.1f,\"utilisation\":%.4f"
                   ",\"waited_for_data\":%.3f}}\n",
                   seconds, rate, utilisation, waited);
    nn_text_append(&run->state.history, "%s", line.bytes ? line.bytes : "");
    nn_status status = NN_OK;
    if (line.failed || run->state.history.failed)
        status = nn_fail(NN_ERROR_MEMORY, "no memory for the metrics");
    else if (run->writer)
        status = nn_run_append_metrics(run, line.bytes);
    nn_text_free(&line);
    return status;
}

static void run_show(const nn_run *run, int64_t epoch, const nn_figures *train, const nn_figures *validation,
                     double rate, double utilisation, double waited)
{
    nn_text text = {0};
    char left[NN_FORMAT_SIZE];
    nn_figures_text(run->model, train, false, &text);
    if (validation) {
        nn_text_append(&text, " | validation ");
        nn_figures_text(run->model, validation, false, &text);
    }
    if (run->state.skipped.epoch > 0)
        nn_text_append(&text, " | %" PRId64 " of %" PRId64 " steps skipped", run->state.skipped.epoch,
                       run->plan.length.steps_per_epoch);
    nn_text_append(&text, " | %.0f samples/s", rate);
    if (utilisation > 0) nn_text_append(&text, ", utilisation %.1f %%", 100 * utilisation);
    double samples = (double)(run->plan.length.steps - run->state.step) * (double)run->plan.batch_size;
    if (nn_dataset_streams(run->data)) nn_text_append(&text, ", waited %.1f %% for data", 100 * waited);
    nn_log_line("%sepoch %lld/%lld: %s, %s left", run->progress.terminal ? "\r\033[K" : "", (long long)epoch,
                (long long)run->plan.epochs, text.bytes ? text.bytes : "",
                nn_format_seconds(left, samples / rate));
    nn_text_free(&text);
}

/* Once: what shall choose the best weights, and end the run or lower the learning rate, has no value. */
static void run_warn_undefined(nn_run *run, const nn_figures *validation)
{
    const nn_best_rule *rule = &run->best;
    if (run->told_undefined || validation->nonfinite.position >= 0 || !isnan(nn_best_value(rule, validation)))
        return;
    run->told_undefined = true;
    if (rule->metric < 0)
        nn_log_warning(
            "the validation %s is undefined: no sample of the validation part counts in it; it chooses no "
            "best weights",
            rule->name);
    else
        nn_log_warning(
            "the validation %s is undefined (%s): where it is, the lower validation loss chooses the best "
            "weights; checkpoint.best names another metric",
            rule->name, run->model->metrics[rule->metric].type->undefined);
}

/* An epoch of which nothing counted has trained nothing, and its loss is no number. */
static nn_status run_check_weight(const nn_run *run)
{
    bool counted = run->state.skipped.epoch >= run->plan.length.steps_per_epoch; /* that is told elsewhere */
    for (int h = 0; h < run->model->head_count; h++)
        counted |= run->state.epoch_figures[h * NN_HEAD_FIGURES + NN_FIGURE_DENOMINATOR] > 0;
    if (counted) return NN_OK;
    NN_FAIL(NN_ERROR_DATA,
            "no sample of the epoch counted in the loss, so that nothing was trained: all of its targets are "
            "missing or ignored, or the weights of samples or classes are 0; repair the targets "
            "(data.train.y), or change data.train.weights or class_weights");
}

/* Figures, the line for people, the line for programs, and whether these are the best weights so far. */
static nn_status run_end_epoch(nn_run *run, bool *best)
{
    nn_progress *progress = &run->progress;
    double seconds = nn_seconds() - progress->epoch_began;
    double rate = (double)progress->epoch_samples / seconds;
    double waited = nn_dataset_waited(run->data, NN_TRAIN) - progress->waited;
    double utilisation = progress->peak > 0 ? run->model->network->flops_training * rate / progress->peak : 0;
    nn_figures train, validation = {0};
    bool validates = nn_dataset_count(run->data, NN_VALIDATION) > 0;
    int64_t epoch = run->state.step / run->plan.length.steps_per_epoch;
    double value = 0;
    NN_TRY(nn_nonfinite_weights(run));
    NN_TRY(nn_comm_agree(run->comm, run_check_weight(run)));
    NN_TRY(nn_comm_agree(run->comm, nn_figures_finish(run->model, true, run->state.epoch_figures, &train)));
    if (validates) {
        const nn_real *weights;
        NN_TRY(nn_run_shown_weights(run, &weights));
        nn_evaluate_request request = {run->comm, run->workers,  run->model,
                                       run->data, NN_VALIDATION, run->plan.microbatch_size};
        NN_TRY(nn_evaluate_part(&request, weights, &validation));
        if (nn_evaluate_check(run->model, NN_VALIDATION, &validation) != NN_OK && !run->told_nonfinite)
            nn_log_warning("%s: these are no best weights; the weights are finite, and training goes on",
                           nn_error_text());
        run->told_nonfinite = run->told_nonfinite || validation.nonfinite.position >= 0;
        value = nn_best_value(&run->best, &validation);
        *best =
            validation.nonfinite.position < 0 && nn_best_take(&run->best, &run->state, epoch, &validation);
        run_warn_undefined(run, &validation);
    }
    nn_status status =
        run_record(run, epoch, &train, validates ? &validation : NULL, seconds, rate, utilisation, waited);
    if (status == NN_OK)
        run_show(run, epoch, &train, validates ? &validation : NULL, rate, utilisation, waited / seconds);
    nn_figures_release(&validation);
    NN_TRY(nn_comm_agree(run->comm, status));
    NN_TRY(nn_pace_report(run->comm, &run->stepper->pace, epoch));
    if (validates) run_observe(run, value);
    memset(run->state.epoch_figures, 0, sizeof run->state.epoch_figures);
    nn_deadline_evaluation(&run->deadline, nn_seconds() - progress->epoch_began - seconds);
    run->state.skipped.epoch = 0;
    progress->epoch_began = nn_seconds();
    progress->epoch_samples = 0;
    progress->waited += waited;
    return NN_OK;
}

/* ---- the loop ---- */

static bool run_is_over(const nn_run *run)
{
    return run->state.step >= run->plan.length.steps ||
           nn_early_ends(&run->settings.training.early_stopping, &run->state.watch.early);
}

static void run_show_early(const nn_run *run)
{
    if (run->state.step >= run->plan.length.steps) return;
    nn_log_line("stopped early after epoch %lld of %lld: no better validation figure in %lld epochs",
                (long long)(run->state.step / run->plan.length.steps_per_epoch), (long long)run->plan.epochs,
                (long long)run->state.watch.early.waited);
}

static nn_status run_step(nn_run *run, bool *stopped)
{
    nn_step_result result;
    int64_t of_epoch = run->plan.length.steps_per_epoch;
    nn_batch batch = nn_plan_batch(&run->plan, run->state.step);
    double began = nn_seconds();
    NN_TRY(nn_stepper_run(run->stepper, run->state.step, run_requests(run), &result));
    nn_deadline_step(&run->deadline, nn_seconds() - began);
    if (result.nonfinite)
        NN_TRY(nn_nonfinite_step(run, batch, &result));
    else
        run->state.skipped.in_a_row = 0;
    run->state.step++;
    if (!result.nonfinite) nn_figures_join(run->model, true, run->state.epoch_figures, result.figures);
    nn_progress_step(run, &result, batch);
    bool best = false;
    if (run->state.step % of_epoch == 0) NN_TRY(run_end_epoch(run, &best));
    bool last = run_is_over(run);
    *stopped = (result.requests & (NN_REQUEST_STOP | NN_REQUEST_TIME)) && !last;
    run->out_of_time = (result.requests & NN_REQUEST_TIME) != 0;
    /* Weights that give NaN or Inf shall not take the place of better ones. */
    run->save_due = run->save_due || result.requests != 0 ||
                    nn_plan_interval_ends(&run->plan, run->settings.checkpoint.every, run->state.step);
    bool regular = last || *stopped || (run->save_due && !result.nonfinite);
    if (regular) run->save_due = false;
    nn_run_save_watch(run, false);
    return regular || best ? nn_run_save(run, regular, best) : NN_OK;
}

static nn_status run_loop(nn_run *run, bool *stopped)
{
    *stopped = false;
    if (run_is_over(run)) {
        nn_extent_finished(run);
        return NN_OK;
    }
    NN_TRY(nn_stepper_begin(run->stepper, run->state.step));
    run->progress.terminal = run->job->terminal;
    run->progress.waited = nn_dataset_waited(run->data, NN_TRAIN); /* to begin with: no part of an epoch */
    run->progress.epoch_began = run->saved_at = nn_seconds();
    while (!run_is_over(run) && !*stopped) NN_TRY(run_step(run, stopped));
    if (!*stopped) run_show_early(run);
    nn_pulse_phase(NN_PHASE_SAVE);
    return nn_run_save_last(run);
}

/* ---- all of it ---- */

/* A fingerprint that another machine had a part in. */
static void run_show_changes(const nn_run *run)
{
    const char *line = run->state.changes.bytes;
    while (line && *line) {
        int length = (int)strcspn(line, "\n");
        nn_log_line("the machine changed %.*s; other runs of this configuration may end with other bits",
                    length, line);
        line += length + (line[length] == '\n');
    }
}

static nn_status run_train(nn_run *run, nn_train_result *result)
{
    bool stopped = false;
    NN_TRY(run_loop(run, &stopped));
    if (stopped) {
        NN_TRY(nn_run_unsaved(run, run->out_of_time ? "training is stopped before the job's time ends,"
                                                    : "training is stopped on request"));
        nn_log_line("stopped %s after step %lld of %lld; the same command resumes",
                    run->out_of_time ? "before the job's time ends," : "on request",
                    (long long)run->state.step, (long long)run->plan.length.steps);
        NN_FAIL(NN_STOPPED, "stopped on request after step %lld", (long long)run->state.step);
    }
    NN_TRY(nn_run_final(run));
    result->steps = run->state.step;
    result->fingerprint =
        nn_network_fingerprint(run->model->network, nn_reduction_weights(run->stepper->reduction));
    nn_log_line("fingerprint: %016" PRIx64, result->fingerprint);
    run_show_changes(run);
    return nn_run_unsaved(run, "training is finished");
}

static nn_status engine_train(nn_comm *comm, const nn_job *job, nn_train_result *result)
{
    nn_run *run = NULL;
    NN_TRY(nn_comm_agree(comm, NN_ALLOCATE(&run, 1, "a run")));
    nn_status status = nn_run_open(comm, job, run);
    if (status == NN_OK) status = run_train(run, result);
    nn_run_status_end(run, status);
    /* A failure that was not agreed on, such as one of MPI itself: the others would wait for ever. */
    if (status != NN_OK && status != NN_STOPPED && !nn_comm_has_agreed(comm)) nn_comm_abort(comm, status);
    nn_run_close(run);
    nn_free(run);
    return status;
}

const nn_engine NN_REAL_SYMBOL(nn_engine) = {
    .scalar = NN_SCALAR_REAL,
    .train = engine_train,
    .evaluate = nn_evaluate_saved,
    .predict = nn_predict_saved,
    .verify = nn_expected_verify,
    .replay = nn_replay_saved,
};
