/* PNG through libpng. Its errors return by longjmp: no function that is jumped out of owns anything. */
#include <setjmp.h>
#include <string.h>

#include "base/memory.h"
#include "build.h"
#include "import/image.h"

#if NN_HAVE_PNG
#include <png.h>

typedef struct png_reader {
    png_structp png;
    png_infop info;
    nn_image *image;
    png_bytep *rows;
    unsigned char *wide; /* values with alpha, as delivered by libpng; owned */
    nn_status status;    /* of a failure outside libpng */
    char message[128];   /* of libpng's */
} png_reader;

static void png_on_error(png_structp png, png_const_charp message)
{
    png_reader *reader = png_get_error_ptr(png);
    (void)snprintf(reader->message, sizeof(reader->message), "%s", message);
    png_longjmp(png, 1);
}

/* Warnings concern only what does not affect the pixels: damaged dates, profiles, texts. */
static void png_on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void png_set_transforms(png_reader *reader)
{
    png_set_expand(reader->png);
    png_set_scale_16(reader->png);
    (void)png_set_interlace_handling(reader->png);
    png_read_update_info(reader->png, reader->info);
}

/* Makes room for the rows as libpng delivers them: with alpha they are wider than the image. */
static nn_status png_make_room(png_reader *reader)
{
    int channels = png_get_channels(reader->png, reader->info);
    int64_t height = png_get_image_height(reader->png, reader->info);
    int64_t width = png_get_image_width(reader->png, reader->info);
    size_t row = png_get_rowbytes(reader->png, reader->info);
    NN_TRY(nn_image_resize_room(reader->image, height, width, channels < 3 ? 1 : 3));
    NN_TRY(NN_ALLOCATE(&reader->rows, height, "the rows of an image"));
    if (channels % 2 == 0)
        NN_TRY(NN_ALLOCATE(&reader->wide, row * (size_t)height, "an image with transparency"));
    unsigned char *values = reader->wide ? reader->wide : reader->image->values;
    for (int64_t i = 0; i < height; i++) reader->rows[i] = values + row * (size_t)i;
    return NN_OK;
}

/* Puts transparent pixels over black: each colour times its alpha, rounded. */
static void png_drop_alpha(png_reader *reader)
{
    nn_image *image = reader->image;
    const unsigned char *wide = reader->wide;
    unsigned char *values = image->values;
    int channels = image->channels;
    for (int64_t i = 0; wide && i < image->height * image->width; i++, wide += channels + 1)
        for (int c = 0; c < channels; c++)
            *values++ = (unsigned char)((2U * wide[c] * wide[channels] + 255U) / 510U);
}

/* False: libpng has failed, or `status` is the failure. */
static bool png_decode(png_reader *reader, FILE *file)
{
    if (setjmp(png_jmpbuf(reader->png))) return false;
    png_init_io(reader->png, file);
    png_read_info(reader->png, reader->info);
    png_set_transforms(reader);
    reader->status = png_make_room(reader);
    if (reader->status != NN_OK) return false;
    png_read_image(reader->png, reader->rows);
    png_read_end(reader->png, NULL);
    return true;
}

nn_status nn_image_read_png(const char *path, FILE *file, nn_image *image)
{
    png_reader reader = {.image = image, .status = NN_OK};
    reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, png_on_error, png_on_warning);
    if (reader.png) reader.info = png_create_info_struct(reader.png);
    nn_status status = NN_OK;
    if (!reader.info)
        status = nn_fail(NN_ERROR_MEMORY, "out of memory for reading the PNG image '%s'", path);
    else if (png_decode(&reader, file))
        png_drop_alpha(&reader);
    else if (reader.status != NN_OK)
        status = nn_fail_context(reader.status, "'%s'", path);
    else
        status = nn_fail(NN_ERROR_DATA, "'%s' is a damaged PNG image, or cut short: download it again (%s)",
                         path, reader.message);
    png_destroy_read_struct(&reader.png, &reader.info, NULL);
    nn_free(reader.rows);
    nn_free(reader.wide);
    return status;
}

#else

nn_status nn_image_read_png(const char *path, FILE *file, nn_image *image)
{
    (void)file;
    (void)image;
    NN_FAIL(NN_ERROR_DATA, "'%s' is a PNG image, and nntrain was built without libpng: rebuild it", path);
}

#endif
