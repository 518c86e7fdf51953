/* Several runs as tables: what differs in their configurations, next to their results. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "report/section.h"

static const nn_report_run *runs_find(const nn_report *report, const char *directory)
{
    for (size_t r = 0; r < report->count; r++)
        if (report->runs[r].directory == directory) return &report->runs[r];
    return NULL;
}

/* A number, or nothing where there is none. */
static void runs_append_number(nn_html *page, double value)
{
    if (isnan(value))
        nn_html_cell(page, "%s", "");
    else
        nn_html_cell_number(page, value);
}

/* A setting: numbers flush right, so that they are sorted and read as such. */
static void runs_append_setting(nn_html *page, const nn_sweep_run *run, const char *path)
{
    nn_html_cell(page, "%s", nn_sweep_value(run, path));
}

/* ---- settings, over seeds and folds ---- */

static bool runs_are_repeated(const nn_sweep *sweep)
{
    return sweep->group_count < sweep->run_count;
}

static nn_status runs_append_groups(const nn_report *report, const nn_sweep *sweep, nn_html *page)
{
    static const char *const results[] = {"runs",      "validation mean", "deviation", "best",
                                          "test mean", "test deviation",  "best run"};
    nn_html_column *columns;
    nn_text caption = {0};
    size_t count = sweep->column_count;
    NN_TRY(NN_ALLOCATE(&columns, count + 7, "the columns of a table"));
    for (size_t c = 0; c < count; c++)
        columns[c] = (nn_html_column){nn_sweep_heading(sweep, sweep->columns[c]), false};
    for (size_t i = 0; i < 7; i++) columns[count + i] = (nn_html_column){results[i], i < 6};
    nn_text_append(&caption, "%s over seeds and folds, %s is better", sweep->runs[0].metric,
                   sweep->runs[0].order);
    nn_html_table_begin(page, caption.bytes ? caption.bytes : "", true, count + 7, columns);
    for (size_t g = 0; g < sweep->group_count; g++) {
        const nn_sweep_group *group = &sweep->groups[g];
        const nn_report_run *best = runs_find(report, sweep->runs[group->best_run].directory);
        nn_html_row_begin(page, g == 0);
        for (size_t c = 0; c < count; c++)
            runs_append_setting(page, &sweep->runs[group->first], sweep->columns[c]);
        nn_html_cell_integer(page, group->runs);
        runs_append_number(page, group->mean);
        runs_append_number(page, group->deviation);
        runs_append_number(page, group->best);
        runs_append_number(page, group->test_mean);
        runs_append_number(page, group->test_deviation);
        nn_html_append(page, "<td>");
        nn_html_append_name(page, best ? best->name : "");
        nn_html_append(page, "</td>");
        nn_html_row_end(page);
    }
    nn_html_table_end(page);
    nn_text_free(&caption);
    nn_free(columns);
    return NN_OK;
}

/* ---- each run ---- */

static bool runs_differ(const nn_sweep *sweep, const char *path)
{
    for (size_t r = 1; r < sweep->run_count; r++)
        if (strcmp(nn_sweep_value(&sweep->runs[r], path), nn_sweep_value(&sweep->runs[0], path)) != 0)
            return true;
    return false;
}

/* The paths of the columns of settings: those that groups differ in, then seed and fold. */
static size_t runs_paths(const nn_sweep *sweep, const char **paths)
{
    static const char *const repeats[] = {"training.seed", "data.split.fold"};
    size_t count = 0;
    for (size_t c = 0; c < sweep->column_count; c++) paths[count++] = sweep->columns[c];
    for (size_t i = 0; i < 2; i++)
        if (runs_differ(sweep, repeats[i])) paths[count++] = repeats[i];
    return count;
}

static void runs_append_run(const nn_report_run *run, const nn_sweep_run *of, size_t count,
                            const char *const *paths, bool best, nn_html *page)
{
    nn_html_row_begin(page, best);
    nn_html_row_name(page, run ? run->name : of->directory);
    for (size_t c = 0; c < count; c++) runs_append_setting(page, of, paths[c]);
    runs_append_number(page, of->progress.best_epoch > 0 ? of->progress.best_value : (double)NAN);
    runs_append_number(page, of->test);
    nn_html_cell_integer(page, of->progress.best_epoch);
    nn_html_cell_integer(page, of->progress.epochs);
    nn_html_cell(page, "%s", run ? nn_report_state(run) : "");
    nn_html_cell(page, "%s", of->progress.fingerprint);
    nn_html_row_end(page);
}

static bool runs_is_better(const nn_sweep *sweep, const nn_sweep_run *a, const nn_sweep_run *b)
{
    if (a->progress.best_epoch == 0 || b->progress.best_epoch == 0)
        return a->progress.best_epoch > 0 && b->progress.best_epoch == 0;
    return sweep->higher ? a->progress.best_value > b->progress.best_value
                         : a->progress.best_value < b->progress.best_value;
}

static nn_status runs_append_all(const nn_report *report, const nn_sweep *sweep, nn_html *page)
{
    static const char *const results[] = {"test", "best epoch", "epochs", "state", "fingerprint"};
    nn_html_column *columns;
    const char **paths;
    nn_text metric = {0};
    NN_TRY(NN_ALLOCATE(&columns, sweep->column_count + 9, "the columns of a table"));
    nn_status status = NN_ALLOCATE(&paths, sweep->column_count + 2, "the columns of a table");
    if (status == NN_OK) {
        size_t count = runs_paths(sweep, paths), best = 0;
        nn_text_append(&metric, "validation %s", sweep->runs[0].metric);
        columns[0] = (nn_html_column){"run", false};
        for (size_t c = 0; c < count; c++)
            columns[1 + c] = (nn_html_column){nn_sweep_heading(sweep, paths[c]), false};
        columns[1 + count] = (nn_html_column){metric.bytes ? metric.bytes : "", true};
        for (size_t i = 0; i < 5; i++) columns[2 + count + i] = (nn_html_column){results[i], i < 3};
        for (size_t r = 1; r < sweep->run_count; r++)
            if (runs_is_better(sweep, &sweep->runs[r], &sweep->runs[best])) best = r;
        nn_html_table_begin(page, "Each run: the best by validation is marked", true, 7 + count, columns);
        for (size_t r = 0; r < sweep->run_count; r++)
            runs_append_run(runs_find(report, sweep->runs[r].directory), &sweep->runs[r], count, paths,
                            r == best, page);
        nn_html_table_end(page);
    }
    nn_text_free(&metric);
    nn_free(paths);
    nn_free(columns);
    return status;
}

/* ---- runs without a checkpoint ---- */

static bool runs_is_compared(const nn_report *report, const nn_report_run *run)
{
    for (size_t s = 0; s < report->sweep_count; s++)
        for (size_t r = 0; r < report->sweeps[s].run_count; r++)
            if (report->sweeps[s].runs[r].directory == run->directory) return true;
    return false;
}

static void runs_append_others(const nn_report *report, nn_html *page)
{
    static const nn_html_column columns[] = {{"run", false}, {"state", false}};
    bool any = false;
    for (size_t r = 0; r < report->count; r++) {
        nn_text state = {0};
        if (runs_is_compared(report, &report->runs[r])) continue;
        if (!any)
            nn_html_table_begin(page, "Runs without an intact checkpoint, which cannot be compared", true, 2,
                                columns);
        any = true;
        nn_report_append_state(&report->runs[r], &state);
        nn_html_row_begin(page, false);
        nn_html_row_name(page, report->runs[r].name);
        nn_html_cell(page, "%s", state.bytes ? state.bytes : "");
        nn_html_row_end(page);
        page->text.failed |= state.failed;
        nn_text_free(&state);
    }
    if (any) nn_html_table_end(page);
}

static nn_status runs_append(const nn_report *report, nn_html *page)
{
    if (report->sweep_count == 0) nn_html_missing(page, "None of the runs has an intact checkpoint yet.");
    if (report->sweep_count > 1)
        nn_html_hint(page, "Runs of different tables cannot be compared: they are judged by another metric "
                           "(checkpoint.best), or have another loss.");
    for (size_t s = 0; s < report->sweep_count; s++) {
        if (runs_are_repeated(&report->sweeps[s]))
            NN_TRY(runs_append_groups(report, &report->sweeps[s], page));
        NN_TRY(runs_append_all(report, &report->sweeps[s], page));
    }
    runs_append_others(report, page);
    for (size_t i = 0; i < report->omitted.count; i++)
        nn_html_missing(page, "Omitted: %s", report->omitted.items[i]);
    return NN_OK;
}

const nn_section nn_section_runs = {
    .id = "runs", .title = "Runs", .scope = NN_SECTION_SEVERAL, .append = runs_append};
