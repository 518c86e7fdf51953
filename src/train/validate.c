#include "train/validate.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "host/clock.h"
#include "rundir/finite.h"
#include "step/evaluate.h"
#include "train/epoch_best.h"
#include "train/lines.h"
#include "train/showing.h"
#include "train/steps_log.h"

bool nn_validate_is_due(const nn_run *run)
{
    return run->state.step % run->plan.validate_every == 0 && nn_dataset_count(run->data, NN_VALIDATION) > 0;
}

const char *nn_validated_after(const nn_plan *plan, int64_t step, char text[NN_VALIDATED_SIZE])
{
    int64_t of_epoch = plan->length.steps_per_epoch;
    bool ends = step % of_epoch == 0;
    snprintf(text, NN_VALIDATED_SIZE, "%s %" PRId64, ends ? "epoch" : "step", ends ? step / of_epoch : step);
    return text;
}

const char *nn_validated_of(const nn_plan *plan, int64_t step, char text[NN_VALIDATED_SIZE])
{
    size_t length = strlen(nn_validated_after(plan, step, text));
    bool ends = step % plan->length.steps_per_epoch == 0;
    snprintf(text + length, NN_VALIDATED_SIZE - length, " of %" PRId64,
             ends ? plan->epochs : plan->length.steps);
    return text;
}

/* Once for each rule: a metric that chooses best weights is undefined; the first one also ends the run or
 * lowers the learning rate. */
static void validate_warn_undefined(nn_run *run, int index, const nn_results *validation)
{
    const nn_best_rule *rule = &run->bests.items[index];
    if (run->told_undefined & 1U << index || validation->nonfinite.position >= 0 ||
        !isnan(nn_epoch_best_value(rule, validation)))
        return;
    run->told_undefined |= 1U << index;
    if (rule->metric < 0)
        nn_log_warning(
            "the validation %s is undefined: no validation sample counts in it; these weights cannot "
            "become the best",
            rule->name);
    else
        nn_log_warning(
            "the validation %s is undefined (%s); where it is, the lower validation loss decides on "
            "the best weights; to use another metric, set checkpoint.best",
            rule->name, run->model->metrics[rule->metric].type->undefined);
}

nn_status nn_validate(nn_run *run, nn_results *validation, unsigned *best)
{
    const nn_real *weights;
    NN_TRY(nn_run_shown_weights(run, &weights));
    nn_evaluate_request request = {
        run->comm, run->workers, run->model, run->data, NN_VALIDATION, run->plan.microbatch_size, NULL, NULL};
    NN_TRY(nn_evaluate_part(&request, weights, validation));
    if (nn_evaluate_check(run->model, NN_VALIDATION, validation) != NN_OK && !run->told_nonfinite)
        nn_log_warning("%s: not kept as best weights; the weights themselves are finite, training continues",
                       nn_error_text());
    run->told_nonfinite = run->told_nonfinite || validation->nonfinite.position >= 0;
    for (int i = 0; i < run->bests.count; i++) {
        const nn_best_rule *rule = &run->bests.items[i];
        validate_warn_undefined(run, i, validation);
        if (validation->nonfinite.position < 0 &&
            nn_epoch_best_take(rule, &run->state.best[i], run->state.step, validation))
            *best |= 1U << i;
    }
    return NN_OK;
}

void nn_validate_observe(nn_run *run, const nn_results *validation)
{
    const nn_settings *settings = &run->settings;
    const nn_best_rule *rule = &run->bests.items[0];
    double value = nn_epoch_best_value(rule, validation);
    bool higher = rule->higher_is_better;
    nn_early_observe(&settings->training.early_stopping, &run->state.watch.early, value, higher);
    nn_schedule_observe(settings->schedule, settings->schedule_options, &run->state.watch.schedule, value,
                        higher);
}

static nn_status validate_record(nn_run *run, const nn_results *validation, double seconds)
{
    nn_text line = {0};
    nn_text_append(&line, "{\"line\":\"validation\",\"step\":%" PRId64 ",\"validation\":", run->state.step);
    nn_results_json(run->model, validation, &line);
    nn_text_append(&line, ",\"time\":{\"seconds\":%.3f}}\n", seconds);
    return nn_run_append_line(run, &line);
}

static void validate_show(nn_run *run, const nn_results *validation, bool best)
{
    nn_text text = {0};
    nn_text_append(&text, "step %" PRId64 "/%" PRId64 ": validation ", run->state.step,
                   run->plan.length.steps);
    nn_results_text(run->model, validation, false, &text);
    if (text.bytes)
        nn_epoch_lines_take(&run->progress.lines, run->state.step, text.bytes, best, nn_seconds());
    nn_text_free(&text);
}

nn_status nn_validate_within(nn_run *run, unsigned *best)
{
    double began = nn_seconds();
    nn_results validation = {0};
    nn_checkpoint_parts parts = nn_run_parts(run);
    NN_TRY(nn_stepper_settle(run->stepper));
    NN_TRY(nn_finite_check(&run->directory, &parts));
    NN_TRY(nn_validate(run, &validation, best));
    double seconds = nn_seconds() - began;
    nn_status status = validate_record(run, &validation, seconds);
    if (status == NN_OK) validate_show(run, &validation, *best & 1U);
    nn_validate_observe(run, &validation);
    nn_results_release(&validation);
    NN_TRY(nn_comm_agree(run->comm, status));
    NN_TRY(nn_showing_weights(run));
    seconds = nn_seconds() - began;
    nn_deadline_evaluation(&run->deadline, seconds);
    run->progress.epoch_began += seconds; /* the epoch's rate is that of its steps */
    nn_steps_log_except(run, seconds);
    return NN_OK;
}
