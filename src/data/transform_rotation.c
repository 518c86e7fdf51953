/* Rotates an image about its centre, with bilinear interpolation. */
#include <math.h>
#include <string.h>

#include "base/maths.h"
#include "data/transforms_common.h"

#define ROTATION_PI 3.14159265358979323846

typedef struct rotation_options {
    double degrees;
} rotation_options;

static const nn_option rotation_table[] = {
    {"degrees", NN_OPTION_REAL, offsetof(rotation_options, degrees), NULL, 0, 180, NULL, NN_EFFECT_RESULT,
     "maximum angle in degrees, in either direction; corners are filled with zeros"},
    {.name = NULL}};

static nn_status rotation_check(const void *options, nn_shape shape)
{
    (void)options;
    return nn_transform_image_check(shape);
}

/* to += weight x pixel at (y, x), which is 0 outside the image. */
static void rotation_add(nn_transform_image image, const nn_real *values, int64_t y, int64_t x, double weight,
                         nn_real *to)
{
    if (y < 0 || x < 0 || y >= image.height || x >= image.width) return;
    const nn_real *pixel = values + (y * image.width + x) * image.channels;
    for (int64_t c = 0; c < image.channels; c++) to[c] += (nn_real)weight * pixel[c];
}

/* Bilinear interpolation of the four pixels around (y, x). */
static void rotation_interpolate(nn_transform_image image, const nn_real *values, double y, double x,
                                 nn_real *to)
{
    double y_floor = floor(y), x_floor = floor(x);
    double lower = y - y_floor, right = x - x_floor;
    int64_t y_first = (int64_t)y_floor, x_first = (int64_t)x_floor;
    rotation_add(image, values, y_first, x_first, (1 - lower) * (1 - right), to);
    rotation_add(image, values, y_first, x_first + 1, (1 - lower) * right, to);
    rotation_add(image, values, y_first + 1, x_first, lower * (1 - right), to);
    rotation_add(image, values, y_first + 1, x_first + 1, lower * right, to);
}

static void rotation_turn(const nn_transform_sample *sample, double angle)
{
    nn_transform_image image = nn_transform_image_of(sample->shape);
    double cosine = nn_maths_cos(angle), sine = nn_maths_sin(angle);
    double y_centre = 0.5 * (double)(image.height - 1), x_centre = 0.5 * (double)(image.width - 1);
    for (int64_t row = 0; row < image.height; row++) {
        for (int64_t column = 0; column < image.width; column++) {
            double y = (double)row - y_centre, x = (double)column - x_centre;
            rotation_interpolate(image, sample->scratch, y_centre + (cosine * y - sine * x),
                                 x_centre + (sine * y + cosine * x),
                                 sample->values + (row * image.width + column) * image.channels);
        }
    }
}

static void rotation_apply(const void *options, const nn_transform_sample *sample)
{
    const rotation_options *rotation = options;
    size_t size = (size_t)nn_shape_count(sample->shape) * sizeof(nn_real);
    double degrees = (2 * nn_transform_uniform(sample, 0) - 1) * rotation->degrees;
    memcpy(sample->scratch, sample->values, size);
    memset(sample->values, 0, size);
    rotation_turn(sample, degrees * (ROTATION_PI / 180));
}

const nn_transform_type nn_transform_rotation = {
    .name = "rotation",
    .summary = "rotates an image about its centre by a random angle",
    .example = "rotation: 15",
    .options = rotation_table,
    .options_size = sizeof(rotation_options),
    .moves = true,
    .check = rotation_check,
    .apply = rotation_apply,
};
