#include "base/shape.h"

#include <inttypes.h>
#include <stdio.h>

int64_t nn_shape_count(nn_shape shape)
{
    int64_t count = 1;
    for (int i = 0; i < shape.dimensions; i++) {
        int64_t extent = shape.extents[i];
        if (extent > 0 && count > INT64_MAX / extent) return INT64_MAX;
        count *= extent;
    }
    return count;
}

bool nn_shape_equal(nn_shape a, nn_shape b)
{
    if (a.dimensions != b.dimensions) return false;
    for (int i = 0; i < a.dimensions; i++) {
        if (a.extents[i] != b.extents[i]) return false;
    }
    return true;
}

char *nn_shape_text(char *buffer, nn_shape shape)
{
    (void)snprintf(buffer, NN_SHAPE_TEXT, "scalar");
    size_t length = 0;
    for (int i = 0; i < shape.dimensions && length < NN_SHAPE_TEXT; i++) {
        int added = snprintf(buffer + length, NN_SHAPE_TEXT - length, "%s%" PRId64, i > 0 ? " x " : "",
                             shape.extents[i]);
        length += (size_t)added;
    }
    return buffer;
}

int64_t nn_field_classes(const nn_field *field)
{
    const nn_shape *shape = &field->shape;
    if (field->is_class) return field->classes;
    return field->shares && shape->dimensions > 0 ? shape->extents[shape->dimensions - 1] : 0;
}
