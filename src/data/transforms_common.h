/* What transforms have in common, those of images above all. Private to the transforms. */
#ifndef NN_DATA_TRANSFORMS_COMMON_H
#define NN_DATA_TRANSFORMS_COMMON_H

#include "data/transform.h"

typedef struct nn_transform_image {
    int64_t height, width, channels;
} nn_transform_image;

/* Fails unless samples are height x width or height x width x channels. */
nn_status nn_transform_image_check(nn_shape shape);

/* As nn_transform_image_check, and fails when `pixels` is more than the image's smaller side less `spare`. */
nn_status nn_transform_image_check_extent(nn_shape shape, const char *option, int64_t pixels, int64_t spare);

nn_transform_image nn_transform_image_of(nn_shape shape);

/* An integer from low to high, all equally likely, made of draw number `draw`. */
int64_t nn_transform_between(const nn_transform_sample *sample, uint32_t draw, int64_t low, int64_t high);

/* Moves the image by so many rows down and columns to the right; zeros come in. */
void nn_transform_image_shift(const nn_transform_sample *sample, int64_t down, int64_t right);

/* Sets rows [top, top + rows) and columns [left, left + columns) to 0, as far as they are in the image. */
void nn_transform_image_clear(const nn_transform_sample *sample, int64_t top, int64_t left, int64_t rows,
                              int64_t columns);

#endif
