/* Axes of shapes, and lists of whole numbers. */
#include "nn/axes.h"

#include <errno.h>
#include <stdlib.h>

nn_status nn_axes_find(nn_shape shape, int64_t axis, int *found)
{
    int64_t dimensions = shape.dimensions;
    if (axis < -dimensions || axis >= dimensions) {
        char text[NN_SHAPE_TEXT];
        NN_FAIL(NN_ERROR_USAGE,
                "axis: %lld is no axis of an input of %s; choose one from 0 to %lld (-1 is the last)",
                (long long)axis, nn_shape_text(text, shape), (long long)dimensions - 1);
    }
    *found = (int)(axis < 0 ? axis + dimensions : axis);
    return NN_OK;
}

nn_status nn_axes_numbers(const char *option, const nn_text_list *list, int64_t *numbers)
{
    for (size_t i = 0; i < list->count; i++) {
        char *end;
        errno = 0;
        numbers[i] = strtoll(list->items[i], &end, 10);
        if (end == list->items[i] || *end || errno)
            NN_FAIL(NN_ERROR_USAGE, "%s: expected whole numbers, not '%s'", option, list->items[i]);
    }
    return NN_OK;
}

nn_axis_cut nn_axes_cut(nn_shape shape, int axis)
{
    nn_axis_cut cut = {1, shape.extents[axis], 1};
    for (int a = 0; a < axis; a++) cut.outer *= shape.extents[a];
    for (int a = axis + 1; a < shape.dimensions; a++) cut.inner *= shape.extents[a];
    return cut;
}
