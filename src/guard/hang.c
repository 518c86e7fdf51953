#include "guard/hang.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"

/* Ranks that are named; the others are counted. */
#define HANG_NAMES 8

static bool hang_is_there(const nn_rank_state *rank)
{
    return rank->known && !rank->over;
}

static bool hang_stands_still(const nn_rank_state *rank, double now, double seconds)
{
    return now - rank->ticked >= seconds;
}

bool nn_rank_is_late(const nn_rank_state *rank, double now, double timeout)
{
    if (!hang_is_there(rank)) return false;
    return hang_stands_still(rank, now, timeout) || (!rank->waits && now - rank->moved >= timeout);
}

/* A process that has ticked lately is not suspended. One that has not may be: then it will be late itself,
 * and whoever waits is not to blame. */
static bool hang_is_stuck_waiting(const nn_rank_state *rank, double now, double timeout)
{
    if (rank->over) return true;
    return rank->known && rank->waits && now - rank->moved >= timeout &&
           !hang_stands_still(rank, now, timeout / 2);
}

nn_hang nn_hang_judge(const nn_rank_state *ranks, int count, double now, double timeout)
{
    nn_hang hang = {.all_wait = true, .speaker = -1};
    int late = 0, there = 0, running = -1;
    for (int r = 0; r < count; r++) {
        bool is_late = nn_rank_is_late(&ranks[r], now, timeout);
        if (ranks[r].over) continue;
        there++;
        late += is_late;
        hang.all_wait = hang.all_wait && hang_is_stuck_waiting(&ranks[r], now, timeout);
        if (!is_late && hang.speaker < 0) hang.speaker = r;
        if (running < 0 && !hang_stands_still(&ranks[r], now, timeout)) running = r;
    }
    hang.all_wait = hang.all_wait && there > 0 && late == 0;
    hang.found = late > 0 || hang.all_wait;
    if (hang.speaker < 0) hang.speaker = running;
    return hang;
}

/* ---- the report ---- */

typedef struct hang_text {
    char *bytes;
    size_t size, length;
} hang_text;

static void hang_append(hang_text *text, const char *format, ...) NN_PRINTF(2, 3);

static void hang_append(hang_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int added = vsnprintf(text->bytes + text->length, text->size - text->length, format, arguments);
    va_end(arguments);
    if (added < 0) return;
    text->length += (size_t)added;
    if (text->length >= text->size) text->length = text->size - 1;
}

static void hang_name(hang_text *text, const nn_rank_state *rank, int number, double now, double timeout)
{
    hang_append(text, "\n  rank %d on %s: %s, step %lld, no progress for %.0f s", number, rank->host,
                nn_phase_name(rank->phase), (long long)rank->step + 1, now - rank->moved);
    if (hang_stands_still(rank, now, timeout / 2))
        hang_append(text, "; its process stands still: suspended, or its node is gone");
}

void nn_hang_describe(const nn_rank_state *ranks, int count, double now, double timeout, nn_hang hang,
                      char *text, size_t size)
{
    hang_text lines = {text, size, 0};
    int named = 0, victims = 0;
    text[0] = '\0';
    hang_append(&lines, "no progress for %g s (training.hang_timeout), the job ends; %s:", timeout,
                hang.all_wait ? "all ranks wait for one another, so messages do not arrive" : "late");
    for (int r = 0; r < count; r++) {
        bool shown = hang.all_wait ? hang_is_there(&ranks[r]) : nn_rank_is_late(&ranks[r], now, timeout);
        victims += !shown && !ranks[r].over;
        if (shown && named++ < HANG_NAMES) hang_name(&lines, &ranks[r], r, now, timeout);
    }
    if (named > HANG_NAMES) hang_append(&lines, "\n  and %d more", named - HANG_NAMES);
    hang_append(&lines, "\n");
    if (victims > 0) hang_append(&lines, "%d other rank%s; ", victims, victims == 1 ? " waits" : "s wait");
    hang_append(&lines, "%s, then start the same command again: it resumes from the newest checkpoint",
                hang.all_wait ? "look at the network between the nodes"
                              : "look at the node that is named (a suspended process, a file system or swap "
                                "that does not answer, dmesg)");
}
