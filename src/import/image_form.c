#include "import/image_form.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>

#include "import/sources.h"

enum { COLOUR_AUTO, COLOUR_RGB, COLOUR_GREY };

const char *const nn_image_fit_choices[] = {[NN_IMAGE_CROP] = "crop",
                                            [NN_IMAGE_STRETCH] = "stretch",
                                            [NN_IMAGE_PAD] = "pad",
                                            [NN_IMAGE_PAD + 1] = NULL};
const char *const nn_image_colour_choices[] = {"auto", "rgb", "grey", NULL};

const struct nn_image_part_folder nn_image_part_folders[NN_IMAGE_PART_FOLDERS] = {
    {"train", "train"},
    {"val", "validation"},
    {"valid", "validation"},
    {"validation", "validation"},
    {"test", "test"}};

static nn_status form_read_size(nn_image_form *form)
{
    const char *size = form->options->size;
    char *end;
    form->height = strtol(size, &end, 10);
    bool separated = *end == 'x' || *end == 'X';
    form->width = separated && isdigit((unsigned char)end[1]) ? strtol(end + 1, &end, 10) : 0;
    const int64_t most = 32768;
    if (*end || form->height < 1 || form->width < 1 || form->height > most || form->width > most)
        NN_FAIL(NN_ERROR_USAGE, "--size: '%s' is not HEIGHTxWIDTH in pixels, such as 32x32", size);
    form->sized = true;
    return NN_OK;
}

nn_status nn_image_form_begin(nn_image_form *form, const nn_import *import, const nn_image_options *options)
{
    nn_import_like_field earlier;
    form->options = options;
    form->like = import->like;
    if (options->size) return form_read_size(form);
    if (!nn_import_like_find(import->like, "x", &earlier) || earlier.shape.dimensions != 3) return NN_OK;
    form->height = earlier.shape.extents[0];
    form->width = earlier.shape.extents[1];
    form->like_channels = (int)earlier.shape.extents[2];
    form->sized = true;
    return NN_OK;
}

nn_status nn_image_form_settle(nn_image_form *form, const char *first)
{
    bool automatic = form->options->colour == COLOUR_AUTO;
    form->channels = form->options->colour == COLOUR_GREY ? 1 : 3;
    if (form->sized && !automatic) return NN_OK;
    if (form->sized && form->like_channels) {
        form->channels = form->like_channels;
        return NN_OK;
    }
    NN_TRY(nn_image_read(first, &form->image));
    if (automatic) form->channels = form->image.channels;
    if (form->sized) return NN_OK;
    form->height = form->image.height;
    form->width = form->image.width;
    return NN_OK;
}

nn_shape nn_image_form_shape(const nn_image_form *form)
{
    return (nn_shape){3, {form->height, form->width, form->channels}};
}

static nn_status form_fit(nn_image_form *form, unsigned char *values)
{
    nn_image *image = &form->image;
    if (!form->sized && (image->height != form->height || image->width != form->width))
        NN_FAIL(NN_ERROR_DATA,
                "it has %" PRId64 " x %" PRId64 " pixels, but the first image has %" PRId64 " x %" PRId64
                ": choose a common size, such as --size 32x32",
                image->height, image->width, form->height, form->width);
    bool loses_colours = form->options->colour == COLOUR_AUTO && image->channels > form->channels;
    if (loses_colours && form->like_channels)
        NN_FAIL(NN_ERROR_DATA, "it is in colour, but the images in %s are grey: add --colour grey",
                nn_import_like_path(form->like));
    if (loses_colours)
        NN_FAIL(NN_ERROR_DATA,
                "it is in colour, but the first image is grey: add --colour rgb or --colour grey");
    NN_TRY(nn_image_set_channels(image, form->channels));
    return nn_image_scale(&form->scaler, image, (nn_image_fit)form->options->fit, form->height, form->width,
                          values);
}

nn_status nn_image_form_read(nn_image_form *form, const char *path, unsigned char *values)
{
    NN_TRY(nn_image_read(path, &form->image));
    nn_status status = form_fit(form, values);
    return status == NN_OK ? NN_OK : nn_fail_context(status, "'%s'", path);
}

void nn_image_form_release(nn_image_form *form)
{
    nn_image_release(&form->image);
    nn_image_scaler_release(&form->scaler);
}

bool nn_image_form_takes(const char *folder, const char *name)
{
    (void)folder;
    return name[0] != '.' && (nn_import_source_ends(name, ".png") || nn_import_source_ends(name, ".jpg") ||
                              nn_import_source_ends(name, ".jpeg"));
}
