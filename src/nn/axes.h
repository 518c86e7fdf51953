/* Axes and lists of whole numbers in the options of layers that rearrange values: private to nn. */
#ifndef NN_NN_AXES_H
#define NN_NN_AXES_H

#include "nn/layer.h"

#define nn_axes_find NN_REAL_SYMBOL(nn_axes_find)
#define nn_axes_numbers NN_REAL_SYMBOL(nn_axes_numbers)
#define nn_axes_cut NN_REAL_SYMBOL(nn_axes_cut)

/* The axis that an option means: from 0, or counted back from the end below 0. Fails where there is none. */
nn_status nn_axes_find(nn_shape shape, int64_t axis, int *found);

/* The whole numbers of a list; `option` names it in messages. */
nn_status nn_axes_numbers(const char *option, const nn_text_list *list, int64_t *numbers);

/* A shape seen from one of its axes: `outer` rows of `extent` x `inner` values. */
typedef struct nn_axis_cut {
    int64_t outer, extent, inner;
} nn_axis_cut;

nn_axis_cut nn_axes_cut(nn_shape shape, int axis);

#endif
