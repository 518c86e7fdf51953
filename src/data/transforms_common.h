/* Helpers shared by transforms, mostly those of images. Private to the transforms. */
#ifndef NN_DATA_TRANSFORMS_COMMON_H
#define NN_DATA_TRANSFORMS_COMMON_H

#include "data/transform.h"

typedef struct nn_transform_image {
    int64_t height, width, channels;
} nn_transform_image;

/* Fails unless samples are height x width or height x width x channels. */
nn_status nn_transform_image_check(nn_shape shape);

/* As nn_transform_image_check; also fails if `pixels` exceeds the image's smaller side minus `spare`. option:
 * for the message. */
nn_status nn_transform_image_check_extent(nn_shape shape, const char *option, int64_t pixels, int64_t spare);

/* The extents of a shape that passed nn_transform_image_check. */
nn_transform_image nn_transform_image_of(nn_shape shape);

/* A uniformly random integer from low to high, from draw number `draw`. */
int64_t nn_transform_between(const nn_transform_sample *sample, uint32_t draw, int64_t low, int64_t high);

/* Shifts the image by `down` rows and `right` columns, and fills with zeros. */
void nn_transform_image_shift(const nn_transform_sample *sample, int64_t down, int64_t right);

/* Sets rows [top, top + rows) and columns [left, left + columns) to 0, clipped to the image. */
void nn_transform_image_clear(const nn_transform_sample *sample, int64_t top, int64_t left, int64_t rows,
                              int64_t columns);

#endif
