/* The points of a curve, and which of them a drawing needs. */
#ifndef NN_DRAW_POINTS_H
#define NN_DRAW_POINTS_H

#include <stddef.h>

#include "base/status.h"
#include "draw/axis.h"

/* Borrowed arrays; x ascends; a y that is not finite is a gap. */
typedef struct nn_points {
    const double *x, *y;
    size_t count;
} nn_points;

/* The indices, ascending, of the points to be drawn on `columns` columns (of pixels, say): of those that fall
 * into one column the first, the lowest, the highest and the last, and what borders on a gap; so that no
 * extreme is lost and the drawing's size does not grow with the curve. kept: room for `count` indices.
 * Returns how many there are. */
size_t nn_points_thin(const nn_points *points, const nn_axis *x_axis, const nn_axis *y_axis, size_t columns,
                      size_t *kept);

/* Widens low and high, +Inf and -Inf at first, to what the axis can show of the values. */
void nn_points_range(const double *values, size_t count, bool logarithmic, double *low, double *high);

#endif
