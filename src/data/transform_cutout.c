/* Sets a square of an image to 0 (DeVries, Taylor: Improved regularization of convolutional neural networks
 * with cutout; 2017). Its centre may be any pixel, so part of the square may lie outside. */
#include "data/transforms_common.h"

typedef struct cutout_options {
    int64_t size;
} cutout_options;

static const nn_option cutout_table[] = {{"size", NN_OPTION_INTEGER, offsetof(cutout_options, size), NULL, 1,
                                          1e6, NULL, NN_EFFECT_RESULT, "side of the square in pixels"},
                                         {.name = NULL}};

static nn_status cutout_check(const void *options, nn_shape shape)
{
    const cutout_options *cutout = options;
    return nn_transform_image_check_extent(shape, "size", cutout->size, 0);
}

static void cutout_apply(const void *options, const nn_transform_sample *sample)
{
    const cutout_options *cutout = options;
    nn_transform_image image = nn_transform_image_of(sample->shape);
    int64_t y = nn_transform_between(sample, 0, 0, image.height - 1);
    int64_t x = nn_transform_between(sample, 1, 0, image.width - 1);
    nn_transform_image_clear(sample, y - cutout->size / 2, x - cutout->size / 2, cutout->size, cutout->size);
}

const nn_transform_type nn_transform_cutout = {
    .name = "cutout",
    .summary = "sets a square at a random position of an image to 0",
    .example = "cutout: 4",
    .options = cutout_table,
    .options_size = sizeof(cutout_options),
    .check = cutout_check,
    .apply = cutout_apply,
};
