#include "base/shape.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

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

nn_status nn_scaling_copy(const nn_scaling *from, nn_scaling *to)
{
    *to = (nn_scaling){0};
    if (!from || from->columns == 0) return NN_OK;
    size_t columns = (size_t)from->columns;
    NN_TRY(NN_ALLOCATE(&to->scale, columns, "normalisation"));
    nn_status status = NN_ALLOCATE(&to->offset, columns, "normalisation");
    if (status != NN_OK) {
        nn_scaling_release(to);
        return status;
    }
    memcpy(to->scale, from->scale, columns * sizeof *to->scale);
    memcpy(to->offset, from->offset, columns * sizeof *to->offset);
    to->columns = from->columns;
    return NN_OK;
}

void nn_scaling_release(nn_scaling *scaling)
{
    nn_free(scaling->scale);
    nn_free(scaling->offset);
    *scaling = (nn_scaling){0};
}

static nn_status encoding_copy_list(int64_t count, const void *from, void **to)
{
    if (!from) return NN_OK;
    NN_TRY(nn_allocate(to, (size_t)count, sizeof(int64_t), "how columns are read"));
    memcpy(*to, from, (size_t)count * sizeof(int64_t));
    return NN_OK;
}

nn_status nn_encoding_copy(const nn_encoding *from, nn_encoding *to)
{
    static_assert(sizeof(int64_t) == sizeof(double), "lists of both are copied alike");
    *to = (nn_encoding){.places = from->places, .indicates = from->indicates};
    nn_status status = encoding_copy_list(from->places, from->categories, (void **)&to->categories);
    if (status == NN_OK) status = encoding_copy_list(from->places, from->units, (void **)&to->units);
    if (status == NN_OK) status = encoding_copy_list(from->places, from->fills, (void **)&to->fills);
    if (status != NN_OK) nn_encoding_release(to);
    return status;
}

void nn_encoding_release(nn_encoding *encoding)
{
    nn_free(encoding->categories);
    nn_free(encoding->units);
    nn_free(encoding->fills);
    *encoding = (nn_encoding){0};
}
