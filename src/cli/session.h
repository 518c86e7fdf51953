/* A subcommand that runs on all ranks: MPI, which ranks print, signals, and one error message. */
#ifndef NN_CLI_SESSION_H
#define NN_CLI_SESSION_H

#include <signal.h>
#include <stdbool.h>

#include "comm/comm.h"

/* What runs between start and end. Collective; all ranks return the same status. */
typedef nn_status (*nn_session_work)(nn_comm *comm, const void *context);

/* Starts MPI, runs `work`, ends MPI. A failure of `work` has then been printed, by rank 0, and its text is
 * cleared; one without a text is not printed. */
nn_status nn_session_run(nn_session_work work, const void *context);

/* Whether a launcher has started several processes. */
bool nn_session_is_shared(void);

/* Ends a command that failed with a recorded error: prints it once, and returns the exit code. Of several
 * processes none may exit before the first has printed, since the launcher then kills the others: they start
 * MPI for this, if the command has not, and fail together. */
nn_status nn_session_fail(nn_status status);

/* Becomes non-zero with SIGUSR1, SIGTERM or the first SIGINT; the second SIGINT ends the process. */
const volatile sig_atomic_t *nn_session_stop_flag(void);

#endif
