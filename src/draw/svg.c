#include "draw/svg.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

/* ---- text ---- */

/* The bytes of the character at `text` if it is UTF-8 that XML can hold; 0 otherwise. */
static size_t svg_character(const unsigned char *text)
{
    size_t bytes = text[0] < 0x80 ? 1 : text[0] >= 0xF0 ? 4 : text[0] >= 0xE0 ? 3 : 2;
    unsigned code = bytes == 1 ? text[0] : text[0] & (0x7FU >> bytes);
    if (bytes == 1) return code >= 0x20 || code == '\t' || code == '\n' ? 1 : 0;
    if (text[0] < 0xC2 || text[0] > 0xF4) return 0;
    for (size_t i = 1; i < bytes; i++) {
        if ((text[i] & 0xC0) != 0x80) return 0;
        code = code << 6 | (text[i] & 0x3FU);
    }
    bool overlong = (bytes == 3 && code < 0x800) || (bytes == 4 && code < 0x10000);
    bool foreign = (code >= 0x7F && code <= 0x9F) || (code >= 0xD800 && code <= 0xDFFF) ||
                   (code & 0xFFFE) == 0xFFFE || code > 0x10FFFF;
    return overlong || foreign ? 0 : bytes;
}

/* U+202A to U+202E and U+2066 to U+2069 change the direction in which what follows is shown, beyond the name
 * that has them. */
static bool svg_turns(const unsigned char *character)
{
    if (character[0] != 0xE2) return false;
    return character[1] == 0x80 ? character[2] >= 0xAA && character[2] <= 0xAE
                                : character[1] == 0x81 && character[2] >= 0xA6 && character[2] <= 0xA9;
}

void nn_svg_append_text(nn_text *svg, const char *text)
{
    static const char *const escapes[][2] = {
        {"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}};
    for (const char *at = text; *at;) {
        size_t bytes = svg_character((const unsigned char *)at), e = 0;
        while (e < sizeof escapes / sizeof *escapes && escapes[e][0][0] != *at) e++;
        if (e < sizeof escapes / sizeof *escapes)
            nn_text_append(svg, "%s", escapes[e][1]);
        else if (bytes > 0 && !svg_turns((const unsigned char *)at))
            nn_text_append(svg, "%.*s", (int)bytes, at);
        else
            nn_text_append(svg, "\xEF\xBF\xBD");
        at += bytes > 0 ? bytes : 1;
    }
}

/* ---- paths ---- */

/* Two decimals at most: a hundredth of a pixel cannot be seen. */
static void svg_append_number(nn_text *svg, double value)
{
    double rounded = round(100 * value) / 100;
    nn_text_append(svg, "%.6g", rounded == 0 ? 0 : rounded);
}

static double svg_x(const nn_svg_frame *frame, double x)
{
    return frame->left + frame->width * nn_axis_place(frame->x, x);
}

static double svg_y(const nn_svg_frame *frame, double y)
{
    return frame->top + frame->height * (1 - nn_axis_place(frame->y, y));
}

static void svg_append_point(nn_text *svg, const nn_svg_frame *frame, char command, double x, double y)
{
    nn_text_append(svg, "%c", command);
    svg_append_number(svg, svg_x(frame, x));
    nn_text_append(svg, ",");
    svg_append_number(svg, svg_y(frame, y));
}

static bool svg_shows(const nn_svg_frame *frame, double x, double y)
{
    return isfinite(nn_axis_place(frame->x, x)) && isfinite(nn_axis_place(frame->y, y));
}

static size_t svg_columns(const nn_svg_frame *frame)
{
    return frame->columns > 0 ? frame->columns : (size_t)frame->width;
}

static nn_status svg_thin(const nn_svg_frame *frame, const nn_points *points, size_t **kept, size_t *count)
{
    NN_TRY(NN_ALLOCATE(kept, points->count, "the points of a curve"));
    *count = nn_points_thin(points, frame->x, frame->y, svg_columns(frame), *kept);
    return NN_OK;
}

nn_status nn_svg_append_curve(nn_text *svg, const nn_svg_frame *frame, const nn_points *points)
{
    size_t *kept, count;
    char command = 'M';
    bool alone = false; /* the last point has no line yet */
    NN_TRY(svg_thin(frame, points, &kept, &count));
    for (size_t k = 0; k < count; k++) {
        double x = points->x[kept[k]], y = points->y[kept[k]];
        bool shown = svg_shows(frame, x, y);
        if (!shown && alone) nn_text_append(svg, "h0");
        if (shown) svg_append_point(svg, frame, command, x, y);
        alone = shown && command == 'M';
        command = shown ? 'L' : 'M';
    }
    if (alone) nn_text_append(svg, "h0");
    nn_free(kept);
    return svg->failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a drawing") : NN_OK;
}

static bool svg_band_shows(const nn_svg_frame *frame, const nn_points *low, const nn_points *high, size_t i)
{
    return svg_shows(frame, low->x[i], low->y[i]) && svg_shows(frame, high->x[i], high->y[i]);
}

/* Forward along one edge and back along the other, piece by piece between gaps. Each edge is thinned by
 * itself. */
nn_status nn_svg_append_band(nn_text *svg, const nn_svg_frame *frame, const nn_points *low,
                             const nn_points *high)
{
    for (size_t begin = 0, end; begin < low->count; begin = end) {
        size_t *kept, count;
        bool shown = svg_band_shows(frame, low, high, begin);
        for (end = begin + 1; end < low->count && svg_band_shows(frame, low, high, end) == shown;) end++;
        if (!shown) continue;
        nn_points edge = {low->x + begin, high->y + begin, end - begin};
        NN_TRY(svg_thin(frame, &edge, &kept, &count));
        for (size_t k = 0; k < count; k++)
            svg_append_point(svg, frame, k == 0 ? 'M' : 'L', edge.x[kept[k]], edge.y[kept[k]]);
        edge.y = low->y + begin;
        count = nn_points_thin(&edge, frame->x, frame->y, svg_columns(frame), kept);
        while (count-- > 0) svg_append_point(svg, frame, 'L', edge.x[kept[count]], edge.y[kept[count]]);
        nn_text_append(svg, "Z");
        nn_free(kept);
    }
    return svg->failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a drawing") : NN_OK;
}

nn_status nn_svg_append_dots(nn_text *svg, const nn_svg_frame *frame, const nn_points *points)
{
    size_t columns = (size_t)frame->width + 1, rows = (size_t)frame->height + 1;
    bool *taken = NULL;
    NN_TRY(NN_ALLOCATE(&taken, columns * rows, "the points of a drawing"));
    for (size_t i = 0; i < points->count; i++) {
        double x = nn_axis_place(frame->x, points->x[i]), y = nn_axis_place(frame->y, points->y[i]);
        if (!(x >= 0 && x <= 1 && y >= 0 && y <= 1)) continue;
        bool *own = &taken[(size_t)(y * frame->height) * columns + (size_t)(x * frame->width)];
        if (*own) continue;
        *own = true;
        svg_append_point(svg, frame, 'M', points->x[i], points->y[i]);
        nn_text_append(svg, "h0");
    }
    nn_free(taken);
    return svg->failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a drawing") : NN_OK;
}

void nn_svg_append_bars(nn_text *svg, const nn_svg_frame *frame, const nn_points *points, double width)
{
    for (size_t i = 0; i < points->count; i++) {
        double left = svg_x(frame, points->x[i] - width / 2), right = svg_x(frame, points->x[i] + width / 2);
        if (points->y[i] == 0 || !svg_shows(frame, points->x[i], points->y[i])) continue;
        svg_append_point(svg, frame, 'M', points->x[i] - width / 2, 0);
        nn_text_append(svg, "V");
        svg_append_number(svg, svg_y(frame, points->y[i]));
        nn_text_append(svg, "H");
        svg_append_number(svg, right - fmin(1, (right - left) / 4)); /* a gap between bars */
        nn_text_append(svg, "V");
        svg_append_number(svg, svg_y(frame, 0));
        nn_text_append(svg, "Z");
    }
}
