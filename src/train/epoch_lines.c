#include "train/epoch_lines.h"

#include <inttypes.h>

#include "base/log.h"

#define FIRST_LINES 20 /* always shown: short runs are shown completely */
#define INTERVAL 1.0   /* seconds between lines after these */

static void lines_show(nn_epoch_lines *lines, nn_waiting_line *line)
{
    if (line->step > 0 && line->text.bytes) nn_log_line("%s", line->text.bytes);
    lines->shown += line->step > 0;
    nn_text_free(&line->text);
    line->step = 0;
}

static void lines_keep(nn_waiting_line *line, int64_t step, const char *text)
{
    nn_text_free(&line->text);
    nn_text_append(&line->text, "%s", text);
    line->step = step;
}

void nn_epoch_lines_flush(nn_epoch_lines *lines)
{
    if (lines->best.step == lines->latest.step) {
        nn_text_free(&lines->best.text);
        lines->best.step = 0;
    }
    lines_show(lines, &lines->best);
    lines_show(lines, &lines->latest);
}

void nn_epoch_lines_take(nn_epoch_lines *lines, int64_t step, const char *line, bool best, double now)
{
    lines->seen++;
    lines_keep(&lines->latest, step, line);
    if (best) lines_keep(&lines->best, step, line);
    if (lines->seen > FIRST_LINES && now - lines->shown_at < INTERVAL) return;
    lines->shown_at = now;
    nn_epoch_lines_flush(lines);
}

void nn_epoch_lines_end(nn_epoch_lines *lines, bool validations, const char *metrics_file)
{
    nn_epoch_lines_flush(lines);
    int64_t left_out = lines->seen - lines->shown;
    if (left_out > 0)
        nn_log_line("%" PRId64 " of %" PRId64
                    " epochs%s, which took less than a second each, have no line here: "
                    "%s has all",
                    left_out, lines->seen, validations ? " and validations" : "", metrics_file);
    *lines = (nn_epoch_lines){0};
}
