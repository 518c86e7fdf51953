/* The validation curves of several runs over one another. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "plot/averaged.h"
#include "report/curves.h"
#include "report/figure.h"
#include "report/section.h"

#define OVERLAY_BEST 10 /* runs, or settings, in colour */
#define OVERLAY_MOST 12 /* figures */
#define OVERLAY_PART "validation/"

/* ---- which runs are in colour ---- */

typedef struct overlay_rank {
    const nn_report_run *run;
    double value; /* less is better */
} overlay_rank;

static int overlay_compare(const void *a, const void *b)
{
    double left = ((const overlay_rank *)a)->value, right = ((const overlay_rank *)b)->value;
    return (left > right) - (left < right);
}

/* All runs, the best first; runs that cannot be judged last. Owned by the caller. */
static nn_status overlay_rank_runs(const nn_report *report, overlay_rank **ranks)
{
    NN_TRY(NN_ALLOCATE(ranks, report->count, "the order of runs"));
    for (size_t r = 0; r < report->count; r++) {
        const nn_report_run *run = &report->runs[r];
        double value;
        bool judged = nn_marks_best(run, &value) > 0 && isfinite(value);
        double sign = run->look.best_is_higher ? -1 : 1;
        (*ranks)[r] = (overlay_rank){run, judged ? sign * value : (double)INFINITY};
    }
    qsort(*ranks, report->count, sizeof **ranks, overlay_compare);
    return NN_OK;
}

/* ---- single runs ---- */

static nn_status overlay_append_runs(const overlay_rank *ranks, size_t count, const char *name,
                                     const char *title, nn_html *page)
{
    nn_curves curves = {0};
    nn_status status = NN_OK;
    for (size_t r = 0; r < count && status == NN_OK; r++) {
        const nn_histories *histories = &ranks[r].run->histories;
        const nn_history *history = nn_histories_find(histories, name);
        size_t before = curves.count;
        bool best = before < OVERLAY_BEST;
        status = nn_curves_add(&curves, histories, history, best ? ranks[r].run->name : NULL, false, 1);
        if (status == NN_OK && curves.count > before) curves.items[before].faint = !best;
    }
    const nn_chart chart = {.x_name = "epoch", .curves = curves.items, .count = curves.count};
    if (status == NN_OK && curves.count > 0)
        status = nn_figure_append(
            page, &chart, title,
            "A curve for each run; the values of those in the legend are in the table below.");
    nn_curves_release(&curves);
    return status;
}

/* ---- means over seeds and folds ---- */

/* "learning_rate 0.01, units 64" */
static void overlay_name_group(const nn_sweep *sweep, const nn_sweep_group *group, nn_text *name)
{
    for (size_t c = 0; c < sweep->column_count; c++) {
        const char *path = sweep->columns[c], *dot = strrchr(path, '.');
        nn_text_append(name, "%s%s %.60s", c > 0 ? ", " : "", dot ? dot + 1 : path,
                       nn_sweep_value(&sweep->runs[group->first], path));
    }
    nn_text_append(name, "%smean of %d", name->length > 0 ? ", " : "", group->runs);
}

/* The series of the runs of a group; returns how many there are. */
static size_t overlay_collect(const nn_report *report, const nn_sweep *sweep, const nn_sweep_group *group,
                              const char *name, const nn_history **histories, const nn_histories **scale)
{
    size_t count = 0;
    for (size_t r = 0; r < sweep->run_count; r++) {
        if (sweep->group_of[r] != sweep->group_of[group->first]) continue;
        for (size_t i = 0; i < report->count; i++) {
            if (report->runs[i].directory != sweep->runs[r].directory) continue;
            const nn_history *found = nn_histories_find(&report->runs[i].histories, name);
            if (!found || report->runs[i].histories.steps_per_epoch == 0) continue;
            histories[count++] = found;
            *scale = &report->runs[i].histories;
        }
    }
    return count;
}

/* A mean with its band: *numbers has x, mean, low and high, and is owned by the caller. */
static nn_status overlay_average(const nn_history **histories, size_t count, const nn_histories *scale,
                                 const char *name, double **numbers, nn_curve *curve)
{
    size_t room = histories[0]->count;
    NN_TRY(NN_ALLOCATE(numbers, 4 * room + 1, "a mean of runs"));
    double *x = *numbers;
    size_t points = nn_averaged(histories, count, x, x + room, x + 2 * room, x + 3 * room);
    for (size_t i = 0; i < points; i++) x[i] /= scale->steps_per_epoch;
    *curve =
        (nn_curve){.name = name, .points = {x, x + room, points}, .low = x + 2 * room, .high = x + 3 * room};
    return NN_OK;
}

static nn_status overlay_append_means(const nn_report *report, const nn_sweep *sweep, const char *metric,
                                      const char *title, nn_html *page)
{
    nn_curve curves[OVERLAY_BEST];
    double *numbers[OVERLAY_BEST] = {0};
    nn_text names[OVERLAY_BEST] = {0};
    const nn_history **histories;
    size_t count = 0;
    NN_TRY(NN_ALLOCATE(&histories, sweep->run_count, "the runs of a mean"));
    nn_status status = NN_OK;
    for (size_t g = 0; g < sweep->group_count && count < OVERLAY_BEST && status == NN_OK; g++) {
        const nn_histories *scale = NULL;
        size_t of = overlay_collect(report, sweep, &sweep->groups[g], metric, histories, &scale);
        if (of < 2) continue;
        overlay_name_group(sweep, &sweep->groups[g], &names[count]);
        status = overlay_average(histories, of, scale, names[count].bytes ? names[count].bytes : "",
                                 &numbers[count], &curves[count]);
        if (status != NN_OK) break;
        curves[count].colour = (int)count;
        curves[count].dash = (int)(count / NN_CHART_COLOURS);
        count++;
    }
    const nn_chart chart = {.x_name = "epoch", .curves = curves, .count = count};
    if (status == NN_OK && count > 0)
        status = nn_figure_append(page, &chart, title,
                                  "For each setting the mean over seeds and folds, in a band of one standard "
                                  "deviation; the means are in the table below.");
    for (size_t i = 0; i < OVERLAY_BEST; i++) {
        nn_free(numbers[i]);
        nn_text_free(&names[i]);
    }
    nn_free(histories);
    return status;
}

/* ---- the section ---- */

/* Whether a run before this one, or a series before it, has the name. */
static bool overlay_is_known(const nn_report *report, size_t run, const char *name)
{
    for (size_t r = 0; r < run; r++)
        if (nn_histories_find(&report->runs[r].histories, name)) return true;
    return false;
}

static nn_status overlay_append_metric(const nn_report *report, const overlay_rank *ranks,
                                       const nn_history *history, nn_html *page)
{
    char name[NN_HISTORY_NAME];
    nn_text title = {0};
    nn_curves_name(history, name);
    nn_text_append(&title, "Validation %s by epoch%s", name,
                   report->count > OVERLAY_BEST ? ", the best 10 runs in colour" : "");
    nn_status status =
        overlay_append_runs(ranks, report->count, history->name, title.bytes ? title.bytes : "", page);
    nn_text_free(&title);
    for (size_t s = 0; s < report->sweep_count && status == NN_OK; s++) {
        const nn_sweep *sweep = &report->sweeps[s];
        if (sweep->group_count == sweep->run_count) continue;
        nn_text_append(&title, "Validation %s, mean over seeds and folds", name);
        status = overlay_append_means(report, sweep, history->name, title.bytes ? title.bytes : "", page);
        nn_text_free(&title);
    }
    return status;
}

static nn_status overlay_append_all(const nn_report *report, const overlay_rank *ranks, nn_html *page)
{
    size_t shown = 0;
    nn_html_figures_begin(page);
    for (size_t r = 0; r < report->count; r++)
        for (size_t h = 0; h < report->runs[r].histories.count && shown < OVERLAY_MOST; h++) {
            const nn_history *history = &report->runs[r].histories.items[h];
            if (strncmp(history->name, OVERLAY_PART, strlen(OVERLAY_PART)) != 0 ||
                overlay_is_known(report, r, history->name))
                continue;
            NN_TRY(overlay_append_metric(report, ranks, history, page));
            shown++;
        }
    nn_html_figures_end(page);
    if (shown == 0)
        nn_html_missing(
            page, "None of the runs has a validation result: data.validation or data.split gives them.");
    return NN_OK;
}

static nn_status overlay_append(const nn_report *report, nn_html *page)
{
    overlay_rank *ranks;
    NN_TRY(overlay_rank_runs(report, &ranks));
    nn_status status = overlay_append_all(report, ranks, page);
    nn_free(ranks);
    return status;
}

const nn_section nn_section_overlay = {
    .id = "curves", .title = "Curves", .scope = NN_SECTION_SEVERAL, .append = overlay_append};
