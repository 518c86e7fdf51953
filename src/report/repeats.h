/* Layers of a network that are repeated, so that a drawing of a deep network shows them once. */
#ifndef NN_REPORT_REPEATS_H
#define NN_REPORT_REPEATS_H

#include "model/description.h"

/* `times` stretches of `period` layers each, from layer `first` on, that differ in their names alone. */
typedef struct nn_repeat {
    int first, period, times;
} nn_repeat;

/* Finds disjoint repeats, in their order, that save at least `least` layers each; room for layer_count of
 * them. Returns their number. */
nn_status nn_repeats_find(const nn_description *description, int least, nn_repeat *repeats, int *count);

#endif
