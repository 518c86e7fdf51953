/* An axis of a chart: its range, and ticks at round numbers. */
#ifndef NN_DRAW_AXIS_H
#define NN_DRAW_AXIS_H

#include <stdbool.h>
#include <stddef.h>

#define NN_AXIS_TICKS 24
#define NN_AXIS_LABEL 32

typedef struct nn_axis {
    double low, high; /* low < high; both above 0 if logarithmic */
    bool logarithmic;
    double step; /* between ticks; of a logarithmic axis 0 */
    int count;
    double ticks[NN_AXIS_TICKS]; /* ascending, within low and high */
} nn_axis;

/* Sets the range to that of the values low <= high, both above 0 if logarithmic, and about `wanted` ticks. An
 * axis that is `widened` ends at ticks. A range without extent is given one. */
void nn_axis_fit(nn_axis *axis, double low, double high, bool logarithmic, bool widened, int wanted);

/* From 0 at the low end to 1 at the high one; NaN for what a logarithmic axis cannot show. */
double nn_axis_place(const nn_axis *axis, double value);

/* The text of a tick, with the digits that tell the ticks of the axis from one another. */
const char *nn_axis_label(const nn_axis *axis, int tick, char label[NN_AXIS_LABEL]);

#endif
