/* Pads an image with zeros and crops it to its size. The crop at (top, left) of the padded image is the image
 * shifted by (padding - top, padding - left). */
#include "data/transforms_common.h"

typedef struct crop_options {
    int64_t padding;
} crop_options;

static const nn_option crop_table[] = {{"padding", NN_OPTION_INTEGER, offsetof(crop_options, padding), NULL,
                                        0, 1e6, NULL, NN_EFFECT_RESULT,
                                        "pixels of zeros added on each side before cropping"},
                                       {.name = NULL}};

static nn_status crop_check(const void *options, nn_shape shape)
{
    const crop_options *crop = options;
    return nn_transform_image_check_extent(shape, "padding", crop->padding, 1);
}

static void crop_apply(const void *options, const nn_transform_sample *sample)
{
    const crop_options *crop = options;
    int64_t top = nn_transform_between(sample, 0, 0, 2 * crop->padding);
    int64_t left = nn_transform_between(sample, 1, 0, 2 * crop->padding);
    nn_transform_image_shift(sample, crop->padding - top, crop->padding - left);
}

const nn_transform_type nn_transform_crop = {
    .name = "crop",
    .summary = "pads an image with zeros and crops it to its size at a random position",
    .example = "crop: {padding: 4}",
    .options = crop_table,
    .options_size = sizeof(crop_options),
    .moves = true,
    .check = crop_check,
    .apply = crop_apply,
};
