#include "plot/drawing.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "plot/averaged.h"
#include "plot/selected.h"
#include "plot/target_unit.h"

/* ---- memory ---- */

static nn_status drawing_own(nn_drawing *drawing, void *bytes)
{
    size_t count = drawing->owned_count;
    nn_status status =
        nn_reallocate((void **)&drawing->owned, count, count + 1, sizeof *drawing->owned, "a drawing");
    if (status != NN_OK) {
        nn_free(bytes);
        return status;
    }
    drawing->owned[drawing->owned_count++] = bytes;
    return NN_OK;
}

static nn_status drawing_text(nn_drawing *drawing, nn_text *text, const char **owned)
{
    *owned = text->bytes;
    if (text->failed) {
        nn_text_free(text);
        NN_FAIL(NN_ERROR_MEMORY, "out of memory for a drawing");
    }
    return drawing_own(drawing, text->bytes);
}

/* Rows of `count` numbers, of which the first is the x of a curve. */
static nn_status drawing_numbers(nn_drawing *drawing, size_t rows, size_t count, double **numbers)
{
    NN_TRY(NN_ALLOCATE(numbers, rows * count + 1, "the points of a drawing"));
    return drawing_own(drawing, *numbers);
}

/* ---- curves ---- */

/* What one metric's panel is made of. */
typedef struct drawing_work {
    const nn_drawing_request *request;
    const nn_plotted *plotted;
    const char *metric;
    nn_drawing *drawing;
    nn_panel *panel;
    bool several; /* runs or groups */
    int parts;    /* the most that a run has: then the legend names them */
} drawing_work;

static double drawing_x(const drawing_work *work, const nn_histories *histories, double step)
{
    if (work->request->by_step) return step;
    return histories->steps_per_epoch > 0 ? step / histories->steps_per_epoch : (double)NAN;
}

/* The run's or group's name, the part, and of how many runs it is the mean. */
static nn_status drawing_name(const drawing_work *work, size_t group, const char *part, const char **name)
{
    const nn_plotted *plotted = work->plotted;
    nn_text text = {0};
    if (work->several) nn_text_append(&text, "%s", plotted->names[group]);
    if (part[0] && (work->parts > 1 || !work->several))
        nn_text_append(&text, "%s%s", text.length > 0 ? ": " : "", part);
    if (plotted->sizes[group] > 1)
        nn_text_append(&text, "%smean ± deviation of %zu runs", text.length > 0 ? ", " : "",
                       plotted->sizes[group]);
    if (text.length == 0) nn_text_append(&text, "%s", work->metric);
    return drawing_text(work->drawing, &text, name);
}

static nn_status drawing_add(const drawing_work *work, size_t group, int part, const char *part_name,
                             const nn_curve *points)
{
    nn_panel *panel = work->panel;
    size_t count = panel->chart.count;
    if (count == panel->capacity) {
        NN_TRY(nn_reallocate((void **)&panel->curves, count, 2 * count + 4, sizeof *panel->curves,
                             "the curves of a drawing"));
        panel->capacity = 2 * count + 4;
    }
    nn_curve *curve = &panel->curves[count];
    *curve = *points;
    curve->colour = work->several ? (int)group : part;
    curve->dash = work->several ? part + (int)(group / NN_CHART_COLOURS) : 0;
    NN_TRY(drawing_name(work, group, part_name, &curve->name));
    panel->chart.curves = panel->curves;
    panel->chart.count = count + 1;
    return NN_OK;
}

static nn_status drawing_add_single(const drawing_work *work, const nn_plotted_run *run, int part,
                                    const nn_selected *selected)
{
    const nn_history *history = selected->history;
    double *numbers;
    NN_TRY(drawing_numbers(work->drawing, 2, history->count, &numbers));
    for (size_t i = 0; i < history->count; i++) {
        numbers[i] = drawing_x(work, &run->histories, history->steps[i]);
        numbers[history->count + i] = history->values[i];
    }
    nn_curve curve = {.points = {numbers, numbers + history->count, history->count}};
    return drawing_add(work, run->group, part, selected->part, &curve);
}

/* A curve for the runs of a group that have this part of the metric: its mean. */
static nn_status drawing_add_mean(const drawing_work *work, size_t group, int part, const nn_selected *like)
{
    const nn_plotted *plotted = work->plotted;
    const nn_history **histories;
    const nn_histories *scale = NULL;
    size_t count = 0;
    double *numbers;
    NN_TRY(NN_ALLOCATE(&histories, plotted->count, "the runs of a mean"));
    for (size_t r = 0; r < plotted->count; r++) {
        const nn_history *found = nn_histories_find(&plotted->runs[r].histories, like->history->name);
        if (plotted->runs[r].group != group || !found) continue;
        histories[count++] = found;
        scale = &plotted->runs[r].histories;
    }
    size_t room = histories[0]->count, longest = 0;
    nn_status status = drawing_numbers(work->drawing, 4, room, &numbers);
    if (status != NN_OK) {
        nn_free(histories);
        return status;
    }
    for (size_t h = 0; h < count; h++)
        if (histories[h]->count > longest) longest = histories[h]->count;
    size_t points =
        nn_averaged(histories, count, numbers, numbers + room, numbers + 2 * room, numbers + 3 * room);
    nn_free(histories);
    if (points < longest)
        nn_log_warning("%s: the mean has %zu points, and the longest of its runs %zu: it is taken where all "
                       "runs have a value",
                       like->history->name, points, longest);
    for (size_t i = 0; i < points; i++) numbers[i] = drawing_x(work, scale, numbers[i]);
    nn_curve curve = {
        .points = {numbers, numbers + room, points}, .low = numbers + 2 * room, .high = numbers + 3 * room};
    return drawing_add(work, group, part, like->part, &curve);
}

/* ---- panels ---- */

static nn_status drawing_add_run(drawing_work *work, size_t r)
{
    nn_selected selected[NN_SELECTED_MOST];
    const nn_plotted_run *run = &work->plotted->runs[r];
    bool first = true;
    for (size_t e = 0; e < r; e++) first = first && work->plotted->runs[e].group != run->group;
    int count = nn_selected_find(&run->histories, work->metric, work->request->by_step, selected);
    if (count == 0) nn_log_warning("%s has no %s", run->directory, work->metric);
    for (int c = 0; c < count; c++) {
        if (work->plotted->sizes[run->group] == 1)
            NN_TRY(drawing_add_single(work, run, c, &selected[c]));
        else if (first)
            NN_TRY(drawing_add_mean(work, run->group, c, &selected[c]));
    }
    return NN_OK;
}

static nn_status drawing_fail_unknown(const drawing_work *work)
{
    nn_text known = {0};
    nn_selected_list(&work->plotted->runs[0].histories, &known);
    nn_status status =
        nn_fail(NN_ERROR_USAGE,
                "plot: %s is neither a run directory nor a result of these runs; "
                "%s has: %s",
                work->metric, work->plotted->runs[0].directory, known.bytes ? known.bytes : "");
    nn_text_free(&known);
    return status;
}

/* The panel's axes. A run without an epoch at its end has no place on an axis of epochs. */
static nn_status drawing_set_axes(const drawing_work *work)
{
    const nn_drawing_request *request = work->request;
    nn_chart *chart = &work->panel->chart;
    const char *unit = nn_selected_unit(work->metric);
    char of_target[NN_TARGET_UNIT];
    nn_text name = {0};
    NN_TRY(nn_target_unit(work->plotted->runs[0].directory, work->metric, of_target));
    if (!unit && of_target[0]) unit = of_target;
    nn_text_append(&name, "%s", work->metric);
    if (unit) nn_text_append(&name, " (%s)", unit);
    chart->x_name = request->by_step ? "step" : "epoch";
    chart->log_x = request->log_x;
    chart->log_y = request->log_y;
    return drawing_text(work->drawing, &name, &chart->y_name);
}

static nn_status drawing_add_panel(const nn_drawing_request *request, const nn_plotted *plotted, size_t m,
                                   nn_drawing *drawing)
{
    nn_selected selected[NN_SELECTED_MOST];
    drawing_work work = {.request = request,
                         .plotted = plotted,
                         .metric = request->metrics[m],
                         .drawing = drawing,
                         .panel = &drawing->panels[drawing->count++],
                         .several = plotted->groups > 1};
    for (size_t r = 0; r < plotted->count; r++) {
        int parts = nn_selected_find(&plotted->runs[r].histories, work.metric, request->by_step, selected);
        if (parts > work.parts) work.parts = parts;
    }
    if (work.parts == 0) return drawing_fail_unknown(&work);
    for (size_t r = 0; r < plotted->count; r++) NN_TRY(drawing_add_run(&work, r));
    NN_TRY(drawing_set_axes(&work));
    nn_text_append(&drawing->description, "%s%s", m > 0 ? ", " : "", work.metric);
    return NN_OK;
}

static nn_status drawing_check_epochs(const nn_drawing_request *request, const nn_plotted *plotted)
{
    for (size_t r = 0; r < plotted->count && !request->by_step; r++)
        if (plotted->runs[r].histories.steps_per_epoch == 0)
            NN_FAIL(
                NN_ERROR_USAGE,
                "plot: no epoch of %s has ended yet, so that its steps have no place on an axis of epochs: "
                "add --x step",
                plotted->runs[r].directory);
    return NN_OK;
}

nn_status nn_drawing_make(const nn_drawing_request *request, nn_drawing *drawing)
{
    nn_plotted *plotted = &drawing->plotted;
    *drawing = (nn_drawing){0};
    NN_TRY(nn_plotted_read(request->runs, request->run_count, request->names, request->mean, plotted));
    NN_TRY(drawing_check_epochs(request, plotted));
    NN_TRY(NN_ALLOCATE(&drawing->panels, request->metric_count, "the panels of a drawing"));
    for (size_t m = 0; m < request->metric_count; m++)
        NN_TRY(drawing_add_panel(request, plotted, m, drawing));
    nn_text_append(&drawing->description, " by %s, of %zu run%s", request->by_step ? "step" : "epoch",
                   plotted->count, plotted->count == 1 ? "" : "s");
    for (size_t r = 0; r < plotted->count && r < 10; r++)
        nn_text_append(&drawing->description, "%s%s", r > 0 ? ", " : ": ", plotted->runs[r].directory);
    if (plotted->count > 10) nn_text_append(&drawing->description, " and others");
    return drawing->description.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a drawing") : NN_OK;
}

void nn_drawing_release(nn_drawing *drawing)
{
    for (size_t p = 0; p < drawing->count; p++) nn_free(drawing->panels[p].curves);
    for (size_t o = 0; o < drawing->owned_count; o++) nn_free(drawing->owned[o]);
    nn_free(drawing->panels);
    nn_free(drawing->owned);
    nn_text_free(&drawing->description);
    nn_plotted_release(&drawing->plotted);
    *drawing = (nn_drawing){0};
}

/* ---- the drawing ---- */

nn_status nn_drawing_append_svg(const nn_drawing *drawing, const char *title, double width, double height,
                                nn_text *svg)
{
    double all = 8, top = 8;
    for (size_t p = 0; p < drawing->count; p++)
        all += nn_chart_head(&drawing->panels[p].chart, width) + height;
    if (title) all += 26;
    nn_chart_begin(svg, width, all, title ? title : drawing->description.bytes, drawing->description.bytes);
    if (title) {
        nn_text_append(svg,
                       "<text class=\"chart-text\" x=\"%.6g\" y=\"22\" text-anchor=\"middle\" "
                       "font-size=\"14\" font-weight=\"bold\">",
                       width / 2);
        nn_svg_append_text(svg, title);
        nn_text_append(svg, "</text>\n");
        top += 26;
    }
    for (size_t p = 0; p < drawing->count; p++) {
        const nn_chart *chart = &drawing->panels[p].chart;
        double own = nn_chart_head(chart, width) + height;
        NN_TRY(nn_chart_append(svg, chart, 0, top, width, own));
        top += own;
    }
    nn_chart_end(svg);
    return svg->failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a drawing") : NN_OK;
}
