/* Images for `nntrain import images`: completely decoded, 8 bits per value, one or three channels. */
#ifndef NN_IMPORT_IMAGE_H
#define NN_IMPORT_IMAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/status.h"

/* Row-major, channels last. Zero-initialise; reading another image reuses the memory. */
typedef struct nn_image {
    int64_t height, width;
    int channels; /* 1: grey, 3: red, green, blue */
    unsigned char *values;
    size_t capacity;
} nn_image;

/* Frees the values; the image can be read into again. */
void nn_image_release(nn_image *image);

/* Makes room for height x width x channels values and sets these three members. */
nn_status nn_image_resize_room(nn_image *image, int64_t height, int64_t width, int channels);

/* Reads a PNG or JPEG file, recognised by its content: 16 bits are reduced to 8, a palette is replaced by its
 * colours, transparency is put over black, and the EXIF orientation of a JPEG is applied. Files that are
 * damaged, cut short or of another kind are errors that name the file. */
nn_status nn_image_read(const char *path, nn_image *image);

/* The two decoders of nn_image_read; `file` is at its beginning. */
nn_status nn_image_read_png(const char *path, FILE *file, nn_image *image);
nn_status nn_image_read_jpeg(const char *path, FILE *file, nn_image *image);

/* Rotates and mirrors the image according to EXIF orientation 1 to 8. */
nn_status nn_image_orient(nn_image *image, int orientation);

/* Converts colours to grey (ITU-R BT.601 luma, as in JPEG), or grey to equal colours. */
nn_status nn_image_set_channels(nn_image *image, int channels);

/* How an image is brought to another size. */
typedef enum nn_image_fit {
    NN_IMAGE_CROP,    /* scaled to cover the target; the rest is cut off */
    NN_IMAGE_STRETCH, /* both sides scaled independently */
    NN_IMAGE_PAD      /* scaled to fit, centred on black */
} nn_image_fit;

/* The source values that each target value along one side combines, and their weights. */
typedef struct nn_image_axis {
    int64_t taps;           /* room for the weights of one target value */
    int64_t *begin, *count; /* first source value, and their number */
    double *weights;        /* targets x taps */
    size_t targets_capacity, weights_capacity;
} nn_image_axis;

/* The working memory of nn_image_scale; zero-initialise, then release. */
typedef struct nn_image_scaler {
    nn_image_axis rows, columns;
    double *middle; /* source rows x target columns x channels */
    size_t middle_capacity;
} nn_image_scaler;
void nn_image_scaler_release(nn_image_scaler *scaler);

/* Writes height x width values, with the image's number of channels. The filter is a triangle that widens
 * with the reduction, so that reduced images show no aliasing. */
nn_status nn_image_scale(nn_image_scaler *scaler, const nn_image *image, nn_image_fit fit, int64_t height,
                         int64_t width, unsigned char *values);

/* The same for one channel of codes, which have no means: each target value is the code at its centre, and
 * `outside` where the image does not reach. codes: source_height x source_width. */
void nn_image_scale_codes(const unsigned char *codes, int64_t source_height, int64_t source_width,
                          nn_image_fit fit, int64_t height, int64_t width, unsigned char outside,
                          unsigned char *values);

#endif
