/* A chart on the page: caption, curves, their values for the script and as a table. */
#ifndef NN_REPORT_FIGURE_H
#define NN_REPORT_FIGURE_H

#include "draw/chart.h"
#include "report/html.h"

/* Appends it. title: the caption, in place of that of the chart, which has none. Curves without a name are
 * neither in the table nor read by the script. Long ones are thinned; no extreme is lost in the drawing. */
nn_status nn_figure_append(nn_html *page, const nn_chart *chart, const char *title, const char *description);

#endif
