/* The axes of shapes. */
#include "nn/axes.h"

nn_status nn_axes_find(nn_shape shape, int64_t axis, int *found)
{
    int64_t dimensions = shape.dimensions;
    if (axis < -dimensions || axis >= dimensions) {
        char text[NN_SHAPE_TEXT];
        NN_FAIL(NN_ERROR_USAGE,
                "axis: %lld is not an axis of an input of shape %s; choose 0 to %lld, or -1 for the last",
                (long long)axis, nn_shape_text(text, shape), (long long)dimensions - 1);
    }
    *found = (int)(axis < 0 ? axis + dimensions : axis);
    return NN_OK;
}

nn_axis_cut nn_axes_cut(nn_shape shape, int axis)
{
    nn_axis_cut cut = {1, shape.extents[axis], 1};
    for (int a = 0; a < axis; a++) cut.outer *= shape.extents[a];
    for (int a = axis + 1; a < shape.dimensions; a++) cut.inner *= shape.extents[a];
    return cut;
}
