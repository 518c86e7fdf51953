/*
 * The watchdog: a thread in every rank that sees when the job makes no progress, says which rank is to blame,
 * and ends the job. It makes no MPI call, takes no signal, and measures silence in its own ticks: a job that
 * was suspended as a whole, and its watchdogs with it, has not hung.
 *
 * Ranks tell one another through node-shared memory, and nodes through files (guard/heartbeats.h).
 */
#ifndef NN_GUARD_WATCHDOG_H
#define NN_GUARD_WATCHDOG_H

#include "comm/comm.h"
#include "guard/hang.h"

typedef struct nn_watchdog nn_watchdog;

/* From now on, `timeout` seconds without progress (host/pulse.h) end the job: exit code NN_ERROR_HANG, the
 * report on stderr, once. 0: no watchdog (NULL). A node without room for it goes without, with a warning.
 * `run_directory` takes the heartbeats between nodes; NULL: there are none. Collective. */
nn_status nn_watchdog_start(nn_comm *comm, double timeout, const char *run_directory, nn_watchdog **watchdog);

/* Collective where it was started; accepts NULL. */
void nn_watchdog_stop(nn_watchdog *watchdog);

#endif
