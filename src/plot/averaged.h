/* The mean of several runs' series, point by point. */
#ifndef NN_PLOT_AVERAGED_H
#define NN_PLOT_AVERAGED_H

#include "boards/histories.h"

/* Into arrays with room for the points of histories[0]: of each step that all of the `count` series have, in
 * order, the mean of their values and one standard deviation (of a sample: count - 1) below and above it.
 * Where a value is not finite, neither is the mean. Returns how many steps there are. */
size_t nn_averaged(const nn_history *const *histories, size_t count, double *steps, double *mean, double *low,
                   double *high);

#endif
