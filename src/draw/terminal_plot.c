#include "draw/terminal_plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/terminal.h"

enum {
    PLOT_LABEL = 9,
    PLOT_LEAST_WIDTH = 20,
    PLOT_LEAST_HEIGHT = 6,
    PLOT_MOST = 1000,
    PLOT_TICKS = 32,
    PLOT_STYLES = 4
};

/* A direction: the range of values, and how many dots show it. */
typedef struct plot_axis {
    double low, high; /* after the logarithm, if there is one */
    bool log;
    int dots;
} plot_axis;

typedef struct plot_canvas {
    const nn_plot *plot;
    int columns, rows; /* characters inside the axes */
    int across, down;  /* dots of a character */
    plot_axis x, y;
    unsigned char *cells; /* braille: a bit per dot; ASCII: a letter */
} plot_canvas;

/* ---- the terminal ---- */

int nn_plot_columns(void)
{
    int columns = nn_terminal_columns(STDOUT_FILENO);
    const char *stated = getenv("COLUMNS");
    if (columns == 0 && stated) columns = atoi(stated);
    return columns > 0 ? columns : 80;
}

bool nn_plot_has_unicode(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (!value || !*value) continue;
        const char *dot = strchr(value, '.');
        return dot && (strncasecmp(dot, ".utf-8", 6) == 0 || strncasecmp(dot, ".utf8", 5) == 0);
    }
    return false;
}

/* ---- ranges and ticks ---- */

static double axis_value(const plot_axis *axis, double value)
{
    return axis->log ? log10(value) : value;
}

static void axis_include(plot_axis *axis, double value)
{
    value = axis_value(axis, value);
    if (!isfinite(value)) return;
    if (value < axis->low) axis->low = value;
    if (value > axis->high) axis->high = value;
}

/* Values of one size have an axis around them. */
static void axis_widen(plot_axis *axis)
{
    if (axis->high > axis->low) return;
    double by = axis->log || axis->low == 0 ? 1 : fabs(axis->low) / 2;
    axis->low -= by;
    axis->high += by;
}

static int axis_dot(const plot_axis *axis, double value)
{
    return (int)floor((axis_value(axis, value) - axis->low) / (axis->high - axis->low) * (axis->dots - 1) +
                      0.5);
}

/* Round numbers: 1, 2 or 5 times a power of ten apart, about `wanted` of them; of a logarithm, powers of ten.
 */
static int axis_ticks(const plot_axis *axis, int wanted, double ticks[PLOT_TICKS])
{
    double span = (axis->high - axis->low) / (wanted > 1 ? wanted : 1), power = pow(10, floor(log10(span)));
    double part = span / power, step = power * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
    int count = 0;
    if (axis->log && step < 1) step = 1;
    if (axis->log) step = ceil(step);
    for (double k = ceil(axis->low / step - 1e-9); k * step <= axis->high + 1e-9 * step && count < PLOT_TICKS;
         k++)
        ticks[count++] = axis->log ? pow(10, k * step) : k * step + 0.0; /* no -0 */
    return count;
}

/* ---- drawing ---- */

static void canvas_dot(plot_canvas *canvas, int x, int y, unsigned char letter)
{
    static const unsigned char bits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    if (x < 0 || x >= canvas->x.dots || y < 0 || y >= canvas->y.dots) return;
    int down = canvas->y.dots - 1 - y;
    unsigned char *cell = &canvas->cells[down / canvas->down * canvas->columns + x / canvas->across];
    *cell =
        canvas->plot->ascii ? letter : (unsigned char)(*cell | bits[down % canvas->down][x % canvas->across]);
}

/* How a line is dashed: dots on, dots off. In ASCII a letter distinguishes the series. */
static bool canvas_is_drawn(const plot_canvas *canvas, size_t series, int dot)
{
    static const int dashes[PLOT_STYLES][2] = {{1, 0}, {4, 3}, {1, 2}, {6, 6}};
    const int *dash = dashes[series % PLOT_STYLES];
    return canvas->plot->ascii || dot % (dash[0] + dash[1]) < dash[0];
}

static unsigned char canvas_letter(size_t series)
{
    return (unsigned char)("*+xo#%@&"[series % 8]);
}

/* A line without its first dot. *drawn counts along the series. */
static void canvas_line(plot_canvas *canvas, size_t series, const int from[2], const int to[2], int *drawn)
{
    int dx = abs(to[0] - from[0]), dy = abs(to[1] - from[1]), steps = dx > dy ? dx : dy;
    for (int i = 1; i <= steps; i++, ++*drawn) {
        int x = from[0] + (int)floor((double)(to[0] - from[0]) * i / steps + 0.5);
        int y = from[1] + (int)floor((double)(to[1] - from[1]) * i / steps + 0.5);
        if (canvas_is_drawn(canvas, series, *drawn)) canvas_dot(canvas, x, y, canvas_letter(series));
    }
}

static bool canvas_shows(const plot_canvas *canvas, double x, double y)
{
    return isfinite(x) && isfinite(y) && (!canvas->plot->log_x || x > 0) && (!canvas->plot->log_y || y > 0);
}

/* Beyond the top a line continues, but not far enough to overflow. */
static int canvas_limit(int dot, int dots)
{
    return dot > 4 * dots ? 4 * dots : dot < -4 * dots ? -4 * dots : dot;
}

static void canvas_draw(plot_canvas *canvas, size_t number, const nn_plot_series *series)
{
    int last[2] = {0, 0}, drawn = 0;
    bool joins = false;
    for (size_t i = 0; i < series->count; i++) {
        if (!canvas_shows(canvas, series->x[i], series->y[i])) {
            joins = false;
            continue;
        }
        double top = canvas->plot->y_top,
               y = isfinite(top) && series->y[i] > 2 * fabs(top) + top ? 2 * fabs(top) + top : series->y[i];
        int at[2] = {canvas_limit(axis_dot(&canvas->x, series->x[i]), canvas->x.dots),
                     canvas_limit(axis_dot(&canvas->y, y), canvas->y.dots)};
        if (joins)
            canvas_line(canvas, number, last, at, &drawn);
        else
            canvas_dot(canvas, at[0], at[1], canvas_letter(number));
        memcpy(last, at, sizeof last);
        joins = true;
    }
}

static void canvas_mark(plot_canvas *canvas)
{
    double mark = canvas->plot->mark;
    if (!isfinite(mark) || (canvas->plot->log_x && mark <= 0)) return;
    int x = axis_dot(&canvas->x, mark);
    for (int y = 0; y < canvas->y.dots; y += canvas->plot->ascii ? 1 : 2) canvas_dot(canvas, x, y, ':');
}

/* ---- text ---- */

static void canvas_append_cell(const plot_canvas *canvas, unsigned char cell, nn_text *text)
{
    if (canvas->plot->ascii || cell == 0)
        nn_text_append(text, "%c", cell ? cell : ' ');
    else /* U+2800 and the bits of the dots */
        nn_text_append(text, "\xe2%c%c", 0xa0 | cell >> 6, 0x80 | (cell & 0x3f));
}

static void canvas_append_rows(const plot_canvas *canvas, nn_text *text)
{
    const char *bar = canvas->plot->ascii ? "|" : "│", *tick = canvas->plot->ascii ? "+" : "┤";
    double ticks[PLOT_TICKS];
    int count = axis_ticks(&canvas->y, canvas->rows / 4, ticks);
    for (int row = 0; row < canvas->rows; row++) {
        char label[24] = "";
        for (int t = 0; t < count && !label[0]; t++)
            if ((canvas->y.dots - 1 - axis_dot(&canvas->y, ticks[t])) / canvas->down == row)
                snprintf(label, sizeof label, "%.4g", fabs(ticks[t]) < 1e-12 * canvas->y.high ? 0 : ticks[t]);
        nn_text_append(text, "%*s %s", PLOT_LABEL - 1, label, label[0] ? tick : bar);
        for (int c = 0; c < canvas->columns; c++)
            canvas_append_cell(canvas, canvas->cells[row * canvas->columns + c], text);
        while (text->length > 0 && text->bytes && text->bytes[text->length - 1] == ' ')
            text->bytes[--text->length] = '\0';
        nn_text_append(text, "\n");
    }
}

static void canvas_append_x(const plot_canvas *canvas, nn_text *text)
{
    bool ascii = canvas->plot->ascii;
    double ticks[PLOT_TICKS];
    char labels[PLOT_MOST + 32];
    bool at[PLOT_MOST] = {false};
    int count = axis_ticks(&canvas->x, canvas->columns / 12, ticks), end = 0;
    memset(labels, ' ', sizeof labels);
    for (int t = 0; t < count; t++) {
        char label[24];
        int column = axis_dot(&canvas->x, ticks[t]) / canvas->across;
        int length = snprintf(label, sizeof label, "%.4g", ticks[t]);
        int begin = PLOT_LABEL + 1 + column - length / 2;
        if (column < 0 || column >= canvas->columns) continue;
        at[column] = true;
        if (begin < end || begin + length > PLOT_LABEL + 1 + canvas->columns) continue;
        memcpy(labels + begin, label, (size_t)length);
        end = begin + length + 1;
    }
    labels[end > 0 ? end - 1 : 0] = '\0';
    nn_text_append(text, "%*s%s", PLOT_LABEL, "", ascii ? "+" : "└");
    for (int c = 0; c < canvas->columns; c++)
        nn_text_append(text, "%s", at[c] ? (ascii ? "+" : "┬") : ascii ? "-" : "─");
    nn_text_append(text, "\n%s\n", labels);
}

static void plot_append_names(const nn_plot *plot, const nn_plot_series *series, size_t count, nn_text *text)
{
    static const char *const lines[PLOT_STYLES] = {"───", "─ ─", "···", "─  "};
    if (plot->y_name) nn_text_append(text, "%*s %s\n", PLOT_LABEL, "", plot->y_name);
    for (size_t s = 0; s < count && count > 1; s++) {
        if (plot->ascii)
            nn_text_append(text, "%*s %c %s\n", PLOT_LABEL, "", canvas_letter(s), series[s].name);
        else
            nn_text_append(text, "%*s %s %s\n", PLOT_LABEL, "", lines[s % PLOT_STYLES], series[s].name);
    }
}

/* ---- all of it ---- */

static bool plot_measure(plot_canvas *canvas, const nn_plot_series *series, size_t count)
{
    const nn_plot *plot = canvas->plot;
    canvas->x.low = canvas->y.low = INFINITY;
    canvas->x.high = canvas->y.high = -INFINITY;
    for (size_t s = 0; s < count; s++)
        for (size_t i = 0; i < series[s].count; i++) {
            double x = series[s].x[i], y = series[s].y[i];
            if (!canvas_shows(canvas, x, y)) continue;
            axis_include(&canvas->x, x);
            axis_include(&canvas->y, isfinite(plot->y_top) && y > plot->y_top ? plot->y_top : y);
        }
    if (!isfinite(canvas->x.low)) return false;
    axis_widen(&canvas->x);
    axis_widen(&canvas->y);
    return true;
}

static int plot_between(int value, int least)
{
    return value < least ? least : value > PLOT_MOST ? PLOT_MOST : value;
}

void nn_plot_append(const nn_plot *plot, const nn_plot_series *series, size_t count, nn_text *text)
{
    plot_canvas canvas = {.plot = plot, .across = plot->ascii ? 1 : 2, .down = plot->ascii ? 1 : 4};
    int names = (plot->y_name != NULL) + (count > 1 ? (int)count : 0) + (plot->x_name != NULL);
    canvas.columns = plot_between(plot->width, PLOT_LEAST_WIDTH) - PLOT_LABEL - 1;
    canvas.rows = plot_between(plot->height - names - 2, PLOT_LEAST_HEIGHT - 2);
    canvas.x = (plot_axis){.log = plot->log_x, .dots = canvas.columns * canvas.across};
    canvas.y = (plot_axis){.log = plot->log_y, .dots = canvas.rows * canvas.down};
    if (!plot_measure(&canvas, series, count)) {
        nn_text_append(text, "(nothing to plot)\n");
        return;
    }
    if (NN_ALLOCATE(&canvas.cells, canvas.columns * canvas.rows, "a plot") != NN_OK) {
        text->failed = true;
        return;
    }
    canvas_mark(&canvas);
    for (size_t s = count; s-- > 0;) canvas_draw(&canvas, s, &series[s]);
    plot_append_names(plot, series, count, text);
    canvas_append_rows(&canvas, text);
    canvas_append_x(&canvas, text);
    if (plot->x_name) nn_text_append(text, "%*s %s\n", PLOT_LABEL, "", plot->x_name);
    nn_free(canvas.cells);
}
