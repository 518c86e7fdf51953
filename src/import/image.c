#include "import/image.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "import/sources.h"

/* Far more than the images of any data set: the header of a damaged file may give any size. */
static const int64_t image_most_values = INT64_C(1) << 31;

void nn_image_release(nn_image *image)
{
    nn_free(image->values);
    *image = (nn_image){0};
}

nn_status nn_image_resize_room(nn_image *image, int64_t height, int64_t width, int channels)
{
    if (height < 1 || width < 1 || height > image_most_values / width / channels)
        NN_FAIL(NN_ERROR_DATA, "its size of %" PRId64 " x %" PRId64 " is not possible", height, width);
    size_t size = (size_t)(height * width * channels);
    if (!image->values || size > image->capacity) {
        unsigned char *values;
        NN_TRY(NN_ALLOCATE(&values, size, "an image"));
        nn_free(image->values);
        image->values = values;
        image->capacity = size;
    }
    image->height = height;
    image->width = width;
    image->channels = channels;
    return NN_OK;
}

/* What a file with the name of an image is instead. */
static const char *image_kind(const unsigned char *bytes, size_t size)
{
    if (size == 0) return "it is empty";
    if (size >= 4 && memcmp(bytes, "GIF8", 4) == 0) return "it is a GIF: convert it to PNG";
    if (size >= 12 && memcmp(bytes, "RIFF", 4) == 0 && memcmp(bytes + 8, "WEBP", 4) == 0)
        return "it is a WebP image: convert it to PNG";
    if (size >= 2 && memcmp(bytes, "BM", 2) == 0) return "it is a BMP: convert it to PNG";
    if (size >= 4 && (memcmp(bytes, "II*", 4) == 0 || memcmp(bytes, "MM\0*", 4) == 0))
        return "it is a TIFF: convert it to PNG";
    return "it is neither PNG nor JPEG";
}

static nn_status image_decode(const char *path, FILE *file, nn_image *image)
{
    unsigned char bytes[12];
    size_t size = fread(bytes, 1, sizeof(bytes), file);
    if (ferror(file)) NN_FAIL(NN_ERROR_IO, "'%s' cannot be read: %s", path, strerror(errno));
    if (fseek(file, 0, SEEK_SET) != 0) NN_FAIL(NN_ERROR_IO, "'%s' cannot be read: %s", path, strerror(errno));
    if (size >= 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0) return nn_image_read_png(path, file, image);
    if (size >= 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0) return nn_image_read_jpeg(path, file, image);
    NN_FAIL(NN_ERROR_DATA, "'%s' cannot be used as an image: %s", path, image_kind(bytes, size));
}

nn_status nn_image_read(const char *path, nn_image *image)
{
    int descriptor;
    NN_TRY(nn_import_source_open(path, &descriptor));
    FILE *file = fdopen(descriptor, "rb");
    if (!file) {
        close(descriptor);
        NN_FAIL(NN_ERROR_MEMORY, "out of memory for opening '%s'", path);
    }
    nn_status status = image_decode(path, file, image);
    (void)fclose(file); /* was only read */
    return status;
}

/* Where the oriented pixel (row, column) is in an image of height x width. */
static size_t image_source(int orientation, int64_t height, int64_t width, int64_t row, int64_t column)
{
    if (orientation >= 5) { /* rows and columns are swapped */
        int64_t swap = row;
        row = column;
        column = swap;
    }
    bool mirror_columns = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    bool mirror_rows = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    if (mirror_columns) column = width - 1 - column;
    if (mirror_rows) row = height - 1 - row;
    return (size_t)(row * width + column);
}

nn_status nn_image_orient(nn_image *image, int orientation)
{
    if (orientation < 2 || orientation > 8) return NN_OK;
    nn_image turned = {0};
    bool swapped = orientation >= 5;
    size_t channels = (size_t)image->channels;
    NN_TRY(nn_image_resize_room(&turned, swapped ? image->width : image->height,
                                swapped ? image->height : image->width, image->channels));
    unsigned char *target = turned.values;
    for (int64_t row = 0; row < turned.height; row++)
        for (int64_t column = 0; column < turned.width; column++, target += channels) {
            size_t source = image_source(orientation, image->height, image->width, row, column);
            memcpy(target, image->values + source * channels, channels);
        }
    nn_image_release(image);
    *image = turned;
    return NN_OK;
}

static void image_to_grey(nn_image *image)
{
    size_t pixels = (size_t)(image->height * image->width);
    unsigned char *values = image->values;
    for (size_t i = 0; i < pixels; i++) {
        unsigned luma = 19595U * values[3 * i] + 38470U * values[3 * i + 1] + 7471U * values[3 * i + 2];
        values[i] = (unsigned char)((luma + 32768U) >> 16);
    }
    image->channels = 1;
}

nn_status nn_image_set_channels(nn_image *image, int channels)
{
    if (image->channels == channels) return NN_OK;
    if (channels == 1) {
        image_to_grey(image);
        return NN_OK;
    }
    nn_image colours = {0};
    NN_TRY(nn_image_resize_room(&colours, image->height, image->width, 3));
    size_t pixels = (size_t)(image->height * image->width);
    for (size_t i = 0; colours.values && i < pixels; i++)
        colours.values[3 * i] = colours.values[3 * i + 1] = colours.values[3 * i + 2] = image->values[i];
    nn_image_release(image);
    *image = colours;
    return NN_OK;
}
