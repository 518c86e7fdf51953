/* Masks through libpng, without any conversion of the pixels. Its errors return by longjmp: no function that
 * is jumped out of owns anything. */
#include <errno.h>
#include <setjmp.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "build.h"
#include "import/image_mask.h"
#include "import/sources.h"

#if NN_HAVE_PNG
#include <png.h>

typedef struct mask_reader {
    png_structp png;
    png_infop info;
    nn_mask *mask;
    png_bytep *rows;
    unsigned char *bytes; /* as stored; owned */
    size_t row_bytes;
    int channels, depth, type;
    nn_status status;  /* of a failure outside libpng */
    char message[128]; /* of libpng's */
} mask_reader;

static void mask_on_error(png_structp png, png_const_charp message)
{
    mask_reader *reader = png_get_error_ptr(png);
    (void)snprintf(reader->message, sizeof(reader->message), "%s", message);
    png_longjmp(png, 1);
}

static void mask_on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static nn_status mask_make_room(mask_reader *reader)
{
    const int64_t most = INT64_C(1) << 28;
    nn_mask *mask = reader->mask;
    mask->height = png_get_image_height(reader->png, reader->info);
    mask->width = png_get_image_width(reader->png, reader->info);
    if (mask->height > most / mask->width)
        NN_FAIL(NN_ERROR_DATA, "its size of %lld x %lld is not possible", (long long)mask->height,
                (long long)mask->width);
    size_t pixels = (size_t)(mask->height * mask->width);
    if (pixels > mask->capacity) {
        nn_free(mask->values);
        mask->values = NULL;
        mask->capacity = 0;
        NN_TRY(NN_ALLOCATE(&mask->values, pixels, "a mask"));
        mask->capacity = pixels;
    }
    NN_TRY(NN_ALLOCATE(&reader->rows, mask->height, "the rows of a mask"));
    NN_TRY(NN_ALLOCATE(&reader->bytes, (size_t)mask->height * reader->row_bytes, "a mask"));
    for (int64_t i = 0; i < mask->height; i++)
        reader->rows[i] = reader->bytes + reader->row_bytes * (size_t)i;
    return NN_OK;
}

static void mask_read_palette(mask_reader *reader)
{
    png_colorp colours = NULL;
    int count = 0;
    nn_mask *mask = reader->mask;
    memset(mask->palette, 0, sizeof mask->palette);
    mask->colours = 0;
    if (reader->type != PNG_COLOR_TYPE_PALETTE ||
        png_get_PLTE(reader->png, reader->info, &colours, &count) == 0)
        return;
    mask->colours = count < NN_MASK_PALETTE ? count : NN_MASK_PALETTE;
    for (int i = 0; i < mask->colours; i++)
        mask->palette[i] =
            (uint32_t)colours[i].red << 16 | (uint32_t)colours[i].green << 8 | (uint32_t)colours[i].blue;
}

/* False: libpng has failed, or `status` is the failure. */
static bool mask_decode(mask_reader *reader, FILE *file)
{
    if (setjmp(png_jmpbuf(reader->png))) return false;
    png_init_io(reader->png, file);
    png_read_info(reader->png, reader->info);
    reader->type = png_get_color_type(reader->png, reader->info);
    reader->depth = png_get_bit_depth(reader->png, reader->info);
    png_set_packing(reader->png);
    (void)png_set_interlace_handling(reader->png);
    png_read_update_info(reader->png, reader->info);
    reader->channels = png_get_channels(reader->png, reader->info);
    reader->row_bytes = png_get_rowbytes(reader->png, reader->info);
    mask_read_palette(reader);
    reader->status = mask_make_room(reader);
    if (reader->status != NN_OK) return false;
    png_read_image(reader->png, reader->rows);
    png_read_end(reader->png, NULL);
    return true;
}

/* ---- pixels ---- */

static nn_status mask_take_colours(mask_reader *reader, int64_t pixels)
{
    const unsigned char *at = reader->bytes;
    for (int64_t i = 0; i < pixels; i++, at += reader->channels) {
        if (reader->channels == 4 && at[3] != 255)
            NN_FAIL(NN_ERROR_DATA, "it has transparent pixels: save it without transparency");
        reader->mask->values[i] = (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
    }
    return NN_OK;
}

static nn_status mask_take_grey(mask_reader *reader, int64_t pixels)
{
    const unsigned char *at = reader->bytes;
    int wide = reader->depth == 16 ? 2 : 1;
    for (int64_t i = 0; i < pixels; i++, at += wide * reader->channels) {
        if (reader->channels == 2 && (at[wide] != 255 || at[2 * wide - 1] != 255))
            NN_FAIL(NN_ERROR_DATA, "it has transparent pixels: save it without transparency");
        reader->mask->values[i] = wide == 2 ? (uint32_t)at[0] << 8 | at[1] : at[0];
    }
    return NN_OK;
}

/* Numbers of the palette, or grey values of 8 bits or fewer, as the colours that they are. */
static nn_status mask_to_colours(mask_reader *reader, int64_t pixels)
{
    nn_mask *mask = reader->mask;
    if (reader->depth == 16)
        NN_FAIL(NN_ERROR_DATA,
                "it has grey values of 16 bits, which are not colours: remove --palette colour");
    uint32_t grey = 0x010101U * (255U / ((1U << reader->depth) - 1U));
    for (int64_t i = 0; i < pixels; i++)
        mask->values[i] =
            mask->kind == NN_MASK_GREY ? mask->values[i] * grey : mask->palette[mask->values[i]];
    mask->kind = NN_MASK_COLOUR;
    return NN_OK;
}

static nn_status mask_check_palette(const mask_reader *reader, int64_t pixels)
{
    for (int64_t i = 0; i < pixels; i++)
        if (reader->mask->values[i] >= (uint32_t)reader->mask->colours)
            NN_FAIL(NN_ERROR_DATA, "it is damaged: a pixel is number %u of a palette of %d colours",
                    (unsigned)reader->mask->values[i], reader->mask->colours);
    return NN_OK;
}

static nn_status mask_take(mask_reader *reader, bool colours)
{
    nn_mask *mask = reader->mask;
    int64_t pixels = mask->height * mask->width;
    bool coloured = reader->type == PNG_COLOR_TYPE_RGB || reader->type == PNG_COLOR_TYPE_RGB_ALPHA;
    if (coloured && reader->depth == 16)
        NN_FAIL(NN_ERROR_DATA, "it has colours of 16 bits per channel: save it with 8");
    mask->kind = coloured                                 ? NN_MASK_COLOUR
                 : reader->type == PNG_COLOR_TYPE_PALETTE ? NN_MASK_INDEX
                                                          : NN_MASK_GREY;
    if (coloured) return mask_take_colours(reader, pixels);
    NN_TRY(mask_take_grey(reader, pixels));
    if (mask->kind == NN_MASK_INDEX) NN_TRY(mask_check_palette(reader, pixels));
    return colours ? mask_to_colours(reader, pixels) : NN_OK;
}

static nn_status mask_read_png(FILE *file, bool colours, nn_mask *mask)
{
    mask_reader reader = {.mask = mask, .status = NN_OK};
    reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, mask_on_error, mask_on_warning);
    if (reader.png) reader.info = png_create_info_struct(reader.png);
    nn_status status = NN_OK;
    if (!reader.info)
        status = nn_fail(NN_ERROR_MEMORY, "out of memory for reading a mask");
    else if (mask_decode(&reader, file))
        status = mask_take(&reader, colours);
    else if (reader.status != NN_OK)
        status = reader.status;
    else
        status = nn_fail(NN_ERROR_DATA, "it is a damaged PNG image, or cut short: download it again (%s)",
                         reader.message);
    png_destroy_read_struct(&reader.png, &reader.info, NULL);
    nn_free(reader.rows);
    nn_free(reader.bytes);
    return status;
}

#else

static nn_status mask_read_png(FILE *file, bool colours, nn_mask *mask)
{
    (void)file;
    (void)colours;
    (void)mask;
    NN_FAIL(NN_ERROR_DATA, "it is a PNG image, and nntrain was built without libpng: rebuild it");
}

#endif

static nn_status mask_read_file(FILE *file, bool colours, nn_mask *mask)
{
    unsigned char bytes[8];
    size_t size = fread(bytes, 1, sizeof bytes, file);
    if (ferror(file) || fseek(file, 0, SEEK_SET) != 0)
        NN_FAIL(NN_ERROR_IO, "it cannot be read: %s", strerror(errno));
    if (size == 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0) return mask_read_png(file, colours, mask);
    bool jpeg = size >= 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0;
    NN_FAIL(NN_ERROR_DATA, "it is %s PNG: %s", jpeg ? "a JPEG, not a" : "not a",
            jpeg ? "JPEG changes the numbers of the classes; save the masks as PNG from where they were made"
                 : "save the masks as PNG");
}

nn_status nn_mask_read(const char *path, bool colours, nn_mask *mask)
{
    int descriptor;
    NN_TRY(nn_import_source_open(path, &descriptor));
    FILE *file = fdopen(descriptor, "rb");
    if (!file) {
        close(descriptor);
        NN_FAIL(NN_ERROR_MEMORY, "out of memory for opening '%s'", path);
    }
    nn_status status = mask_read_file(file, colours, mask);
    (void)fclose(file); /* was only read */
    return status == NN_OK ? NN_OK : nn_fail_context(status, "the mask '%s'", path);
}
