#include "train/steps_log.h"

#include <inttypes.h>
#include <math.h>

#include "base/memory.h"
#include "host/clock.h"
#include "step/layer_norms.h"
#include "step/results.h"
#include "train/lines.h"

void nn_steps_log_begin(nn_run *run)
{
    run->progress.log_began = nn_seconds();
    run->progress.log_samples = 0;
}

void nn_steps_log_except(nn_run *run, double seconds)
{
    run->progress.log_began += seconds;
}

static void steps_append_number(nn_text *line, const char *name, int digits, double value)
{
    if (isfinite(value))
        nn_text_append(line, "\"%s\":%.*g", name, digits, value);
    else
        nn_text_append(line, "\"%s\":null", name);
}

static void steps_append_norms(const nn_norms_by_layer *norms, nn_text *line)
{
    static const char *const kinds[NN_NORM_OF_KINDS] = {"gradient", "weights", "update"};
    double values[NN_NORM_OF_KINDS];
    nn_text_append(line, ",\"norms\":{");
    for (int l = 0; l < nn_norms_by_layer_count(norms); l++) {
        const char *name = nn_norms_by_layer_get(norms, l, values);
        nn_text_append(line, "%s", l > 0 ? "," : "");
        nn_text_append_json(line, name);
        for (int k = 0; k < NN_NORM_OF_KINDS; k++) {
            nn_text_append(line, k == 0 ? ":{" : ",");
            steps_append_number(line, kinds[k], 9, values[k]);
        }
        nn_text_append(line, "}");
    }
    nn_text_append(line, "}");
}

/* The learning rate is that of the step just done: a validation after it has not been observed yet. */
static void steps_write(nn_run *run, const nn_step_result *result)
{
    nn_text line = {0};
    const nn_settings *settings = &run->settings;
    const nn_logged *logged = &run->state.logged;
    const nn_progress *progress = &run->progress;
    double factor = nn_schedule_factor(settings->schedule, settings->schedule_options,
                                       &run->state.watch.schedule, run->state.step - 1, run->plan.length);
    nn_text_append(&line, "{\"line\":\"step\",\"step\":%" PRId64 ",\"steps\":%" PRId64 ",", run->state.step,
                   logged->steps);
    steps_append_number(&line, "learning_rate", 17, factor * *(const double *)settings->optimizer_options);
    nn_text_append(&line, ",");
    steps_append_number(&line, "loss", 17, nn_results_loss(run->model, logged->losses));
    nn_text_append(&line, ",");
    steps_append_number(&line, "gradient_norm", 17, result->nonfinite ? (double)NAN : result->gradient_norm);
    if (logged->skipped > 0) nn_text_append(&line, ",\"skipped\":%" PRId64, logged->skipped);
    if (run->stepper->layer_norms && !result->nonfinite) steps_append_norms(run->stepper->layer_norms, &line);
    nn_text_append(&line, ",\"time\":{\"samples_per_second\":%.1f}}\n",
                   (double)progress->log_samples / (nn_seconds() - progress->log_began));
    /* Where the run directory is another job's by now, the next save ends the run on all ranks; where memory
     * is exhausted, the end of the epoch does. */
    if (nn_run_append_line(run, &line) != NN_OK) nn_error_clear();
}

void nn_steps_log(nn_run *run, nn_batch batch, const nn_step_result *result)
{
    nn_logged *logged = &run->state.logged;
    if (run->stepper->log_every == 0) return;
    run->progress.log_samples += batch.samples;
    logged->steps++;
    logged->skipped += result->nonfinite;
    for (int i = 0; i < run->model->head_count * NN_HEAD_RESULTS && !result->nonfinite; i++)
        logged->losses[i] += result->results[i];
    if (!nn_stepper_logs(run->stepper, run->state.step - 1)) return;
    steps_write(run, result);
    *logged = (nn_logged){0};
    nn_steps_log_begin(run);
}
