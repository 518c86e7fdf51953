/*
 * Curves in a terminal: Unicode braille, 2 x 4 dots per character, or ASCII; axes with ticks at round
 * numbers. A plot is text of at most `width` columns and `height` lines, without colours or control
 * characters.
 */
#ifndef NN_DRAW_TERMINAL_PLOT_H
#define NN_DRAW_TERMINAL_PLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

typedef struct nn_plot_series {
    const char *name; /* in the legend where there are several */
    size_t count;
    const double *x, *y; /* ascending x; values that are not finite leave a gap */
} nn_plot_series;

typedef struct nn_plot {
    int width, height;           /* of all of it, in characters; small ones are raised to 20 x 6 */
    bool ascii;                  /* no Unicode */
    bool log_x, log_y;           /* values above 0 only */
    const char *x_name, *y_name; /* NULL: none */
    double y_top;                /* larger values are cut off; NaN: shown all */
    double mark;                 /* an x that is marked by a vertical line; NaN: none */
} nn_plot;

/* Appends the plot, one line each with a line feed. The first series is a solid line, the others are dashed
 * in different ways; in ASCII they have letters. Without any point: one line that says so. */
void nn_plot_append(const nn_plot *plot, const nn_plot_series *series, size_t count, nn_text *text);

/* The columns of the window of standard output, otherwise COLUMNS, otherwise 80; and whether the locale has
 * UTF-8. */
int nn_plot_columns(void);
bool nn_plot_has_unicode(void);

#endif
