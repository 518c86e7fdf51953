/* JPEG through libjpeg. Its errors return by longjmp: no function that is jumped out of owns anything. */
#include <setjmp.h>
#include <string.h>

#include "base/memory.h"
#include "build.h"
#include "import/image.h"

#if NN_HAVE_JPEG
#include <jpeglib.h>
/* Codes of libjpeg's warnings. */
#include <jerror.h>

typedef struct jpeg_reader {
    struct jpeg_error_mgr errors; /* first: libjpeg passes on its address */
    struct jpeg_decompress_struct jpeg;
    jmp_buf jump;
    nn_image *image;
    int orientation;
    nn_status status; /* of a failure outside libjpeg */
    char message[JMSG_LENGTH_MAX];
} jpeg_reader;

static void jpeg_on_error(j_common_ptr jpeg)
{
    jpeg_reader *reader = (jpeg_reader *)jpeg->err;
    jpeg->err->format_message(jpeg, reader->message);
    longjmp(reader->jump, 1);
}

/* After damage, libjpeg continues with grey pixels and a warning; only these warnings are harmless. */
static void jpeg_on_warning(j_common_ptr jpeg, int level)
{
    int code = jpeg->err->msg_code;
    if (level >= 0 || code == JWRN_EXTRANEOUS_DATA || code == JWRN_JFIF_MAJOR || code == JWRN_ADOBE_XFORM)
        return;
    jpeg_on_error(jpeg);
}

static unsigned jpeg_number(const unsigned char *bytes, int size, bool little)
{
    unsigned number = 0;
    for (int i = 0; i < size; i++) number = number << 8 | bytes[little ? size - 1 - i : i];
    return number;
}

/* Tag 0x0112 of the first directory of the TIFF structure in an EXIF marker; 1 when there is none. */
static int jpeg_exif_orientation(const unsigned char *bytes, unsigned size)
{
    if (size < 14 || memcmp(bytes, "Exif\0", 6) != 0) return 1;
    bytes += 6;
    size -= 6;
    bool little = bytes[0] == 'I';
    unsigned at = jpeg_number(bytes + 4, 4, little);
    if (at > size - 2) return 1;
    unsigned entries = jpeg_number(bytes + at, 2, little);
    for (at += 2; entries > 0 && at <= size && size - at >= 12; entries--, at += 12)
        if (jpeg_number(bytes + at, 2, little) == 0x0112) return (int)jpeg_number(bytes + at + 8, 2, little);
    return 1;
}

static void jpeg_find_orientation(jpeg_reader *reader)
{
    reader->orientation = 1;
    for (jpeg_saved_marker_ptr marker = reader->jpeg.marker_list; marker; marker = marker->next)
        if (marker->data_length >= 6 && memcmp(marker->data, "Exif\0", 6) == 0) {
            reader->orientation = jpeg_exif_orientation(marker->data, marker->data_length);
            return;
        }
}

static nn_status jpeg_set_colours(jpeg_reader *reader)
{
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    if (jpeg->num_components == 4)
        NN_FAIL(NN_ERROR_DATA, "it uses the four colours of print (CMYK): convert it, for example with "
                               "'mogrify -colorspace sRGB FILE'");
    jpeg->out_color_space = jpeg->num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg->dct_method = JDCT_ISLOW;
    return nn_image_resize_room(reader->image, jpeg->image_height, jpeg->image_width,
                                jpeg->num_components == 1 ? 1 : 3);
}

/* False: libjpeg has failed, or `status` is the failure. */
static bool jpeg_decode(jpeg_reader *reader, FILE *file)
{
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    if (setjmp(reader->jump)) return false;
    jpeg_create_decompress(jpeg);
    jpeg_stdio_src(jpeg, file);
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xFFFF);
    jpeg_read_header(jpeg, TRUE);
    jpeg_find_orientation(reader);
    reader->status = jpeg_set_colours(reader);
    if (reader->status != NN_OK) return false;
    jpeg_start_decompress(jpeg);
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = reader->image->values +
                       (size_t)jpeg->output_scanline * jpeg->output_width * (size_t)jpeg->output_components;
        jpeg_read_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_decompress(jpeg);
    return true;
}

nn_status nn_image_read_jpeg(const char *path, FILE *file, nn_image *image)
{
    jpeg_reader reader = {.image = image, .status = NN_OK};
    reader.jpeg.err = jpeg_std_error(&reader.errors);
    reader.errors.error_exit = jpeg_on_error;
    reader.errors.emit_message = jpeg_on_warning;
    nn_status status = NN_OK;
    if (jpeg_decode(&reader, file))
        status = nn_image_orient(image, reader.orientation);
    else if (reader.status != NN_OK)
        status = nn_fail_context(reader.status, "'%s'", path);
    else
        status = nn_fail(NN_ERROR_DATA, "'%s' is a damaged JPEG image, or cut short: download it again (%s)",
                         path, reader.message);
    jpeg_destroy_decompress(&reader.jpeg);
    return status;
}

#else

nn_status nn_image_read_jpeg(const char *path, FILE *file, nn_image *image)
{
    (void)file;
    (void)image;
    NN_FAIL(NN_ERROR_DATA, "'%s' is a JPEG image, and nntrain was built without libjpeg: rebuild it", path);
}

#endif
