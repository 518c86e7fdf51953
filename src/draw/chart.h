/*
 * Charts as SVG: axes with ticks and grid, curves, bands, legend. Colours are those of Okabe and Ito (2008),
 * which readers with any colour vision tell apart, and dashes differ too. Everything has presentation
 * attributes, for programs that know no style sheets, and classes ("chart-grid", "chart-axis", "chart-text",
 * "chart-curve chart-colour-0", "chart-faint", "chart-mark"), so that a page can restyle it.
 */
#ifndef NN_DRAW_CHART_H
#define NN_DRAW_CHART_H

#include "draw/svg.h"

#define NN_CHART_COLOURS 7
#define NN_CHART_DASHES 4

typedef enum nn_curve_kind {
    NN_CURVE_LINE,
    NN_CURVE_DOTS, /* x in any order; of dots on the same pixel one is drawn */
    NN_CURVE_BARS  /* from 0 to y */
} nn_curve_kind;

typedef struct nn_curve {
    const char *name; /* in the legend; NULL: not there */
    int colour, dash; /* used modulo their number; dash 0 is a solid line */
    nn_curve_kind kind;
    double width; /* of bars, in units of x */
    nn_points points;
    const double *low, *high; /* of a band around it, for each point; NULL: none */
    bool faint;               /* one of many in the background: grey, and coarser */
} nn_curve;

/* A vertical line: an event. */
typedef struct nn_chart_mark {
    double x;
    const char *name; /* at its top; NULL: none */
} nn_chart_mark;

typedef struct nn_chart {
    const char *title;           /* above it; NULL: none */
    const char *x_name, *y_name; /* with units; NULL: none */
    bool log_x, log_y;
    const double *x_range, *y_range; /* of the axes: lowest and highest value; NULL: those of the curves */
    const nn_curve *curves;          /* borrowed */
    size_t count;
    const nn_chart_mark *marks; /* borrowed */
    size_t mark_count;
} nn_chart;

/* Where the axes of a chart lie. */
typedef struct nn_chart_plan {
    nn_axis x, y;
    double left, top, width, height; /* of the area between them, in pixels */
} nn_chart_plan;

/* The plan of the chart that nn_chart_append draws there. False: its axes can show no point. */
bool nn_chart_fit(const nn_chart *chart, double left, double top, double width, double height,
                  nn_chart_plan *plan);

/* Appends <svg ...> with `title` and `description` for screen readers, or </svg>. */
void nn_chart_begin(nn_text *svg, double width, double height, const char *title, const char *description);
void nn_chart_end(nn_text *svg);

/* Appends a chart as a group with its corner at left, top; `height` is that of all of it. A chart without a
 * point that its axes can show is a frame with a sentence in it. NN_ERROR_MEMORY. */
nn_status nn_chart_append(nn_text *svg, const nn_chart *chart, double left, double top, double width,
                          double height);

/* The height of its title and legend, to be added to that of the axes: it has as many rows as it needs. */
double nn_chart_head(const nn_chart *chart, double width);

#endif
