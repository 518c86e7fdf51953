/* Failures of the system: which of them may be transient, and the single message they are turned into. */
#ifndef NN_HOST_SYSTEM_H
#define NN_HOST_SYSTEM_H

#include <stdbool.h>

#include "base/status.h"

/* Records the message with the text of `error`, a value of errno, and advice on it. */
nn_status nn_system_fail(nn_status status, int error, const char *format, ...) NN_PRINTF(3, 4);

/* Whether the path does not exist: only these errors say so. */
bool nn_system_is_absence(int error);

/* Whether the same call may succeed a little later: a server restarts, a network has an interruption. */
bool nn_system_may_pass(int error);

/*
 * Patience with such errors. Zero-initialise one per operation, and retry for as long as it lasts:
 *
 *     nn_patience patience = {0};
 *     do {
 *         descriptor = open(path, flags);
 *     } while (descriptor < 0 && nn_patience_lasts(&patience, errno, path));
 *
 * errno is preserved. The first failure logs a warning with the path, and the watchdog's pulse continues.
 */
typedef struct nn_patience {
    double began, waited; /* seconds */
    int tries;
} nn_patience;

/* Pauses, longer each time, and returns true if the call should be repeated; false if `error` is not
 * transient, has lasted for 60 s, or another one has just done so. EINTR is retried at once. */
bool nn_patience_lasts(nn_patience *patience, int error, const char *path);

/* Seconds that patience lasts in this process; initially 60. For a process that only inspects files. */
void nn_patience_limit(double seconds);

#endif
