#include "report/curves.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

#define SLACK 0.002 /* seconds: times are rounded to milliseconds */

/* ---- curves ---- */

static nn_status curves_grow(nn_curves *curves, size_t points, double **numbers)
{
    size_t count = curves->count;
    NN_TRY(nn_reallocate((void **)&curves->items, count, count + 1, sizeof *curves->items, "curves"));
    NN_TRY(nn_reallocate((void **)&curves->numbers, count, count + 1, sizeof *curves->numbers, "curves"));
    NN_TRY(NN_ALLOCATE(numbers, 2 * points + 1, "the points of a curve"));
    curves->numbers[curves->count++] = *numbers;
    return NN_OK;
}

nn_status nn_curves_add(nn_curves *curves, const nn_histories *histories, const nn_history *history,
                        const char *name, bool by_step, double factor)
{
    double *numbers, per_epoch = histories->steps_per_epoch;
    if (!history || (!by_step && per_epoch == 0)) return NN_OK;
    size_t count = history->count, place = curves->count;
    NN_TRY(curves_grow(curves, count, &numbers));
    for (size_t i = 0; i < count; i++) {
        numbers[i] = by_step ? history->steps[i] : history->steps[i] / per_epoch;
        numbers[count + i] = factor * history->values[i];
    }
    curves->items[place] = (nn_curve){.name = name,
                                      .colour = (int)place,
                                      .dash = (int)(place / NN_CHART_COLOURS),
                                      .points = {numbers, numbers + count, count}};
    return NN_OK;
}

void nn_curves_release(nn_curves *curves)
{
    for (size_t c = 0; c < curves->count; c++) nn_free(curves->numbers[c]);
    nn_free(curves->items);
    nn_free(curves->numbers);
    *curves = (nn_curves){0};
}

void nn_curves_name(const nn_history *history, char name[NN_HISTORY_NAME])
{
    const char *slash = strchr(history->name, '/');
    snprintf(name, NN_HISTORY_NAME, "%s", slash ? slash + 1 : history->name);
    for (char *at = name; *at; at++)
        if (*at == '/') *at = '.';
}

/* ---- marks ---- */

int64_t nn_marks_best(const nn_report_run *run, double *value)
{
    char name[NN_HISTORY_NAME];
    *value = run->progress.best_value;
    if (run->progress.best_epoch > 0) return run->progress.best_epoch;
    snprintf(name, sizeof name, "validation/%s", run->look.best);
    for (char *at = name; *at; at++)
        if (*at == '.') *at = '/';
    const nn_history *history = nn_histories_find(&run->histories, name);
    int64_t best = 0;
    for (size_t i = 0; history && i < history->count && run->histories.steps_per_epoch > 0; i++) {
        double now = history->values[i];
        if (!isfinite(now) || (best > 0 && (run->look.best_is_higher ? now <= *value : now >= *value)))
            continue;
        *value = now;
        best = (int64_t)ceil(history->steps[i] / run->histories.steps_per_epoch);
    }
    return best;
}

static void marks_add(nn_marks *marks, double x, const char *what, int64_t ranks)
{
    if (marks->count == NN_MARKS_MOST) return;
    char *name = marks->names[marks->count];
    if (ranks > 0)
        snprintf(name, sizeof *marks->names, "%lld %s", (long long)ranks, what);
    else
        snprintf(name, sizeof *marks->names, "%s", what);
    marks->items[marks->count++] = (nn_chart_mark){x, name};
}

static double marks_place(const nn_report_run *run, bool by_step, double step)
{
    return by_step ? step : step / run->histories.steps_per_epoch;
}

/* A resumed job repeats what was not saved: its first line that is new is of the epoch it ended first. */
static void marks_find_restarts(const nn_report_run *run, bool by_step, nn_marks *marks)
{
    const nn_history *job = nn_histories_find(&run->histories, "time/job_seconds");
    const nn_history *seconds = nn_histories_find(&run->histories, "time/seconds");
    const nn_history *ranks = nn_histories_find(&run->histories, "time/ranks");
    if (!job || !seconds || !ranks || job->count != ranks->count) return;
    for (size_t i = 1, s = 0; i < job->count; i++) {
        while (s < seconds->count && seconds->steps[s] < job->steps[i]) s++;
        if (s == seconds->count) return;
        double x = marks_place(run, by_step, job->steps[i - 1]);
        /* A job that continues has trained for as long as before, and as long as this epoch took. */
        bool other = ranks->values[i] != ranks->values[i - 1];
        bool again = job->values[i] + SLACK < job->values[i - 1] + seconds->values[s];
        marks->restarts += other || again;
        if (other)
            marks_add(marks, x, ranks->values[i] == 1 ? "rank" : "ranks", (int64_t)ranks->values[i]);
        else if (again)
            marks_add(marks, x, "restart", 0);
    }
}

void nn_marks_find(const nn_report_run *run, bool by_step, nn_marks *marks)
{
    double value, per_epoch = run->histories.steps_per_epoch;
    *marks = (nn_marks){0};
    if (per_epoch == 0) return;
    int64_t best = nn_marks_best(run, &value);
    if (best > 0) marks_add(marks, marks_place(run, by_step, (double)best * per_epoch), "best", 0);
    marks_find_restarts(run, by_step, marks);
}
