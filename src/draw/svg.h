/* SVG as text: what is escaped, and paths of curves. */
#ifndef NN_DRAW_SVG_H
#define NN_DRAW_SVG_H

#include "base/text.h"
#include "draw/points.h"

/* Appends a text so that it may be in an element or between quotation marks of XML or HTML: its special
 * characters escaped; and what XML cannot hold, is not UTF-8, or would turn the direction of the text that
 * follows, replaced by U+FFFD. */
void nn_svg_append_text(nn_text *svg, const char *text);

/* Where the axes are, in pixels: y runs downwards from the top. */
typedef struct nn_svg_frame {
    double left, top, width, height;
    const nn_axis *x, *y;
    size_t columns; /* to which curves are thinned; 0: one per pixel */
} nn_svg_frame;

/* Appends the data of a path: "M10,20L11,19...". Gaps begin a new "M"; a point between gaps becomes a short
 * line, which round caps make a dot. NN_ERROR_MEMORY. */
nn_status nn_svg_append_curve(nn_text *svg, const nn_svg_frame *frame, const nn_points *points);

/* Appends the data of a path around the area between two curves of the same x. */
nn_status nn_svg_append_band(nn_text *svg, const nn_svg_frame *frame, const nn_points *low,
                             const nn_points *high);

/* Appends the data of a path of dots, for round caps; x in any order. Of the dots on one pixel the first is
 * there. Of bars: from 0, which the y axis must show, to each y; `width` in units of x. */
nn_status nn_svg_append_dots(nn_text *svg, const nn_svg_frame *frame, const nn_points *points);
void nn_svg_append_bars(nn_text *svg, const nn_svg_frame *frame, const nn_points *points, double width);

#endif
