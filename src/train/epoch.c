#include "train/epoch.h"

#include <inttypes.h>
#include <string.h>

#include "base/format.h"
#include "base/log.h"
#include "host/clock.h"
#include "rundir/finite.h"
#include "step/results.h"
#include "train/lines.h"
#include "train/profiling.h"
#include "train/showing.h"
#include "train/steps_log.h"
#include "train/validate.h"

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
                   ",\"waited_for_data\":%.3f,\"job_seconds\":%.3f,\"ranks\":%d,\"threads\":%d,\"nodes\":%d",
                   time->seconds, time->rate, time->utilisation, time->waited,
                   nn_seconds() - run->progress.job_began, nn_comm_size(run->comm), run->threads,
                   nn_comm_node_count(run->comm));
    nn_communication_json(run->stepper, time->communication, &line);
    nn_text_append(&line, "%s}}\n",
                   run->profiling && run->profiling->json.bytes ? run->profiling->json.bytes : "");
    return nn_run_append_line(run, &line);
}

static void epoch_show(nn_run *run, int64_t epoch, const nn_results *train, const nn_results *validation,
                       bool best, const epoch_time *time)
{
    nn_text text = {0};
    char left[NN_FORMAT_SIZE];
    nn_text_append(&text, "epoch %" PRId64 "/%" PRId64 ": ", epoch, run->plan.epochs);
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
    nn_text_append(&text, ", %s left", nn_format_seconds(left, samples / time->rate));
    if (text.bytes)
        nn_epoch_lines_take(&run->progress.lines, run->state.step, text.bytes, best, nn_seconds());
    nn_text_free(&text);
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

nn_status nn_epoch_end(nn_run *run, unsigned *best)
{
    nn_progress *progress = &run->progress;
    epoch_time time = {.seconds = nn_seconds() - progress->epoch_began,
                       .waited = nn_dataset_waited(run->data, NN_TRAIN) - progress->waited};
    time.rate = (double)progress->epoch_samples / time.seconds;
    time.utilisation = run->peak > 0 ? run->model->network->flops_training * time.rate / run->peak : 0;
    nn_communication communicated;
    nn_results train, validation = {0};
    bool validates = nn_validate_is_due(run);
    int64_t epoch = run->state.step / run->plan.length.steps_per_epoch;
    nn_checkpoint_parts parts = nn_run_parts(run);
    NN_TRY(nn_communication_read(run->stepper, &communicated));
    time.communication = nn_communication_between(run->communicated, communicated);
    run->communicated = communicated;
    NN_TRY(nn_profiling_epoch(run));
    NN_TRY(nn_finite_check(&run->directory, &parts));
    NN_TRY(nn_comm_agree(run->comm, epoch_check_weight(run)));
    NN_TRY(nn_comm_agree(run->comm, nn_results_finish(run->model, true, run->state.epoch_figures, &train)));
    if (validates) NN_TRY(nn_validate(run, &validation, best));
    nn_status status = epoch_record(run, epoch, &train, validates ? &validation : NULL, &time);
    if (status == NN_OK) epoch_show(run, epoch, &train, validates ? &validation : NULL, *best & 1U, &time);
    if (validates) nn_validate_observe(run, &validation);
    nn_results_release(&validation);
    NN_TRY(nn_comm_agree(run->comm, status));
    NN_TRY(nn_pace_report(run->comm, &run->stepper->pace, epoch));
    NN_TRY(nn_showing_weights(run));
    memset(run->state.epoch_figures, 0, sizeof run->state.epoch_figures);
    double other = nn_seconds() - progress->epoch_began - time.seconds;
    nn_deadline_evaluation(&run->deadline, other);
    nn_steps_log_except(run, other);
    run->state.skipped.epoch = 0;
    progress->epoch_began = nn_seconds();
    progress->epoch_samples = 0;
    progress->waited += time.waited;
    return NN_OK;
}
