/* Failures of the system: which of them may pass, and the one message that is made of them. */
#ifndef NN_HOST_SYSTEM_H
#define NN_HOST_SYSTEM_H

#include <stdbool.h>

#include "base/status.h"

/* Records the message with the text of `error`, a value of errno, and what to do about it. */
nn_status nn_fail_system(nn_status status, int error, const char *format, ...) NN_PRINTF(3, 4);

/* Whether the path names nothing: the only errors that say that a file does not exist. */
bool nn_error_is_absence(int error);

/* Whether the same call may succeed a little later: a server that restarts, a network that stumbles. */
bool nn_error_may_pass(int error);

/*
 * Patience with such errors. Zero-initialise one for each thing that is tried, and try again for as long as
 * it lasts:
 *
 *     nn_patience patience = {0};
 *     do {
 *         descriptor = open(path, flags);
 *     } while (descriptor < 0 && nn_patience_lasts(&patience, errno, path));
 *
 * errno is kept. The first failure is a warning that names the path, and the watchdog's pulse goes on.
 */
typedef struct nn_patience {
    double began, waited; /* seconds */
    int tries;
} nn_patience;

/* Pauses, longer each time, and returns true where the call should be made again; false where `error` will
 * not pass, or has not passed for 60 s, or where another one has not a moment ago. EINTR is tried again at
 * once. */
bool nn_patience_lasts(nn_patience *patience, int error, const char *path);

/* Seconds that patience lasts in this process; 60 at the start. For a process that only takes a look. */
void nn_patience_limit(double seconds);

#endif
