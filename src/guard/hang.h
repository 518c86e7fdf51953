/*
 * Who hangs: a decision from heartbeats and the time alone. A rank that waits for others is a victim; late is
 * one that neither waits nor moves, and one whose process stands still.
 */
#ifndef NN_GUARD_HANG_H
#define NN_GUARD_HANG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/real.h"
#include "comm/comm.h"
#include "host/pulse.h"

/* What a watchdog knows of a rank. Times are in seconds on the watchdog's own clock. */
typedef struct nn_rank_state {
    char host[NN_HOST_SIZE];
    bool known; /* false: no word of it; it is taken to be well */
    bool over;  /* it has left the run */
    bool waits; /* for other ranks */
    nn_phase phase;
    int64_t step;  /* steps done */
    double moved;  /* when its last progress was seen */
    double ticked; /* when the last tick of its own watchdog was seen: none comes from a suspended process */
} nn_rank_state;

typedef struct nn_hang {
    bool found;
    bool all_wait; /* nobody is late, and nobody moves: each waits for another */
    int speaker;   /* the lowest rank that is not late; where all are, the lowest whose process runs */
} nn_hang;

/* Whether a rank has not moved for `timeout` seconds, and not because it waits. */
bool nn_rank_is_late(const nn_rank_state *rank, double now, double timeout);

nn_hang nn_hang_judge(const nn_rank_state *ranks, int count, double now, double timeout);

/* The lines for people, without a final newline, cut to `size`. Allocates nothing. */
void nn_hang_describe(const nn_rank_state *ranks, int count, double now, double timeout, nn_hang hang,
                      char *text, size_t size);

#endif
