/* The axes of shapes, for layers that rearrange values: private to nn. */
#ifndef NN_NN_AXES_H
#define NN_NN_AXES_H

#include "nn/layer.h"

/* Converts an axis option, which counts from the end if negative, to an index from 0. Fails if there is no
 * such axis. */
nn_status nn_axes_find(nn_shape shape, int64_t axis, int *found);

/* A shape split at one of its axes: `outer` rows of `extent` x `inner` values. */
typedef struct nn_axis_cut {
    int64_t outer, extent, inner;
} nn_axis_cut;

/* Splits the shape at axis `axis`, counted from 0. */
nn_axis_cut nn_axes_cut(nn_shape shape, int axis);

#endif
