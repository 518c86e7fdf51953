/* Images as `nntrain import images` needs them: decoded whole, 8 bits a value, one or three channels. */
#ifndef NN_IMPORT_IMAGE_H
#define NN_IMPORT_IMAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/status.h"

/* Row-major, channels last. Zero-initialise; reading again uses the room again. */
typedef struct nn_image {
    int64_t height, width;
    int channels; /* 1: grey, 3: red, green, blue */
    unsigned char *values;
    size_t capacity;
} nn_image;

void nn_image_release(nn_image *image);

/* Makes room for height x width x channels values and sets these. */
nn_status nn_image_resize_room(nn_image *image, int64_t height, int64_t width, int channels);

/* Reads a PNG or JPEG file, by its content: 16 bits become 8, a palette its colours, transparency lies over
 * black, and the orientation that EXIF tells of a JPEG is applied. A damaged file, one cut short, and one
 * of another kind are errors that name it. */
nn_status nn_image_read(const char *path, nn_image *image);

/* The two decoders of nn_image_read; `file` stands at its beginning. */
nn_status nn_image_read_png(const char *path, FILE *file, nn_image *image);
nn_status nn_image_read_jpeg(const char *path, FILE *file, nn_image *image);

/* Turns and mirrors the image as EXIF's orientation 1 to 8 says. */
nn_status nn_image_orient(nn_image *image, int orientation);

/* Grey from colours (ITU-R BT.601 luma, as JPEG has it), or equal colours from grey. */
nn_status nn_image_set_channels(nn_image *image, int channels);

/* How an image of another size becomes one of the wanted size. */
typedef enum nn_image_fit {
    NN_IMAGE_CROP,    /* covers, the middle is cut out */
    NN_IMAGE_STRETCH, /* both sides on their own */
    NN_IMAGE_PAD      /* lies in the middle on black */
} nn_image_fit;

/* Which source values make each target value along one side, and with what weights. */
typedef struct nn_image_axis {
    int64_t taps;           /* room for the weights of one target */
    int64_t *begin, *count; /* first source value, and how many */
    double *weights;        /* targets x taps */
    size_t targets_capacity, weights_capacity;
} nn_image_axis;

/* What nn_image_scale works with; zero-initialise, release. */
typedef struct nn_image_scaler {
    nn_image_axis rows, columns;
    double *middle; /* source rows x target columns x channels */
    size_t middle_capacity;
} nn_image_scaler;
void nn_image_scaler_release(nn_image_scaler *scaler);

/* Writes height x width values of as many channels as the image has. The filter is a triangle that widens
 * with the reduction, so that small images keep no aliases. */
nn_status nn_image_scale(nn_image_scaler *scaler, const nn_image *image, nn_image_fit fit, int64_t height,
                         int64_t width, unsigned char *values);

#endif
