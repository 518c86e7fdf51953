/* Helpers shared by transforms. */
#include "data/transforms_common.h"

#include <string.h>

nn_status nn_transform_image_check(nn_shape shape)
{
    char text[NN_SHAPE_TEXT];
    if (shape.dimensions == 2 || shape.dimensions == 3) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE,
            "works on images, height x width or height x width x channels, but samples are %s; remove it, or "
            "reshape the samples to images",
            nn_shape_text(text, shape));
}

nn_status nn_transform_image_check_extent(nn_shape shape, const char *option, int64_t pixels, int64_t spare)
{
    char text[NN_SHAPE_TEXT];
    NN_TRY(nn_transform_image_check(shape));
    int64_t height = shape.extents[0], width = shape.extents[1];
    int64_t most = (height < width ? height : width) - spare;
    if (pixels <= most) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE, "%s %lld may leave nothing of a sample of %s; choose at most %lld", option,
            (long long)pixels, nn_shape_text(text, shape), (long long)most);
}

nn_transform_image nn_transform_image_of(nn_shape shape)
{
    return (nn_transform_image){shape.extents[0], shape.extents[1],
                                shape.dimensions == 3 ? shape.extents[2] : 1};
}

int64_t nn_transform_between(const nn_transform_sample *sample, uint32_t draw, int64_t low, int64_t high)
{
    /* uniform < 1, but its product with the number of choices may round up to it. */
    int64_t choice = (int64_t)(nn_transform_uniform(sample, draw) * (double)(high - low + 1));
    return low + choice < high ? low + choice : high;
}

static int64_t image_within(int64_t value, int64_t most)
{
    return value < 0 ? 0 : value > most ? most : value;
}

void nn_transform_image_clear(const nn_transform_sample *sample, int64_t top, int64_t left, int64_t rows,
                              int64_t columns)
{
    nn_transform_image image = nn_transform_image_of(sample->shape);
    int64_t bottom = image_within(top + rows, image.height),
            right = image_within(left + columns, image.width);
    int64_t first = image_within(left, image.width);
    for (int64_t y = image_within(top, image.height); y < bottom; y++)
        memset(sample->values + (y * image.width + first) * image.channels, 0,
               (size_t)((right - first) * image.channels) * sizeof(nn_real));
}

void nn_transform_image_shift(const nn_transform_sample *sample, int64_t down, int64_t right)
{
    nn_transform_image image = nn_transform_image_of(sample->shape);
    int64_t row = image.width * image.channels;
    int64_t y_from = image_within(-down, image.height), y_to = image_within(down, image.height);
    int64_t x_from = image_within(-right, image.width), x_to = image_within(right, image.width);
    int64_t rows = image.height - y_from - y_to, columns = image.width - x_from - x_to;
    memcpy(sample->scratch, sample->values, (size_t)(image.height * row) * sizeof(nn_real));
    memset(sample->values, 0, (size_t)(image.height * row) * sizeof(nn_real));
    for (int64_t y = 0; y < rows; y++)
        memcpy(sample->values + (y_to + y) * row + x_to * image.channels,
               sample->scratch + (y_from + y) * row + x_from * image.channels,
               (size_t)(columns * image.channels) * sizeof(nn_real));
}
