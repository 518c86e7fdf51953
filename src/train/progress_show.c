#include "train/progress_show.h"

#include <unistd.h>

#include "base/log.h"
#include "base/terminal.h"
#include "host/clock.h"
#include "step/results.h"
#include "train/progress_line.h"

#define SHOW_EVERY 0.2 /* seconds */

/* The metric that chooses the best weights, if training computes it; otherwise the first that it computes. */
static int progress_metric(const nn_run *run, const nn_results *results)
{
    int best = run->bests.items[0].metric;
    if (best >= 0 && results->known[best] && !run->model->metrics[best].type->matrix) return best;
    for (int m = 0; m < run->model->metric_count; m++)
        if (results->known[m] && !run->model->metrics[m].type->matrix && !run->model->metrics[m].extra)
            return m;
    return -1;
}

static void progress_append_results(const nn_run *run, const double *figures, nn_text *loss, nn_text *metric)
{
    nn_results results;
    if (nn_results_finish(run->model, true, figures, &results) == NN_OK) {
        int m = progress_metric(run, &results);
        nn_text_append(loss, "loss ");
        nn_results_number(results.loss, 4, loss);
        if (m >= 0) nn_results_metric_text(run->model, &results, m, metric);
    }
    nn_results_release(&results);
}

void nn_progress_show(nn_run *run, nn_batch batch, const double *figures)
{
    nn_progress *progress = &run->progress;
    const nn_plan *plan = &run->plan;
    double now = nn_seconds();
    progress->epoch_samples += batch.samples;
    if (!nn_log_draws() || now - progress->shown < SHOW_EVERY) return;
    progress->shown = now;
    int64_t of_epoch = plan->length.steps_per_epoch;
    double rate = (double)progress->epoch_samples / (now - progress->epoch_began);
    nn_text loss = {0}, metric = {0}, line = {0};
    progress_append_results(run, figures, &loss, &metric);
    nn_progress_line facts = {.epoch = batch.epoch + 1,
                              .epochs = plan->epochs,
                              .share = (double)((run->state.step - 1) % of_epoch + 1) / (double)of_epoch,
                              .loss = loss.bytes ? loss.bytes : "",
                              .metric = metric.bytes ? metric.bytes : "",
                              .rate = rate,
                              .left = (double)(plan->length.steps - run->state.step) *
                                      (double)plan->batch_size / rate};
    /* The last column stays free: some terminals begin a new line after it. */
    nn_progress_line_compose(&facts, nn_terminal_columns(STDOUT_FILENO) - 1, &line);
    if (line.bytes) nn_log_progress(line.bytes);
    nn_text_free(&loss);
    nn_text_free(&metric);
    nn_text_free(&line);
}
