#include "draw/heat_map.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "draw/svg.h"

#define LETTER 6.8
#define NAME_LETTERS 18 /* of a name that are shown */
#define CELL_HEIGHT 30.0
#define MARGIN 8.0
#define TITLE 22.0
#define DARKEST 0.55 /* text is legible on it */

typedef struct heat_layout {
    double left, top, cell; /* where the cells begin, and their width */
    bool turned;            /* names of columns are written upwards */
    double turned_height, right;
} heat_layout;

static size_t heat_letters(const char *name)
{
    size_t letters = 0;
    for (; *name; name++) letters += ((unsigned char)*name & 0xC0) != 0x80;
    return letters;
}

static double heat_widest(size_t count, const char *const *names)
{
    size_t widest = 1;
    for (size_t i = 0; i < count; i++) {
        size_t letters = heat_letters(names[i]);
        widest = letters > widest ? letters : widest;
    }
    return LETTER * (double)(widest > NAME_LETTERS ? NAME_LETTERS + 1 : widest);
}

static heat_layout heat_lay_out(const nn_heat_map *map)
{
    double largest = 1, names = heat_widest(map->columns, map->column_names);
    for (size_t i = 0; i < map->rows * map->columns; i++) largest = fmax(largest, map->values[i]);
    double digits = floor(log10(largest)) + 1;
    heat_layout layout = {.cell = fmax(34, LETTER * digits + 14)};
    layout.turned = names + 8 > layout.cell;
    if (layout.turned && names + 8 <= 1.6 * layout.cell) {
        layout.turned = false;
        layout.cell = names + 8;
    }
    layout.turned_height = layout.turned ? 0.75 * names + 12 : 18;
    layout.right = layout.turned ? 0.7 * names : 0;
    layout.left = MARGIN + TITLE + heat_widest(map->rows, map->row_names) + 8;
    layout.top = MARGIN + TITLE + layout.turned_height;
    return layout;
}

void nn_heat_map_size(const nn_heat_map *map, double *width, double *height)
{
    heat_layout layout = heat_lay_out(map);
    *width = layout.left + layout.cell * (double)map->columns + fmax(MARGIN, layout.right);
    *height = layout.top + CELL_HEIGHT * (double)map->rows + MARGIN;
}

/* A name, cut at a character's border, with all of it as a title. */
static void heat_append_name(nn_text *svg, double x, double y, const char *anchor, bool turned,
                             const char *name)
{
    char start[4 * NAME_LETTERS + 4];
    size_t letters = 0, bytes = 0;
    bool cut = heat_letters(name) > NAME_LETTERS;
    while (name[bytes] && bytes + 1 < sizeof start) {
        letters += ((unsigned char)name[bytes] & 0xC0) != 0x80;
        if (letters > NAME_LETTERS) break;
        bytes++;
    }
    snprintf(start, sizeof start, "%.*s", (int)bytes, name);
    nn_text_append(svg, "<text class=\"chart-text\" x=\"%.6g\" y=\"%.6g\" text-anchor=\"%s\"", x, y, anchor);
    if (turned) nn_text_append(svg, " transform=\"rotate(-45 %.6g %.6g)\"", x, y);
    nn_text_append(svg, ">");
    if (cut) {
        nn_text_append(svg, "<title>");
        nn_svg_append_text(svg, name);
        nn_text_append(svg, "</title>");
    }
    nn_svg_append_text(svg, name[0] ? start : "(no name)");
    nn_text_append(svg, cut ? "\xE2\x80\xA6</text>\n" : "</text>\n");
}

static void heat_append_row(nn_text *svg, const nn_heat_map *map, const heat_layout *layout, size_t row)
{
    const double *values = map->values + row * map->columns;
    double all = 0, y = layout->top + CELL_HEIGHT * (double)row;
    for (size_t c = 0; c < map->columns; c++) all += values[c];
    heat_append_name(svg, layout->left - 8, y + CELL_HEIGHT / 2 + 4, "end", false, map->row_names[row]);
    for (size_t c = 0; c < map->columns; c++) {
        double x = layout->left + layout->cell * (double)c, share = all > 0 ? values[c] / all : 0;
        nn_text_append(svg,
                       "<rect class=\"chart-heat%s\" x=\"%.6g\" y=\"%.6g\" width=\"%.6g\" height=\"%.6g\" "
                       "fill=\"%s\" fill-opacity=\"%.3g\" stroke=\"#dddddd\"/>",
                       c == row ? " chart-colour-0" : " chart-colour-1", x, y, layout->cell, CELL_HEIGHT,
                       c == row ? "#0072b2" : "#d55e00", share > 0 ? 0.06 + (DARKEST - 0.06) * share : 0);
        nn_text_append(
            svg, "<text class=\"chart-text\" x=\"%.6g\" y=\"%.6g\" text-anchor=\"middle\"%s>%.15g</text>\n",
            x + layout->cell / 2, y + CELL_HEIGHT / 2 + 4, values[c] == 0 ? " fill-opacity=\"0.75\"" : "",
            values[c]);
    }
}

void nn_heat_map_append(nn_text *svg, const nn_heat_map *map)
{
    heat_layout layout = heat_lay_out(map);
    double middle = layout.top + CELL_HEIGHT * (double)map->rows / 2;
    nn_text_append(svg, "<text class=\"chart-text\" x=\"%.6g\" y=\"%.6g\">", layout.left, MARGIN + 12);
    nn_svg_append_text(svg, map->column_title);
    nn_text_append(svg,
                   "</text>\n<text class=\"chart-text\" x=\"%.6g\" y=\"%.6g\" text-anchor=\"middle\" "
                   "transform=\"rotate(-90 %.6g %.6g)\">",
                   MARGIN + 12, middle, MARGIN + 12, middle);
    nn_svg_append_text(svg, map->row_title);
    nn_text_append(svg, "</text>\n");
    for (size_t c = 0; c < map->columns; c++) {
        double x = layout.left + layout.cell * ((double)c + 0.5);
        heat_append_name(svg, layout.turned ? x - 2 : x, layout.top - 7, layout.turned ? "start" : "middle",
                         layout.turned, map->column_names[c]);
    }
    for (size_t r = 0; r < map->rows; r++) heat_append_row(svg, map, &layout, r);
}
