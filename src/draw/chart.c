#include "draw/chart.h"

#include <math.h>
#include <stdio.h>

#include "base/memory.h"

#define FONT "font-family=\"Helvetica,Arial,sans-serif\" font-size=\"12\""
#define LETTER 6.8 /* width of a letter, in pixels; a little more than most have */
#define LINE 18.0  /* height of a line of text */
#define SAMPLE 26  /* length of a line in the legend */
#define BETWEEN 18 /* entries of the legend */
#define RIGHT 16.0
#define DOT 5            /* diameter */
#define CHART_NAME 256   /* bytes of a name in the legend, at most */
#define MARK_ROWS 3      /* of names of marks that are near each other */
#define FAINT_COLUMNS 24 /* to which a curve in the background is thinned */

static const char *const chart_colours[NN_CHART_COLOURS] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                            "#e69f00", "#56b4e9", "#444444"};
static const char *const chart_dashes[NN_CHART_DASHES] = {"", "6,3", "2,3", "8,3,2,3"};

/* ---- words ---- */

/* Characters, not bytes. */
static double chart_text_width(const char *text)
{
    size_t characters = 0;
    for (const char *at = text; *at; at++) characters += ((unsigned char)*at & 0xC0) != 0x80;
    return LETTER * (double)characters;
}

/* The text, or its beginning and an ellipsis where it is wider. */
static const char *chart_fitted(const char *text, double width, char fitted[CHART_NAME])
{
    size_t most = (size_t)fmax(1, width / LETTER), at = 0;
    if (chart_text_width(text) <= LETTER * (double)most) return text;
    for (size_t characters = 0; text[at] && at < CHART_NAME - 8; at++) {
        characters += ((unsigned char)text[at] & 0xC0) != 0x80;
        if (characters == most) break;
    }
    while (at > 0 && ((unsigned char)text[at] & 0xC0) == 0x80) at--; /* not within a character */
    snprintf(fitted, CHART_NAME, "%.*s\xE2\x80\xA6", (int)at, text);
    return fitted;
}

static void chart_append_words(nn_text *svg, double x, double y, const char *anchor, const char *more,
                               const char *text)
{
    nn_text_append(svg, "<text class=\"chart-text\" x=\"%.6g\" y=\"%.6g\" text-anchor=\"%s\"%s>", x, y,
                   anchor, more);
    nn_svg_append_text(svg, text);
    nn_text_append(svg, "</text>\n");
}

void nn_chart_begin(nn_text *svg, double width, double height, const char *title, const char *description)
{
    nn_text_append(svg,
                   "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.6g\" height=\"%.6g\" viewBox=\"0 0 "
                   "%.6g %.6g\" role=\"img\" " FONT " fill=\"#222222\">\n<title>",
                   width, height, width, height);
    nn_svg_append_text(svg, title);
    nn_text_append(svg, "</title>\n<desc>");
    nn_svg_append_text(svg, description);
    nn_text_append(svg,
                   "</desc>\n<rect class=\"chart-paper\" width=\"%.6g\" height=\"%.6g\" "
                   "fill=\"#ffffff\"/>\n",
                   width, height);
}

void nn_chart_end(nn_text *svg)
{
    nn_text_append(svg, "</svg>\n");
}

/* ---- legend ---- */

static void chart_append_stroke(nn_text *svg, const nn_curve *curve)
{
    int colour = curve->colour % NN_CHART_COLOURS, dash = curve->dash % NN_CHART_DASHES;
    if (curve->faint) {
        nn_text_append(svg,
                       "class=\"chart-faint\" fill=\"none\" stroke=\"#bbbbbb\" stroke-linecap=\"round\"");
        return;
    }
    nn_text_append(svg,
                   "class=\"chart-curve chart-colour-%d\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.6\" "
                   "stroke-linejoin=\"round\" stroke-linecap=\"%s\"",
                   colour, chart_colours[colour], dash == 0 ? "round" : "butt");
    if (dash > 0) nn_text_append(svg, " stroke-dasharray=\"%s\"", chart_dashes[dash]);
}

/* Dots are lines without length, with round ends. */
static void chart_append_dots(nn_text *svg, const nn_curve *curve)
{
    int colour = curve->colour % NN_CHART_COLOURS;
    nn_text_append(svg,
                   "class=\"chart-dots chart-colour-%d\" fill=\"none\" stroke=\"%s\" stroke-width=\"%d\" "
                   "stroke-linecap=\"round\" stroke-opacity=\"0.7\"",
                   colour, chart_colours[colour], DOT);
}

static void chart_append_fill(nn_text *svg, const nn_curve *curve)
{
    int colour = curve->colour % NN_CHART_COLOURS;
    nn_text_append(svg, "class=\"chart-bars chart-colour-%d\" fill=\"%s\" fill-opacity=\"0.7\"", colour,
                   chart_colours[colour]);
}

/* What the legend shows of a curve, around a middle line. */
static void chart_append_sample(nn_text *svg, const nn_curve *curve, double x, double y)
{
    switch (curve->kind) {
    case NN_CURVE_DOTS:
        nn_text_append(svg, "<path d=\"M%.6g,%.6gh0\" ", x + SAMPLE / 2, y);
        chart_append_dots(svg, curve);
        break;
    case NN_CURVE_BARS:
        nn_text_append(svg, "<path d=\"M%.6g,%.6gh12v10h-12z\" ", x + SAMPLE / 2 - 6, y - 5);
        chart_append_fill(svg, curve);
        break;
    default:
        nn_text_append(svg, "<path d=\"M%.6g,%.6gh%d\" ", x, y, SAMPLE);
        chart_append_stroke(svg, curve);
    }
    nn_text_append(svg, "/>\n");
}

/* Goes through the legend from left to right, row by row; draws it where svg is not NULL. Returns its rows.
 */
static int chart_legend(nn_text *svg, const nn_chart *chart, double left, double top, double width)
{
    double x = 0;
    int rows = 0;
    for (size_t c = 0; c < chart->count; c++) {
        const nn_curve *curve = &chart->curves[c];
        char fitted[CHART_NAME];
        if (!curve->name) continue;
        const char *name = chart_fitted(curve->name, width - SAMPLE - 6, fitted);
        double needed = SAMPLE + 6 + chart_text_width(name);
        if (rows == 0 || x + needed > width) {
            rows++;
            x = 0;
        }
        if (svg) {
            double y = top + LINE * rows - 5;
            chart_append_sample(svg, curve, left + x, y - 4);
            chart_append_words(svg, left + x + SAMPLE + 6, y, "start", "", name);
        }
        x += needed + BETWEEN;
    }
    return rows;
}

double nn_chart_head(const nn_chart *chart, double width)
{
    int rows = chart_legend(NULL, chart, 0, 0, width - 2 * RIGHT);
    return (chart->title ? LINE + 4 : 0) + LINE * rows + 8;
}

/* ---- axes ---- */

static void chart_append_ticks(nn_text *svg, const nn_svg_frame *frame, bool vertical)
{
    const nn_axis *axis = vertical ? frame->y : frame->x;
    char label[NN_AXIS_LABEL];
    double right = frame->left + frame->width, bottom = frame->top + frame->height;
    double free_from = -INFINITY; /* labels do not overlap */
    for (int t = 0; t < axis->count; t++) {
        double place = nn_axis_place(axis, axis->ticks[t]);
        nn_axis_label(axis, t, label);
        if (vertical) {
            double y = round(bottom - place * frame->height) + 0.5;
            nn_text_append(svg, "<path class=\"chart-grid\" d=\"M%.6g,%.6gH%.6g\" stroke=\"#dddddd\"/>\n",
                           frame->left, y, right);
            chart_append_words(svg, frame->left - 7, y + 4, "end", "", label);
            continue;
        }
        double x = round(frame->left + place * frame->width) + 0.5, half = chart_text_width(label) / 2;
        nn_text_append(svg, "<path class=\"chart-grid\" d=\"M%.6g,%.6gV%.6g\" stroke=\"#dddddd\"/>\n", x,
                       frame->top, bottom);
        if (x - half < free_from) continue;
        chart_append_words(svg, x, bottom + 16, "middle", "", label);
        free_from = x + half + LETTER;
    }
}

static void chart_append_axes(nn_text *svg, const nn_chart *chart, const nn_svg_frame *frame, double left)
{
    char turn[64];
    double bottom = frame->top + frame->height, middle = frame->top + frame->height / 2;
    chart_append_ticks(svg, frame, true);
    chart_append_ticks(svg, frame, false);
    nn_text_append(
        svg, "<path class=\"chart-axis\" d=\"M%.6g,%.6gV%.6gH%.6g\" fill=\"none\" stroke=\"#222222\"/>\n",
        frame->left, frame->top, bottom, frame->left + frame->width);
    if (chart->x_name)
        chart_append_words(svg, frame->left + frame->width / 2, bottom + 34, "middle", "", chart->x_name);
    snprintf(turn, sizeof turn, " transform=\"rotate(-90 %.6g %.6g)\"", left + 14, middle);
    if (chart->y_name) chart_append_words(svg, left + 14, middle, "middle", turn, chart->y_name);
}

static double chart_label_width(const nn_axis *axis)
{
    char label[NN_AXIS_LABEL];
    double widest = 0;
    for (int t = 0; t < axis->count; t++)
        widest = fmax(widest, chart_text_width(nn_axis_label(axis, t, label)));
    return widest;
}

/* ---- curves ---- */

/* Whether all of these count something, as steps and epochs do. */
static bool chart_counts(const nn_points *points)
{
    for (size_t i = 0; i < points->count; i++)
        if (points->x[i] != floor(points->x[i])) return false;
    return true;
}

static void chart_widen_to_bars(const nn_curve *curve, double *x_low, double *x_high, double *y_low,
                                double *y_high)
{
    for (size_t i = 0; i < curve->points.count; i++) {
        *x_low = fmin(*x_low, curve->points.x[i] - curve->width / 2);
        *x_high = fmax(*x_high, curve->points.x[i] + curve->width / 2);
    }
    *y_low = fmin(*y_low, 0);
    *y_high = fmax(*y_high, 0);
}

/* Fits both axes to what can be shown; false: nothing can. Counts have ticks at integers only. */
static bool chart_fit(const nn_chart *chart, double width, double height, nn_axis *x_axis, nn_axis *y_axis)
{
    double x_low = INFINITY, x_high = -INFINITY, y_low = INFINITY, y_high = -INFINITY;
    double wanted = fmax(2, width / 80);
    bool counts = !chart->log_x;
    for (size_t c = 0; c < chart->count; c++) {
        const nn_curve *curve = &chart->curves[c];
        size_t count = curve->points.count;
        counts = counts && chart_counts(&curve->points);
        nn_points_range(curve->points.x, count, chart->log_x, &x_low, &x_high);
        nn_points_range(curve->points.y, count, chart->log_y, &y_low, &y_high);
        if (curve->kind == NN_CURVE_BARS) {
            counts = false;
            chart_widen_to_bars(curve, &x_low, &x_high, &y_low, &y_high);
        }
        if (curve->low) nn_points_range(curve->low, count, chart->log_y, &y_low, &y_high);
        if (curve->high) nn_points_range(curve->high, count, chart->log_y, &y_low, &y_high);
    }
    if (!(x_low <= x_high && y_low <= y_high)) return false;
    if (chart->x_range) {
        x_low = chart->x_range[0];
        x_high = chart->x_range[1];
    }
    if (chart->y_range) {
        y_low = chart->y_range[0];
        y_high = chart->y_range[1];
    }
    if (counts && x_high - x_low >= 1) wanted = fmin(wanted, x_high - x_low);
    nn_axis_fit(x_axis, x_low, x_high, chart->log_x, false, (int)wanted);
    nn_axis_fit(y_axis, y_low, y_high, chart->log_y, !chart->y_range, (int)fmax(2, height / 45));
    return true;
}

static nn_status chart_append_line(nn_text *svg, const nn_svg_frame *frame, const nn_curve *curve)
{
    nn_svg_frame coarse = *frame;
    if (curve->faint) coarse.columns = FAINT_COLUMNS;
    nn_text_append(svg, "<path ");
    chart_append_stroke(svg, curve);
    nn_text_append(svg, " d=\"");
    return nn_svg_append_curve(svg, &coarse, &curve->points);
}

static nn_status chart_append_scatter(nn_text *svg, const nn_svg_frame *frame, const nn_curve *curve)
{
    nn_text_append(svg, "<path ");
    chart_append_dots(svg, curve);
    nn_text_append(svg, " d=\"");
    return nn_svg_append_dots(svg, frame, &curve->points);
}

static nn_status chart_append_bars(nn_text *svg, const nn_svg_frame *frame, const nn_curve *curve)
{
    nn_text_append(svg, "<path ");
    chart_append_fill(svg, curve);
    nn_text_append(svg, " d=\"");
    nn_svg_append_bars(svg, frame, &curve->points, curve->width);
    return NN_OK;
}

static nn_status chart_append_curves(nn_text *svg, const nn_chart *chart, const nn_svg_frame *frame)
{
    static nn_status (*const draw[])(nn_text *, const nn_svg_frame *, const nn_curve *) = {
        chart_append_line, chart_append_scatter, chart_append_bars};
    for (size_t c = 0; c < chart->count; c++) { /* bands lie below all curves */
        const nn_curve *curve = &chart->curves[c];
        int colour = curve->colour % NN_CHART_COLOURS;
        nn_points low = curve->points, high = curve->points;
        if (!curve->low || !curve->high) continue;
        low.y = curve->low;
        high.y = curve->high;
        nn_text_append(svg,
                       "<path class=\"chart-band chart-colour-%d\" fill=\"%s\" fill-opacity=\"0.2\" d=\"",
                       colour, chart_colours[colour]);
        NN_TRY(nn_svg_append_band(svg, frame, &low, &high));
        nn_text_append(svg, "\"/>\n");
    }
    for (int faint = 1; faint >= 0; faint--) /* those in the background lie below the others */
        for (size_t c = 0; c < chart->count; c++) {
            const nn_curve *curve = &chart->curves[c];
            if (curve->faint != faint) continue;
            bool alone = curve->kind == NN_CURVE_LINE && curve->points.count == 1; /* as after one epoch */
            NN_TRY(draw[alone ? NN_CURVE_DOTS : curve->kind](svg, frame, curve));
            nn_text_append(svg, "\"/>\n");
        }
    return NN_OK;
}

/* The names are in rows, so that those of neighbours do not overlap. */
static void chart_append_marks(nn_text *svg, const nn_chart *chart, const nn_svg_frame *frame)
{
    for (size_t m = 0; m < chart->mark_count; m++) {
        const nn_chart_mark *mark = &chart->marks[m];
        double place = nn_axis_place(frame->x, mark->x), x = frame->left + frame->width * place;
        if (!(place >= 0 && place <= 1)) continue;
        nn_text_append(svg,
                       "<path class=\"chart-mark\" d=\"M%.6g,%.6gV%.6g\" stroke=\"#666666\" "
                       "stroke-dasharray=\"4,3\"/>\n",
                       x, frame->top, frame->top + frame->height);
        bool left = place > 0.7;
        if (mark->name)
            chart_append_words(svg, left ? x - 4 : x + 4, frame->top + 11 + 13 * (double)(m % MARK_ROWS),
                               left ? "end" : "start", " font-size=\"11\"", mark->name);
    }
}

bool nn_chart_fit(const nn_chart *chart, double left, double top, double width, double height,
                  nn_chart_plan *plan)
{
    double head = nn_chart_head(chart, width), under = chart->x_name ? 42 : 24;
    *plan = (nn_chart_plan){.left = left, .top = top + head, .width = width, .height = height - head - under};
    if (!chart_fit(chart, width, plan->height, &plan->x, &plan->y)) return false;
    double margin = chart_label_width(&plan->y) + (chart->y_name ? 34 : 14);
    plan->left += margin;
    plan->width -= margin + RIGHT;
    return true;
}

nn_status nn_chart_append(nn_text *svg, const nn_chart *chart, double left, double top, double width,
                          double height)
{
    nn_chart_plan plan;
    bool shows = nn_chart_fit(chart, left, top, width, height, &plan);
    nn_svg_frame frame = {plan.left, plan.top, plan.width, plan.height, &plan.x, &plan.y, 0};
    nn_text_append(svg, "<g class=\"chart\">\n");
    if (chart->title)
        chart_append_words(svg, left + RIGHT, top + LINE, "start", " font-weight=\"bold\"", chart->title);
    chart_legend(svg, chart, left + RIGHT, top + (chart->title ? LINE + 4 : 0), width - 2 * RIGHT);
    if (shows) {
        chart_append_axes(svg, chart, &frame, left);
        NN_TRY(chart_append_curves(svg, chart, &frame));
        chart_append_marks(svg, chart, &frame);
    } else {
        const char *why = chart->log_x || chart->log_y
                              ? "nothing above 0, which a logarithmic axis could show"
                              : "nothing to draw: there is no finite value";
        chart_append_words(svg, left + width / 2, plan.top + plan.height / 2, "middle", "", why);
    }
    nn_text_append(svg, "</g>\n");
    return svg->failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a drawing") : NN_OK;
}
