/* A progress bar on standard error. */
#include <stdio.h>

#include "host/clock.h"
#include "import/import_internal.h"

#define BAR_WIDTH 24
#define SHOW_EVERY 0.2 /* seconds */

void nn_import_show_progress(nn_import_job *job)
{
    double seconds = nn_seconds();
    if (!job->progress || seconds - job->shown < SHOW_EVERY) return;
    job->shown = seconds;
    char bar[BAR_WIDTH + 1];
    double share = (double)job->rows_done / (double)job->rows;
    for (int i = 0; i < BAR_WIDTH; i++) bar[i] = i < share * BAR_WIDTH ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    fprintf(stderr, "\r%s [%s] %lld of %lld rows \033[K", job->importer->name, bar, (long long)job->rows_done,
            (long long)job->rows);
    fflush(stderr);
}

void nn_import_end_progress(const nn_import_job *job)
{
    if (job->progress && job->shown > 0) fprintf(stderr, "\r\033[K");
}
