/* The watchdog: a thread in every rank that detects when the job makes no progress, reports which rank is to
 * blame, and ends the job. It makes no MPI calls, takes no signals, and measures time in its own ticks: a job
 * that was suspended together with its watchdogs has not hung. Ranks of a node exchange their state through
 * shared memory, nodes through files (guard/heartbeats.h).
 */
#ifndef NN_GUARD_WATCHDOG_H
#define NN_GUARD_WATCHDOG_H

#include "comm/comm.h"
#include "guard/hang.h"

typedef struct nn_watchdog nn_watchdog;

/* From now on, `timeout` seconds without progress (host/pulse.h) end the job with exit code NN_ERROR_HANG and
 * one report on stderr. 0: no watchdog (NULL). Where memory does not allow it, the run continues without,
 * with a warning. Heartbeats between nodes go to `run_directory`; NULL: none. Collective. */
nn_status nn_watchdog_start(nn_comm *comm, double timeout, const char *run_directory, nn_watchdog **watchdog);

/* Between calls of a library, its host does what it likes for as long as it likes: an idle rank counts as
 * making progress, as long as its process runs. A watchdog begins not idle. Accepts NULL. Not collective. */
void nn_watchdog_set_idle(nn_watchdog *watchdog, bool idle);

/* Collective where it was started; accepts NULL. */
void nn_watchdog_stop(nn_watchdog *watchdog);

#endif
