#include "train/progress_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/format.h"
#include "base/terminal.h"

#define BAR_LEAST 6 /* columns, without its brackets */
#define BAR_MOST 24
#define SEPARATOR 2

enum { PART_EPOCH, PART_LOSS, PART_LEFT, PART_METRIC, PART_RATE, PARTS }; /* the most important first */

static void line_append_bar(const nn_progress_line *of, int width, nn_text *line)
{
    nn_text_append(line, "  [");
    for (int i = 0; i < width; i++) nn_text_append(line, "%c", i < of->share * width ? '#' : '.');
    nn_text_append(line, "]");
}

/* How many parts fit, the most important first; *room becomes what is left of the columns. */
static int line_fit(const char *const parts[PARTS], int *room)
{
    int known = 0;
    for (; known < PARTS; known++) {
        int width = nn_display_width(parts[known]);
        if (width > 0 && known > 0) width += SEPARATOR;
        if (width > *room) break;
        *room -= width;
    }
    return known;
}

void nn_progress_line_compose(const nn_progress_line *of, int columns, nn_text *line)
{
    static const int shown_as[] = {PART_LOSS, PART_METRIC, PART_RATE, PART_LEFT};
    char epoch[64], rate[64], left[NN_FORMAT_SIZE + 8], seconds[NN_FORMAT_SIZE];
    snprintf(epoch, sizeof epoch, "epoch %" PRId64 "/%" PRId64, of->epoch, of->epochs);
    snprintf(left, sizeof left, "%s left", nn_format_seconds(seconds, of->left));
    snprintf(rate, sizeof rate, "%.0f samples/s", of->rate);
    const char *parts[PARTS] = {epoch, of->loss, left, of->metric, rate};
    int room = columns, known = line_fit(parts, &room);
    if (known < PARTS) { /* the word "epoch" is less important than any other part */
        parts[PART_EPOCH] = strchr(epoch, ' ') + 1;
        room = columns;
        int more = line_fit(parts, &room);
        if (more == known) parts[PART_EPOCH] = epoch;
        known = more;
    }
    if (known == 0) return;
    nn_text_append(line, "%s", parts[PART_EPOCH]);
    int bar = room - SEPARATOR - 2;
    if (known == PARTS && bar >= BAR_LEAST) line_append_bar(of, bar < BAR_MOST ? bar : BAR_MOST, line);
    for (size_t i = 0; i < sizeof shown_as / sizeof *shown_as; i++)
        if (shown_as[i] < known && parts[shown_as[i]][0]) nn_text_append(line, "  %s", parts[shown_as[i]]);
}
