#include "guard/hang.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"

/* Number of ranks that are named; the others are counted. */
#define HANG_NAMES 8

static bool hang_takes_part(const nn_rank_state *rank)
{
    return rank->known && !rank->over;
}

static bool hang_is_stopped(const nn_rank_state *rank, double now, double seconds)
{
    return now - rank->ticked >= seconds;
}

bool nn_rank_is_late(const nn_rank_state *rank, double now, double timeout)
{
    if (!hang_takes_part(rank)) return false;
    return hang_is_stopped(rank, now, timeout) ||
           ((!rank->waits || rank->cut_off) && now - rank->moved >= timeout);
}

/* A process that has ticked recently is not suspended. One that has not may be: then it will soon be late
 * itself, and those that wait are not to blame. */
static bool hang_is_stuck_waiting(const nn_rank_state *rank, double now, double timeout)
{
    if (rank->over) return true;
    return rank->known && rank->waits && now - rank->moved >= timeout &&
           !hang_is_stopped(rank, now, timeout / 2);
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
        if (running < 0 && !hang_is_stopped(&ranks[r], now, timeout)) running = r;
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
    if (hang_is_stopped(rank, now, timeout / 2))
        hang_append(text, "; its process is not running: suspended, or its node is down");
    else if (rank->cut_off)
        hang_append(text, "; its node has lost a network link");
}

void nn_hang_describe(const nn_rank_state *ranks, int count, double now, double timeout, nn_hang hang,
                      char *text, size_t size)
{
    hang_text lines = {text, size, 0};
    int named = 0, victims = 0;
    text[0] = '\0';
    hang_append(&lines, "no progress for %g s (training.hang_timeout), ending the job; %s:", timeout,
                hang.all_wait ? "all ranks wait for one another, so messages are not arriving" : "late");
    for (int r = 0; r < count; r++) {
        bool shown = hang.all_wait ? hang_takes_part(&ranks[r]) : nn_rank_is_late(&ranks[r], now, timeout);
        victims += !shown && !ranks[r].over;
        if (shown && named++ < HANG_NAMES) hang_name(&lines, &ranks[r], r, now, timeout);
    }
    if (named > HANG_NAMES) hang_append(&lines, "\n  and %d more", named - HANG_NAMES);
    hang_append(&lines, "\n");
    if (victims > 0) hang_append(&lines, "%d other rank%s; ", victims, victims == 1 ? " waits" : "s wait");
    hang_append(&lines, "%s, then start the same command again: it resumes from the newest checkpoint",
                hang.all_wait
                    ? "check the network between the nodes"
                    : "check the node named above (suspended process, unresponsive file system or swap, "
                      "network, dmesg)");
}
