/* The axes of shapes, for layers that rearrange values: private to nn. */
#ifndef NN_NN_AXES_H
#define NN_NN_AXES_H

#include "nn/layer.h"

/* The axis that an option means: from 0, or counted back from the end below 0. Fails where there is none. */
nn_status nn_axes_find(nn_shape shape, int64_t axis, int *found);

/* A shape seen from one of its axes: `outer` rows of `extent` x `inner` values. */
typedef struct nn_axis_cut {
    int64_t outer, extent, inner;
} nn_axis_cut;

nn_axis_cut nn_axes_cut(nn_shape shape, int axis);

#endif
