/* Loss, metrics and learning rate over the run. */
#include <stdio.h>
#include <string.h>

#include "report/curves.h"
#include "report/figure.h"
#include "report/section.h"

#define METRICS_MOST 24 /* figures */

/* Whether a series is of a part, and which one it is. */
static bool metrics_is_of(const nn_history *history, const char *part)
{
    return strncmp(history->name, part, strlen(part)) == 0;
}

static const nn_history *metrics_find(const nn_histories *histories, const char *part, const char *metric)
{
    char name[NN_HISTORY_NAME];
    snprintf(name, sizeof name, "%.16s%.150s", part, metric);
    return nn_histories_find(histories, name);
}

/* A figure: a metric of both parts by epoch. */
static nn_status metrics_append_metric(const nn_report_run *run, const nn_history *history, nn_html *page)
{
    const nn_histories *histories = &run->histories;
    char name[NN_HISTORY_NAME];
    const char *metric = strchr(history->name, '/') + 1;
    nn_curves curves = {0};
    nn_marks marks;
    nn_text title = {0};
    nn_curves_name(history, name);
    nn_marks_find(run, false, &marks);
    nn_text_append(&title, "%s by epoch", name);
    nn_status status = nn_curves_add(&curves, histories, metrics_find(histories, "validation/", metric),
                                     "validation", false, 1);
    if (status == NN_OK)
        status =
            nn_curves_add(&curves, histories, metrics_find(histories, "train/", metric), "train", false, 1);
    const nn_chart chart = {.x_name = "epoch",
                            .curves = curves.items,
                            .count = curves.count,
                            .marks = marks.items,
                            .mark_count = marks.count};
    if (status == NN_OK && curves.count > 0)
        status =
            nn_figure_append(page, &chart, title.bytes ? title.bytes : "",
                             "Curves of the validation and the training part; the same values are in the "
                             "table below.");
    nn_curves_release(&curves);
    nn_text_free(&title);
    return status;
}

/* A figure of one series by step. */
static nn_status metrics_append_series(const nn_report_run *run, const char *name, bool by_step,
                                       const char *title, nn_html *page)
{
    const nn_history *history = nn_histories_find(&run->histories, name);
    nn_curves curves = {0};
    nn_marks marks;
    if (!history) return NN_OK;
    nn_marks_find(run, by_step, &marks);
    nn_status status = nn_curves_add(&curves, &run->histories, history,
                                     strrchr(name, '/') ? strrchr(name, '/') + 1 : name, by_step, 1);
    const nn_chart chart = {.x_name = by_step ? "step" : "epoch",
                            .curves = curves.items,
                            .count = curves.count,
                            .marks = marks.items,
                            .mark_count = marks.count};
    if (status == NN_OK && curves.count > 0)
        status = nn_figure_append(page, &chart, title, "A curve; the same values are in the table below.");
    nn_curves_release(&curves);
    return status;
}

/* Each metric once: those of validation, and those that only training has. */
static nn_status metrics_append_epochs(const nn_report_run *run, nn_html *page)
{
    const nn_histories *histories = &run->histories;
    size_t shown = 0, left_out = 0;
    nn_html_figures_begin(page);
    for (size_t h = 0; h < histories->count; h++) {
        const nn_history *history = &histories->items[h];
        bool train = metrics_is_of(history, "train/");
        bool alone = metrics_is_of(history, "validation/") &&
                     !metrics_find(histories, "train/", history->name + strlen("validation/"));
        if (!train && !alone) continue;
        if (shown < METRICS_MOST)
            NN_TRY(metrics_append_metric(run, history, page));
        else
            left_out++;
        shown++;
    }
    bool by_step = nn_histories_find(histories, "step/learning_rate") != NULL;
    NN_TRY(metrics_append_series(run, by_step ? "step/learning_rate" : "learning_rate", by_step,
                                 by_step ? "Learning rate by step" : "Learning rate by epoch", page));
    nn_html_figures_end(page);
    if (left_out > 0)
        nn_html_hint(page, "%zu more metrics are in metrics.jsonl: nntrain plot %s METRIC -o curve.svg",
                     left_out, run->word);
    return NN_OK;
}

static nn_status metrics_append_steps(const nn_report_run *run, nn_html *page)
{
    nn_html_heading(page, "By step");
    if (!nn_histories_find(&run->histories, "step/loss")) {
        nn_html_hint(page, "Loss and gradient norm by step are recorded with logging: {every: 50 steps}.");
        return NN_OK;
    }
    nn_html_figures_begin(page);
    NN_TRY(metrics_append_series(run, "step/loss", true, "Training loss by step", page));
    NN_TRY(metrics_append_series(run, "step/gradient_norm", true, "Norm of the gradient by step", page));
    nn_html_figures_end(page);
    return NN_OK;
}

static nn_status metrics_append(const nn_report *report, nn_html *page)
{
    const nn_report_run *run = &report->runs[0];
    if (run->histories.count == 0) {
        nn_html_missing(
            page, "metrics.jsonl %s.",
            run->histories.there        ? "has no complete line yet: it gets one at the end of each epoch"
            : run->look.checkpoints > 0 ? "is missing: it is written again when the run is resumed"
                                        : "is missing: it is written at the end of the first epoch");
        return NN_OK;
    }
    if (run->histories.steps_per_epoch > 0)
        NN_TRY(metrics_append_epochs(run, page));
    else
        nn_html_missing(page, "No epoch has ended yet, so that there are no curves by epoch.");
    return metrics_append_steps(run, page);
}

const nn_section nn_section_metrics = {
    .id = "metrics", .title = "Loss and metrics", .scope = NN_SECTION_ONE, .append = metrics_append};
