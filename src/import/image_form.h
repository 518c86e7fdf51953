/* The size and channels that all images of an import get. Private to import. */
#ifndef NN_IMPORT_IMAGE_FORM_H
#define NN_IMPORT_IMAGE_FORM_H

#include "import/image.h"
#include "import/like.h"

/* Options of every importer of images. */
typedef struct nn_image_options {
    char *size;
    int fit, colour;
} nn_image_options;

extern const char *const nn_image_fit_choices[], *const nn_image_colour_choices[];

/* The rows of their option table; `at` is the offset of the nn_image_options in the importer's options. */
#define NN_IMAGE_OPTION_ROWS(at)                                                                             \
    {"size",                                                                                                 \
     NN_OPTION_TEXT,                                                                                         \
     (at) + offsetof(nn_image_options, size),                                                                \
     "",                                                                                                     \
     0,                                                                                                      \
     0,                                                                                                      \
     NULL,                                                                                                   \
     NN_EFFECT_RESULT,                                                                                       \
     "height x width of all images in pixels, such as 32x32 (default: their common size)"},                  \
        {"fit",                                                                                              \
         NN_OPTION_CHOICE,                                                                                   \
         (at) + offsetof(nn_image_options, fit),                                                             \
         "crop",                                                                                             \
         0,                                                                                                  \
         0,                                                                                                  \
         nn_image_fit_choices,                                                                               \
         NN_EFFECT_RESULT,                                                                                   \
         "crop: fill the size and cut off the rest; stretch: ignore the aspect ratio; pad: centre on "       \
         "black"},                                                                                           \
    {                                                                                                        \
        "colour", NN_OPTION_CHOICE, (at) + offsetof(nn_image_options, colour), "auto", 0, 0,                 \
            nn_image_colour_choices, NN_EFFECT_RESULT,                                                       \
            "rgb: 3 channels; grey: 1; auto: that of the first image"                                        \
    }

/* Zero-initialise; release with nn_image_form_release. */
typedef struct nn_image_form {
    const nn_image_options *options; /* borrowed */
    const nn_import_like *like;      /* an earlier import, or NULL; borrowed */
    int64_t height, width;
    int channels, like_channels; /* like_channels: those of the earlier import; 0: none */
    bool sized;                  /* height and width are set, by --size or the earlier import */
    nn_image image;              /* the last one that was read, in its own size */
    nn_image_scaler scaler;
} nn_image_form;

/* Takes the size from the options, or the size and channels from x of an earlier import. */
nn_status nn_image_form_begin(nn_image_form *form, const nn_import *import, const nn_image_options *options);

/* Decides what options and the earlier import leave open, from the first image. */
nn_status nn_image_form_settle(nn_image_form *form, const char *first);

/* The shape of an image's values. */
nn_shape nn_image_form_shape(const nn_image_form *form);

/* Decodes an image and writes its height x width x channels values. A failure names the file. */
nn_status nn_image_form_read(nn_image_form *form, const char *path, unsigned char *values);

void nn_image_form_release(nn_image_form *form);

/* Folders of a data set that are parts of it. */
#define NN_IMAGE_PART_FOLDERS 5
extern const struct nn_image_part_folder {
    const char *folder, *part;
} nn_image_part_folders[NN_IMAGE_PART_FOLDERS];

/* Whether the name is that of an image (.png, .jpg, .jpeg): an nn_import_source_filter. */
bool nn_image_form_takes(const char *folder, const char *name);

#endif
