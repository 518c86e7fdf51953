/* nntrain watch: follows a run from its directory, which it only reads. */
#ifndef NN_WATCH_WATCH_H
#define NN_WATCH_WATCH_H

#include <stdbool.h>

#include "base/status.h"

typedef struct nn_watch_request {
    const char *directory; /* borrowed */
    double seconds;        /* between two looks */
    bool plain;            /* lines, even in a terminal */
} nn_watch_request;

/* In a terminal until a key or a signal ends it. Otherwise lines, until the run ends: the status is then that
 * of the run, with the failure that it reported. */
nn_status nn_watch(const nn_watch_request *request);

#endif
