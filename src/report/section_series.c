/* A series and its forecast, next to the last known value as the forecast. */
#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "draw/chart.h"
#include "report/judged.h"
#include "report/section.h"

#define SERIES_OUTPUTS 8
#define SERIES_CLOSE 200 /* windows of the second, closer figure, and of the table */
#define SERIES_WIDTH 704.0
#define SERIES_HEIGHT 300.0
#define SERIES_NAME 160

/* One output over time; parts of one block, owned by x. */
typedef struct series_output {
    char name[SERIES_NAME], unit[SERIES_NAME];
    size_t count;
    double *x, *truth, *forecast, *last;
} series_output;

/* The truth at the last row that window i sees is that of an earlier window, if there is one with its target
 * there: windows are in the order of their rows. NaN: there is none. */
static double series_last(const nn_evaluation_samples *series, const double *truth, size_t i)
{
    int64_t wanted;
    if (!series->target_row || series->horizon < 1) return NAN;
    wanted = series->target_row[i] - series->horizon;
    for (size_t w = i; w-- > 0 && series->file[w] == series->file[i] && series->target_row[w] >= wanted;)
        if (series->target_row[w] == wanted) return truth[w];
    return NAN;
}

static nn_status series_collect(const nn_report_run *run, int t, int64_t output, series_output *of)
{
    const nn_stored_evaluation *evaluation = &run->evaluation;
    const nn_evaluation_target *target = &evaluation->targets[t];
    const nn_evaluation_samples *series = &evaluation->series;
    int64_t width = series->targets[t].predicted_count, at = width - target->count + output;
    *of = (series_output){.count = (size_t)series->count};
    bool change = nn_judged_is_change(run, target);
    snprintf(of->name, sizeof of->name, "%s%.130s", change ? "change of " : "",
             nn_judged_name(target, output));
    if (target->units && target->units[output][0])
        snprintf(of->unit, sizeof of->unit, " (%.150s)", target->units[output]);
    NN_TRY(NN_ALLOCATE(&of->x, 4 * of->count, "the series of a report"));
    of->truth = of->x + of->count;
    of->forecast = of->truth + of->count;
    of->last = of->forecast + of->count;
    for (size_t i = 0; i < of->count; i++) {
        bool rows = series->target_row && evaluation->file_count == 1;
        of->x[i] = rows ? (double)series->target_row[i] : (double)series->position[i];
        of->truth[i] = series->targets[t].truth[(int64_t)i * width + at];
        of->forecast[i] = series->targets[t].predicted[(int64_t)i * width + at];
        of->last[i] = change ? 0 : series_last(series, of->truth, i);
    }
    return NN_OK;
}

static bool series_has_last(const series_output *of)
{
    for (size_t i = 0; i < of->count; i++)
        if (isfinite(of->last[i])) return true;
    return false;
}

static void series_table(const series_output *of, size_t first, nn_html *page)
{
    static const nn_html_column columns[] = {
        {"row", true}, {"true", true}, {"forecast", true}, {"last known value", true}};
    size_t count = series_has_last(of) ? 4 : 3;
    nn_html_table_begin(page, "The series, its forecast, and the last known value as the forecast", false,
                        count, columns);
    for (size_t i = first; i < of->count; i++) {
        nn_html_row_begin(page, false);
        nn_html_cell_integer(page, (int64_t)of->x[i]);
        nn_html_cell_number(page, of->truth[i]);
        nn_html_cell_number(page, of->forecast[i]);
        if (count == 4) nn_html_cell_number(page, of->last[i]);
        nn_html_row_end(page);
    }
    nn_html_table_end(page);
}

/* Windows [first, of->count); the closest figure has the table. */
static nn_status series_figure(const nn_stored_evaluation *evaluation, const series_output *of, size_t first,
                               bool closest, nn_html *page)
{
    char y_name[2 * SERIES_NAME];
    size_t count = of->count - first;
    bool rows = evaluation->series.target_row && evaluation->file_count == 1;
    nn_text title = {0};
    const nn_curve curves[] = {
        {.name = "true", .colour = 6, .points = {of->x + first, of->truth + first, count}},
        {.name = "forecast", .colour = 1, .points = {of->x + first, of->forecast + first, count}},
        {.name = "last known value",
         .colour = 5,
         .dash = 2,
         .points = {of->x + first, of->last + first, count}}};
    const nn_chart chart = {.x_name = rows ? "row of the file" : "window of the part",
                            .y_name = y_name,
                            .curves = curves,
                            .count = series_has_last(of) ? 3 : 2};
    double height = SERIES_HEIGHT + nn_chart_head(&chart, SERIES_WIDTH);
    snprintf(y_name, sizeof y_name, "%s%s", of->name, of->unit);
    nn_text_append(&title, "%s: series and forecast, windows %lld to %lld of the %lld of the %s part",
                   of->name, (long long)evaluation->series.position[first],
                   (long long)evaluation->series.position[of->count - 1], (long long)evaluation->samples,
                   evaluation->part);
    nn_html_figure_begin(page, title.bytes ? title.bytes : of->name);
    nn_chart_begin(&page->text, SERIES_WIDTH, height, "Series and forecast",
                   "The true values, the forecast, and the last known value, over time");
    nn_status status = nn_chart_append(&page->text, &chart, 0, 0, SERIES_WIDTH, height);
    nn_chart_end(&page->text);
    if (closest) {
        nn_html_figure_details(page,
                               of->count > SERIES_CLOSE ? "The last values as a table" : "Values as a table");
        series_table(of, of->count > SERIES_CLOSE ? of->count - SERIES_CLOSE : 0, page);
    }
    nn_html_figure_end(page, closest);
    nn_text_free(&title);
    return status;
}

static nn_status series_of_output(const nn_report_run *run, int t, int64_t output, nn_html *page)
{
    series_output of;
    const nn_stored_evaluation *evaluation = &run->evaluation;
    nn_status status = series_collect(run, t, output, &of);
    bool closer = of.count > 2 * SERIES_CLOSE;
    if (status == NN_OK) status = series_figure(evaluation, &of, 0, !closer, page);
    if (status == NN_OK && closer)
        status = series_figure(evaluation, &of, of.count - SERIES_CLOSE, true, page);
    nn_free(of.x);
    return status;
}

/* Classes of windows are not drawn over time. */
static bool series_shows(const nn_stored_evaluation *evaluation, int t)
{
    const nn_evaluation_target *target = &evaluation->targets[t];
    return evaluation->series.count > 0 && target->values && target->count > 0 &&
           evaluation->series.targets[t].predicted_count >= target->count &&
           evaluation->series.targets[t].truth_count == evaluation->series.targets[t].predicted_count;
}

static bool series_apply(const nn_report *report)
{
    const nn_stored_evaluation *evaluation = &report->runs[0].evaluation;
    for (int t = 0; t < evaluation->target_count; t++)
        if (series_shows(evaluation, t)) return true;
    return false;
}

static nn_status series_append(const nn_report *report, nn_html *page)
{
    const nn_stored_evaluation *evaluation = &report->runs[0].evaluation;
    if (evaluation->series.horizon > 0)
        nn_html_paragraph(page,
                          "Each forecast is of the value %lld row%s after the last one that its window sees.",
                          (long long)evaluation->series.horizon, evaluation->series.horizon == 1 ? "" : "s");
    for (int t = 0; t < evaluation->target_count; t++) {
        const nn_evaluation_target *target = &evaluation->targets[t];
        if (!series_shows(evaluation, t)) continue;
        if (target->count > SERIES_OUTPUTS)
            nn_html_paragraph(page, "The first %d of %lld outputs.", SERIES_OUTPUTS,
                              (long long)target->count);
        for (int64_t o = 0; o < target->count && o < SERIES_OUTPUTS; o++)
            NN_TRY(series_of_output(&report->runs[0], t, o, page));
    }
    return NN_OK;
}

const nn_section nn_section_series = {.id = "series",
                                      .title = "Series and forecast",
                                      .scope = NN_SECTION_ONE,
                                      .applies = series_apply,
                                      .append = series_append};
