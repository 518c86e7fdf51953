/* PNG (Portable Network Graphics, third edition, W3C 2025) with zlib alone: libpng may be missing. */
#include "draw/png.h"

#include <string.h>
#include <zlib.h>

#include "base/memory.h"

#define PNG_HEADER 13

void nn_base64_append(nn_text *text, const unsigned char *bytes, size_t count)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < count; i += 3) {
        unsigned three = (unsigned)bytes[i] << 16;
        if (i + 1 < count) three |= (unsigned)bytes[i + 1] << 8;
        if (i + 2 < count) three |= bytes[i + 2];
        nn_text_append(text, "%c%c%c%c", digits[three >> 18], digits[three >> 12 & 63],
                       i + 1 < count ? digits[three >> 6 & 63] : '=',
                       i + 2 < count ? digits[three & 63] : '=');
    }
}

static void png_put_number(unsigned char *at, uint32_t number)
{
    for (int b = 0; b < 4; b++) at[b] = (unsigned char)(number >> (24 - 8 * b));
}

/* Length, type, contents, checksum of type and contents. Returns the bytes written. */
static size_t png_put_chunk(unsigned char *at, const char *type, const unsigned char *contents, size_t size)
{
    png_put_number(at, (uint32_t)size);
    memcpy(at + 4, type, 4);
    if (size > 0) memcpy(at + 8, contents, size);
    png_put_number(at + 8 + size, (uint32_t)crc32(0, at + 4, (uInt)(4 + size)));
    return 12 + size;
}

static size_t png_put_all(unsigned char *file, const unsigned char header[PNG_HEADER],
                          const unsigned char *packed, size_t packed_size)
{
    static const unsigned char magic[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    size_t size = sizeof magic;
    memcpy(file, magic, sizeof magic);
    size += png_put_chunk(file + size, "IHDR", header, PNG_HEADER);
    size += png_put_chunk(file + size, "IDAT", packed, packed_size);
    return size + png_put_chunk(file + size, "IEND", NULL, 0);
}

nn_status nn_png_append(nn_text *text, int64_t height, int64_t width, int channels,
                        const unsigned char *pixels)
{
    size_t row = (size_t)(width * channels), size = (size_t)height * (row + 1);
    uLongf packed_size = compressBound((uLong)size);
    unsigned char header[PNG_HEADER] = {0}, *rows = NULL, *packed = NULL, *file = NULL;
    nn_status status;
    NN_TRY_TO(done, status, NN_ALLOCATE(&rows, size, "an image"));
    NN_TRY_TO(done, status, NN_ALLOCATE(&packed, packed_size, "an image"));
    NN_TRY_TO(done, status, NN_ALLOCATE(&file, packed_size + 128, "an image"));
    for (int64_t r = 0; r < height; r++) { /* each row after its filter: 0, none */
        rows[(size_t)r * (row + 1)] = 0;
        memcpy(rows + (size_t)r * (row + 1) + 1, pixels + (size_t)r * row, row);
    }
    if (compress2(packed, &packed_size, rows, (uLong)size, Z_BEST_COMPRESSION) != Z_OK) {
        status = nn_fail(NN_ERROR_MEMORY, "out of memory for an image");
        goto done;
    }
    png_put_number(header, (uint32_t)width);
    png_put_number(header + 4, (uint32_t)height);
    header[8] = 8; /* bits of a channel */
    header[9] = channels == 1 ? 0 : channels == 3 ? 2 : 6;
    nn_text_append(text, "data:image/png;base64,");
    nn_base64_append(text, file, png_put_all(file, header, packed, packed_size));
done:
    nn_free(rows);
    nn_free(packed);
    nn_free(file);
    return status;
}
