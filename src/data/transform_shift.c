/* Shifts an image by a few pixels along both axes. */
#include "data/transforms_common.h"

typedef struct shift_options {
    int64_t pixels;
} shift_options;

static const nn_option shift_table[] = {
    {"pixels", NN_OPTION_INTEGER, offsetof(shift_options, pixels), NULL, 0, 1e6, NULL, NN_EFFECT_RESULT,
     "maximum shift in pixels, in any direction; the gap is filled with zeros"},
    {.name = NULL}};

static nn_status shift_check(const void *options, nn_shape shape)
{
    const shift_options *shift = options;
    return nn_transform_image_check_extent(shape, "pixels", shift->pixels, 1);
}

static void shift_apply(const void *options, const nn_transform_sample *sample)
{
    const shift_options *shift = options;
    int64_t down = nn_transform_between(sample, 0, -shift->pixels, shift->pixels);
    int64_t right = nn_transform_between(sample, 1, -shift->pixels, shift->pixels);
    nn_transform_image_shift(sample, down, right);
}

const nn_transform_type nn_transform_shift = {
    .name = "shift",
    .summary = "shifts an image by up to this many pixels along each axis",
    .example = "shift: 2",
    .options = shift_table,
    .options_size = sizeof(shift_options),
    .moves = true,
    .check = shift_check,
    .apply = shift_apply,
};
