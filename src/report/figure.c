#include "report/figure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

#define FIGURE_WIDTH 480.0
#define FIGURE_HEIGHT 270.0 /* without the legend */
#define FIGURE_ROWS 100     /* of the table, at most */
#define FIGURE_COLUMNS 120  /* to which the curves are thinned for the script */

/* ---- values for the script ---- */

static void figure_append_value(nn_text *json, double value)
{
    if (isfinite(value))
        nn_text_append(json, "%.6g", value);
    else
        nn_text_append(json, "null");
}

/* In a script element nothing may look like the end of it. */
static void figure_append_string(nn_text *json, const char *string)
{
    nn_text quoted = {0};
    nn_text_append_json(&quoted, string);
    for (const char *at = quoted.bytes ? quoted.bytes : "\"\""; *at; at++)
        nn_text_append(json, *at == '<' ? "\\u003c" : "%c", *at);
    json->failed |= quoted.failed;
    nn_text_free(&quoted);
}

static void figure_append_axis(nn_text *json, const nn_axis *axis)
{
    nn_text_append(json, "[%.17g,%.17g,%d]", axis->low, axis->high, axis->logarithmic);
}

static nn_status figure_append_curve(nn_text *json, const nn_curve *curve, const nn_chart_plan *plan)
{
    size_t *kept;
    NN_TRY(NN_ALLOCATE(&kept, curve->points.count, "the points of a curve"));
    size_t count = nn_points_thin(&curve->points, &plan->x, &plan->y, FIGURE_COLUMNS, kept);
    nn_text_append(json, "{\"name\":");
    figure_append_string(json, curve->name);
    for (int axis = 0; axis < 2; axis++) {
        nn_text_append(json, axis == 0 ? ",\"x\":[" : "],\"y\":[");
        for (size_t k = 0; k < count; k++) {
            if (k > 0) nn_text_append(json, ",");
            figure_append_value(json, axis == 0 ? curve->points.x[kept[k]] : curve->points.y[kept[k]]);
        }
    }
    nn_text_append(json, "]}");
    nn_free(kept);
    return NN_OK;
}

static nn_status figure_append_values(nn_html *page, const nn_chart *chart, const nn_chart_plan *plan)
{
    nn_text *json = &page->values;
    nn_text_append(json, "%s{\"figure\":\"figure-%zu\",\"frame\":[%.6g,%.6g,%.6g,%.6g],\"x\":",
                   json->length > 0 ? ",\n" : "", page->figures, plan->left, plan->top, plan->width,
                   plan->height);
    figure_append_axis(json, &plan->x);
    nn_text_append(json, ",\"y\":");
    figure_append_axis(json, &plan->y);
    nn_text_append(json, ",\"name\":");
    figure_append_string(json, chart->x_name ? chart->x_name : "");
    nn_text_append(json, ",\"curves\":[");
    bool any = false;
    for (size_t c = 0; c < chart->count; c++) {
        if (!chart->curves[c].name) continue;
        if (any) nn_text_append(json, ",");
        any = true;
        NN_TRY(figure_append_curve(json, &chart->curves[c], plan));
    }
    nn_text_append(json, "]}");
    return NN_OK;
}

/* ---- the table ---- */

static int figure_compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* The places that any curve of the table has, ascending; owned by the caller. */
static nn_status figure_places(const nn_chart *chart, double **places, size_t *count)
{
    size_t room = 0, all = 0;
    for (size_t c = 0; c < chart->count; c++)
        if (chart->curves[c].name) room += chart->curves[c].points.count;
    NN_TRY(NN_ALLOCATE(places, room, "the rows of a table"));
    for (size_t c = 0; c < chart->count; c++)
        for (size_t i = 0; chart->curves[c].name && i < chart->curves[c].points.count; i++)
            if (isfinite(chart->curves[c].points.x[i])) (*places)[all++] = chart->curves[c].points.x[i];
    qsort(*places, all, sizeof **places, figure_compare);
    *count = 0;
    for (size_t i = 0; i < all; i++)
        if (i == 0 || (*places)[i] != (*places)[i - 1]) (*places)[(*count)++] = (*places)[i];
    return NN_OK;
}

/* The cell of a curve at a place: empty where it has no point. */
static void figure_append_cell(nn_html *page, const nn_points *points, double x)
{
    size_t low = 0, high = points->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (points->x[middle] < x)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < points->count && points->x[low] == x)
        nn_html_cell_number(page, points->y[low]);
    else
        nn_html_cell(page, "%s", "");
}

static nn_status figure_append_head(nn_html *page, const nn_chart *chart, const char *caption)
{
    nn_html_column *columns;
    size_t count = 1;
    NN_TRY(NN_ALLOCATE(&columns, chart->count + 1, "the columns of a table"));
    columns[0] = (nn_html_column){chart->x_name ? chart->x_name : "x", true};
    for (size_t c = 0; c < chart->count; c++)
        if (chart->curves[c].name) columns[count++] = (nn_html_column){chart->curves[c].name, true};
    nn_html_table_begin(page, caption, false, count, columns);
    nn_free(columns);
    return NN_OK;
}

static nn_status figure_append_table(nn_html *page, const nn_chart *chart, const char *title)
{
    double *places;
    size_t count;
    nn_text caption = {0};
    NN_TRY(figure_places(chart, &places, &count));
    size_t each = count / FIGURE_ROWS + 1;
    nn_text_append(&caption, "%s", title);
    if (each > 1) nn_text_append(&caption, " (each %zuth of %zu rows, and the last)", each, count);
    nn_status status = figure_append_head(page, chart, caption.bytes ? caption.bytes : "");
    for (size_t i = 0; i < count && status == NN_OK; i++) {
        if (i % each != 0 && i + 1 != count) continue;
        nn_html_row_begin(page, false);
        nn_html_append(page, "<th scope=\"row\" class=\"number\">%.10g</th>", places[i]);
        for (size_t c = 0; c < chart->count; c++)
            if (chart->curves[c].name) figure_append_cell(page, &chart->curves[c].points, places[i]);
        nn_html_row_end(page);
    }
    if (status == NN_OK) nn_html_table_end(page);
    nn_text_free(&caption);
    nn_free(places);
    return status;
}

/* ---- a chart ---- */

nn_status nn_figure_append(nn_html *page, const nn_chart *chart, const char *title, const char *description)
{
    nn_chart_plan plan;
    nn_chart drawn = *chart;
    nn_curve alone;
    if (chart->count == 1) { /* the caption says what a legend of one curve would */
        alone = chart->curves[0];
        alone.name = NULL;
        drawn.curves = &alone;
    }
    double height = FIGURE_HEIGHT + nn_chart_head(&drawn, FIGURE_WIDTH);
    nn_html_figure_begin(page, title);
    nn_chart_begin(&page->text, FIGURE_WIDTH, height, title, description);
    NN_TRY(nn_chart_append(&page->text, &drawn, 0, 0, FIGURE_WIDTH, height));
    nn_chart_end(&page->text);
    bool shows = nn_chart_fit(&drawn, 0, 0, FIGURE_WIDTH, height, &plan);
    if (shows) {
        NN_TRY(figure_append_values(page, chart, &plan));
        nn_html_figure_details(page, "Values as a table");
        NN_TRY(figure_append_table(page, chart, title));
    }
    nn_html_figure_end(page, shows);
    return NN_OK;
}
