/* Who hangs: decided from heartbeats and the time alone. A rank that waits for others is a victim, unless its
 * node has lost a network link. A rank is late if it neither waits nor makes progress, or if its process is
 * not running.
 */
#ifndef NN_GUARD_HANG_H
#define NN_GUARD_HANG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/real.h"
#include "comm/comm.h"
#include "host/pulse.h"

/* What a watchdog knows about a rank. Times are in seconds on the watchdog's own clock. */
typedef struct nn_rank_state {
    const char *host; /* borrowed */
    bool known;       /* false: nothing has been heard of it; it is assumed to be well */
    bool over;        /* it has left the run */
    bool waits;       /* for other ranks */
    bool cut_off;     /* its node has lost a network link */
    nn_phase phase;
    int64_t step;  /* steps done */
    double moved;  /* when it was last seen to make progress */
    double ticked; /* when its own watchdog was last seen to tick: that of a suspended process does not */
} nn_rank_state;

typedef struct nn_hang {
    bool found;
    bool all_wait; /* nobody is late and nobody makes progress: each waits for another */
    int speaker;   /* who reports: the lowest rank that is not late; if all are, the lowest whose process runs
                    */
} nn_hang;

/* Whether a rank has made no progress for `timeout` seconds, for another reason than waiting
 * for others that it can reach. */
bool nn_rank_is_late(const nn_rank_state *rank, double now, double timeout);

nn_hang nn_hang_judge(const nn_rank_state *ranks, int count, double now, double timeout);

/* The report, without a final newline, cut to `size`. Allocates nothing. */
void nn_hang_describe(const nn_rank_state *ranks, int count, double now, double timeout, nn_hang hang,
                      char *text, size_t size);

#endif
