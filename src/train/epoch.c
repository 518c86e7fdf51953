#include "train/epoch.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/format.h"
#include "base/log.h"
#include "host/clock.h"
#include "rundir/finite.h"
#include "rundir/metrics_file.h"
#include "step/evaluate.h"
#include "step/results.h"
#include "train/epoch_best.h"
#include "train/profiling.h"

/* Early stopping and the schedule look at the result, after the epoch's line is written with the learning
 * rate that it had. */
static void epoch_observe(nn_run *run, double value)
{
    const nn_settings *settings = &run->settings;
    bool higher = run->best.higher_is_better;
    nn_early_observe(&settings->training.early_stopping, &run->state.watch.early, value, higher);
    nn_schedule_observe(settings->schedule, settings->schedule_options, &run->state.watch.schedule, value,
                        higher);
}

/* What an epoch's steps took. */
typedef struct epoch_time {
    double seconds, rate, utilisation; /* rate in samples/s */
    double waited;                     /* seconds, for data */
    nn_communication communication;
} epoch_time;

/* One line of metrics.jsonl. What may differ between two equal runs is under "time". */
static nn_status epoch_record(nn_run *run, int64_t epoch, const nn_results *train,
                              const nn_results *validation, const epoch_time *time)
{
    nn_text line = {0};
    const nn_settings *settings = &run->settings;
    double factor = nn_schedule_factor(settings->schedule, settings->schedule_options,
                                       &run->state.watch.schedule, run->state.step - 1, run->plan.length);
    nn_text_append(&line,
                   "{\"epoch\":%" PRId64 ",\"step\":%" PRId64 ",\"learning_rate\":%.17g,\"train\":", epoch,
                   run->state.step, factor * *(const double *)settings->optimizer_options);
    nn_results_json(run->model, train, &line);
    if (validation) {
        nn_text_append(&line, ",\"validation\":");
        nn_results_json(run->model, validation, &line);
    }
    if (run->state.skipped.epoch > 0)
        nn_text_append(&line, ",\"skipped\":%" PRId64, run->state.skipped.epoch);
    nn_text_append(&line,
                   ",\"time\":{\"seconds\":%.3f,\"samples_per_second\":%.1f,\"utilisation\":%.4f"
                   ",\"waited_for_data\":%.3f",
                   time->seconds, time->rate, time->utilisation, time->waited);
    nn_communication_json(run->stepper, time->communication, &line);
    nn_text_append(&line, "%s}}\n",
                   run->profiling && run->profiling->json.bytes ? run->profiling->json.bytes : "");
    nn_text_append(&run->state.history, "%s", line.bytes ? line.bytes : "");
    nn_status status = NN_OK;
    if (line.failed || run->state.history.failed)
        status = nn_fail(NN_ERROR_MEMORY, "out of memory for the metrics");
    else if (run->directory.writer)
        status = nn_metrics_file_append(&run->directory, &run->state.history, line.bytes);
    nn_text_free(&line);
    return status;
}

static void epoch_show(const nn_run *run, int64_t epoch, const nn_results *train,
                       const nn_results *validation, const epoch_time *time)
{
    nn_text text = {0};
    char left[NN_FORMAT_SIZE];
    nn_results_text(run->model, train, false, &text);
    if (validation) {
        nn_text_append(&text, " | validation ");
        nn_results_text(run->model, validation, false, &text);
    }
    if (run->state.skipped.epoch > 0)
        nn_text_append(&text, " | %" PRId64 " of %" PRId64 " steps skipped", run->state.skipped.epoch,
                       run->plan.length.steps_per_epoch);
    nn_text_append(&text, " | %.0f samples/s", time->rate);
    if (time->utilisation > 0) nn_text_append(&text, ", utilisation %.1f %%", 100 * time->utilisation);
    double samples = (double)(run->plan.length.steps - run->state.step) * (double)run->plan.batch_size;
    if (nn_dataset_streams(run->data))
        nn_text_append(&text, ", waited %.1f %% for data", 100 * time->waited / time->seconds);
    nn_log_line("%sepoch %lld/%lld: %s, %s left", run->progress.terminal ? "\r\033[K" : "", (long long)epoch,
                (long long)run->plan.epochs, text.bytes ? text.bytes : "",
                nn_format_seconds(left, samples / time->rate));
    nn_text_free(&text);
}

/* Once: the metric that chooses the best weights, and ends the run or lowers the learning rate, is undefined.
 */
static void epoch_warn_undefined(nn_run *run, const nn_results *validation)
{
    const nn_best_rule *rule = &run->best;
    if (run->told_undefined || validation->nonfinite.position >= 0 ||
        !isnan(nn_epoch_best_value(rule, validation)))
        return;
    run->told_undefined = true;
    if (rule->metric < 0)
        nn_log_warning("the validation %s is undefined: no validation sample counts in it; this epoch cannot "
                       "become the best",
                       rule->name);
    else
        nn_log_warning("the validation %s is undefined (%s); in such epochs the lower validation loss "
                       "decides on the best weights; to use another metric, set checkpoint.best",
                       rule->name, run->model->metrics[rule->metric].type->undefined);
}

/* An epoch in which nothing counted has trained nothing, and its loss is NaN. */
static nn_status epoch_check_weight(const nn_run *run)
{
    bool counted =
        run->state.skipped.epoch >= run->plan.length.steps_per_epoch; /* that is reported elsewhere */
    for (int h = 0; h < run->model->head_count; h++)
        counted |= run->state.epoch_figures[h * NN_HEAD_RESULTS + NN_RESULT_DENOMINATOR] > 0;
    if (counted) return NN_OK;
    NN_FAIL(NN_ERROR_DATA, "no sample of the epoch counted in the loss, so nothing was trained: all targets "
                           "are missing or ignored, or all weights of samples or classes are 0; repair the "
                           "targets (data.train.y), or change data.train.weights or class_weights");
}

/* Evaluates the validation part. *value: by which the epoch is compared with others. Collective. */
static nn_status epoch_validate(nn_run *run, int64_t epoch, nn_results *validation, double *value, bool *best)
{
    const nn_real *weights;
    NN_TRY(nn_run_shown_weights(run, &weights));
    nn_evaluate_request request = {run->comm, run->workers,  run->model,
                                   run->data, NN_VALIDATION, run->plan.microbatch_size};
    NN_TRY(nn_evaluate_part(&request, weights, validation));
    if (nn_evaluate_check(run->model, NN_VALIDATION, validation) != NN_OK && !run->told_nonfinite)
        nn_log_warning("%s: not kept as best weights; the weights themselves are finite, training continues",
                       nn_error_text());
    run->told_nonfinite = run->told_nonfinite || validation->nonfinite.position >= 0;
    *value = nn_epoch_best_value(&run->best, validation);
    *best =
        validation->nonfinite.position < 0 && nn_epoch_best_take(&run->best, &run->state, epoch, validation);
    epoch_warn_undefined(run, validation);
    return NN_OK;
}

nn_status nn_epoch_end(nn_run *run, bool *best)
{
    nn_progress *progress = &run->progress;
    epoch_time time = {.seconds = nn_seconds() - progress->epoch_began,
                       .waited = nn_dataset_waited(run->data, NN_TRAIN) - progress->waited};
    time.rate = (double)progress->epoch_samples / time.seconds;
    time.utilisation = run->peak > 0 ? run->model->network->flops_training * time.rate / run->peak : 0;
    nn_communication communicated;
    nn_results train, validation = {0};
    bool validates = nn_dataset_count(run->data, NN_VALIDATION) > 0;
    int64_t epoch = run->state.step / run->plan.length.steps_per_epoch;
    double value = 0;
    nn_checkpoint_parts parts = nn_run_parts(run);
    NN_TRY(nn_communication_read(run->stepper, &communicated));
    time.communication = nn_communication_between(run->communicated, communicated);
    run->communicated = communicated;
    NN_TRY(nn_profiling_epoch(run));
    NN_TRY(nn_finite_check(&run->directory, &parts));
    NN_TRY(nn_comm_agree(run->comm, epoch_check_weight(run)));
    NN_TRY(nn_comm_agree(run->comm, nn_results_finish(run->model, true, run->state.epoch_figures, &train)));
    if (validates) NN_TRY(epoch_validate(run, epoch, &validation, &value, best));
    nn_status status = epoch_record(run, epoch, &train, validates ? &validation : NULL, &time);
    if (status == NN_OK) epoch_show(run, epoch, &train, validates ? &validation : NULL, &time);
    nn_results_release(&validation);
    NN_TRY(nn_comm_agree(run->comm, status));
    NN_TRY(nn_pace_report(run->comm, &run->stepper->pace, epoch));
    if (validates) epoch_observe(run, value);
    memset(run->state.epoch_figures, 0, sizeof run->state.epoch_figures);
    nn_deadline_evaluation(&run->deadline, nn_seconds() - progress->epoch_began - time.seconds);
    run->state.skipped.epoch = 0;
    progress->epoch_began = nn_seconds();
    progress->epoch_samples = 0;
    progress->waited += time.waited;
    return NN_OK;
}
