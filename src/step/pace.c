#include "step/pace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "host/clock.h"

/* Seconds of work below which results are noise, and ranks that a line names. */
#define PACE_ENOUGH 1.0
#define PACE_NAMES 4

void nn_pace_begin(nn_pace *pace, double waited)
{
    pace->began = nn_seconds() - waited;
}

void nn_pace_end(nn_pace *pace, int64_t microbatches, int threads, double waited)
{
    pace->seconds += nn_seconds() - waited - pace->began;
    pace->rounds += (double)((microbatches + threads - 1) / threads);
}

/* ---- comparing ---- */

static int pace_ascending(const void *a, const void *b)
{
    double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

void nn_pace_factors(const nn_pace *paces, int count, double *factors)
{
    int known = 0;
    for (int r = 0; r < count; r++)
        if (paces[r].rounds > 0) factors[known++] = paces[r].seconds / paces[r].rounds;
    qsort(factors, (size_t)known, sizeof *factors, pace_ascending);
    double median = known > 0 ? factors[(known - 1) / 2] : 0;
    for (int r = 0; r < count; r++) {
        double factor = median > 0 && paces[r].rounds > 0 ? paces[r].seconds / paces[r].rounds / median : 0;
        double lost = paces[r].seconds - median * paces[r].rounds;
        factors[r] = factor >= NN_PACE_SLOW && lost >= NN_PACE_LOST ? factor : 0;
    }
}

/* A rank's report on itself. */
typedef struct pace_message {
    nn_pace pace;
    char host[NN_HOST_SIZE];
} pace_message;

static void pace_show(const pace_message *all, const double *factors, int count, int64_t epoch)
{
    nn_text line = {0};
    int named = 0;
    for (int r = 0; r < count; r++)
        if (factors[r] > 0 && named++ < PACE_NAMES)
            nn_text_append(&line, "%srank %d on %s (%.1f times)", line.length > 0 ? ", " : "", r, all[r].host,
                           factors[r]);
    if (named > PACE_NAMES) nn_text_append(&line, " and %d more", named - PACE_NAMES);
    if (line.length > 0 && !line.failed)
        nn_log_line("slow in epoch %lld, compared with the median of the ranks: %s; all wait for the slowest",
                    (long long)epoch, line.bytes);
    nn_text_free(&line);
}

/* All ranks compare the same numbers, so they start again at the same time. */
static void pace_compare(const pace_message *all, nn_pace *paces, double *factors, int count, int64_t epoch,
                         nn_pace *pace)
{
    double most = 0;
    for (int r = 0; r < count; r++) {
        paces[r] = all[r].pace;
        if (paces[r].seconds > most) most = paces[r].seconds;
    }
    if (most < PACE_ENOUGH) return;
    nn_pace_factors(paces, count, factors);
    pace_show(all, factors, count, epoch);
    *pace = (nn_pace){0};
}

nn_status nn_pace_report(nn_comm *comm, nn_pace *pace, int64_t epoch)
{
    int size = nn_comm_size(comm);
    pace_message own = {.pace = *pace}, *all = NULL;
    nn_pace *paces = NULL;
    double *factors = NULL;
    if (size == 1) return NN_OK;
    nn_status status = NN_ALLOCATE(&all, size, "the pace of ranks");
    if (status == NN_OK) status = NN_ALLOCATE(&paces, size, "the pace of ranks");
    if (status == NN_OK) status = NN_ALLOCATE(&factors, size, "the pace of ranks");
    NN_TRY_TO(done, status, nn_comm_agree(comm, status));
    snprintf(own.host, sizeof own.host, "%s", nn_comm_host(comm));
    NN_TRY_TO(done, status, nn_comm_gather_equal(comm, &own, sizeof own, all));
    pace_compare(all, paces, factors, size, epoch, pace);
done:
    nn_free(all);
    nn_free(paces);
    nn_free(factors);
    return status;
}
