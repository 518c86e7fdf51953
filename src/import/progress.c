/* A progress line on standard error. */
#include <unistd.h>

#include "base/log.h"
#include "base/terminal.h"
#include "host/clock.h"
#include "import/import_internal.h"

#define BAR_MOST 24
#define BAR_LEAST 6
#define SHOW_EVERY 0.2 /* seconds */

void nn_import_show_progress(nn_import_job *job)
{
    double seconds = nn_seconds();
    if (!nn_log_draws() || seconds - job->shown < SHOW_EVERY) return;
    job->shown = seconds;
    nn_text line = {0};
    nn_text_append(&line, "%s: %lld of %lld rows", job->importer->name, (long long)job->rows_done,
                   (long long)job->rows);
    double share = (double)job->rows_done / (double)job->rows;
    /* The last column stays free: some terminals begin a new line after it. */
    int room = nn_terminal_columns(STDERR_FILENO) - 1 - (int)line.length, bar = room - 4;
    if (bar > BAR_MOST) bar = BAR_MOST;
    if (bar >= BAR_LEAST) {
        nn_text_append(&line, "  [");
        for (int i = 0; i < bar; i++) nn_text_append(&line, "%c", i < share * bar ? '#' : '.');
        nn_text_append(&line, "]");
    }
    if (line.bytes && room >= 0) nn_log_progress(line.bytes);
    nn_text_free(&line);
}
