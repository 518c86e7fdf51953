/* Flips an image horizontally and, if asked for, vertically. */
#include "data/transforms_common.h"

typedef struct flip_options {
    double probability, vertical;
} flip_options;

static const nn_option flip_table[] = {
    {"probability", NN_OPTION_REAL, offsetof(flip_options, probability), "0.5", 0, 1, NULL, NN_EFFECT_RESULT,
     "probability of a horizontal flip"},
    {"vertical", NN_OPTION_REAL, offsetof(flip_options, vertical), "0", 0, 1, NULL, NN_EFFECT_RESULT,
     "probability of a vertical flip, independent of the horizontal one"},
    {.name = NULL}};

enum { FLIP_HORIZONTAL, FLIP_VERTICAL };

static nn_status flip_check(const void *options, nn_shape shape)
{
    (void)options;
    return nn_transform_image_check(shape);
}

static void flip_exchange(int64_t count, nn_real *a, nn_real *b)
{
    for (int64_t i = 0; i < count; i++) {
        nn_real kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}

static void flip_horizontal(nn_transform_image image, nn_real *values)
{
    for (int64_t y = 0; y < image.height; y++) {
        nn_real *left = values + y * image.width * image.channels;
        nn_real *right = left + (image.width - 1) * image.channels;
        for (; left < right; left += image.channels, right -= image.channels)
            flip_exchange(image.channels, left, right);
    }
}

static void flip_vertical(nn_transform_image image, nn_real *values)
{
    int64_t row = image.width * image.channels;
    for (int64_t y = 0; y < image.height / 2; y++)
        flip_exchange(row, values + y * row, values + (image.height - 1 - y) * row);
}

static void flip_apply(const void *options, const nn_transform_sample *sample)
{
    const flip_options *flip = options;
    nn_transform_image image = nn_transform_image_of(sample->shape);
    if (nn_transform_uniform(sample, FLIP_HORIZONTAL) < flip->probability)
        flip_horizontal(image, sample->values);
    if (flip->vertical > 0 && nn_transform_uniform(sample, FLIP_VERTICAL) < flip->vertical)
        flip_vertical(image, sample->values);
}

const nn_transform_type nn_transform_flip = {
    .name = "flip",
    .summary = "flips an image horizontally with probability 0.5",
    .example = "flip",
    .options = flip_table,
    .options_size = sizeof(flip_options),
    .moves = true,
    .check = flip_check,
    .apply = flip_apply,
};
