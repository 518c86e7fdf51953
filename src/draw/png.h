/* Small pictures in a page: PNG files as data URIs. */
#ifndef NN_DRAW_PNG_H
#define NN_DRAW_PNG_H

#include "base/text.h"

/* Appends "data:image/png;base64,..." of height x width pixels, each of 1 byte (grey), 3 (red, green, blue)
 * or 4 (and opacity), row by row from the top. Fails only for a lack of memory. */
nn_status nn_png_append(nn_text *text, int64_t height, int64_t width, int channels,
                        const unsigned char *pixels);

/* Appends bytes in base64 (RFC 4648). */
void nn_base64_append(nn_text *text, const unsigned char *bytes, size_t count);

#endif
