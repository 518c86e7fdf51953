#include "host/system.h"
#include "host/clock.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/fault.h"
#include "base/log.h"
#include "host/pulse.h"

#define SYSTEM_MESSAGE 8192
#define SYSTEM_REASON 256

/* Seconds: the first and the longest pause, and how often a pause counts as progress for the watchdog. */
#define PATIENCE_FIRST 0.1
#define PATIENCE_LONGEST 5.0
#define PATIENCE_PULSE 0.1

static double patience_limit = 60;

/* ---- the meaning of errors ---- */

static const struct {
    int error;
    bool passes;
    const char *advice; /* NULL: no specific advice */
} system_errors[] = {
    {ENOENT, false, "check the path"},
    {ENOTDIR, false, "a part of the path is a file: check the path"},
    {EISDIR, false, "a folder has this name: choose another name"},
    {ENXIO, false, "a pipe, a socket or a device has this name: move it away, or choose another name"},
    {EACCES, false, "check the permissions of the file and of its directory, or choose another place"},
    {EPERM, false, "check the permissions of the file and of its directory, or choose another place"},
    {EROFS, false, "the file system is read-only here: choose another place"},
    {ENOSPC, false, "the disk is full: free some space, or choose a place on another disk"},
    {EDQUOT, false, "your quota is used up: free some space, or choose a place on another disk"},
    {EFBIG, false,
     "the file would be larger than the limit: raise it (ulimit -f), or choose another file system"},
    {EMFILE, false, "too many files are open: raise the limit (ulimit -n)"},
    {ENAMETOOLONG, false, "choose a shorter path"},
    {EIO, true, "the disk or the network file system failed: check the system log"},
    {ESTALE, true, "the network file system lost the file: try again, or remount it"},
    {EAGAIN, true, NULL},
    {EBUSY, true, NULL},
    {ENFILE, true, "too many files are open on this node: try again, or use another node"},
    {ENOMEM, true, "the system is out of memory: try again, or use another node"},
    {ENOBUFS, true, "the system is out of memory: try again, or use another node"},
    {ETIMEDOUT, true, "the file server does not answer: try again when it does"},
    {ENOTCONN, true, "the file server does not answer: try again when it does"},
    {ECONNRESET, true, "the file server does not answer: try again when it does"},
    {ECONNREFUSED, true, "the file server does not answer: try again when it does"},
    {ECONNABORTED, true, "the file server does not answer: try again when it does"},
    {ENETDOWN, true, "the network to the file server is down: try again when it is up"},
    {ENETUNREACH, true, "the network to the file server is down: try again when it is up"},
    {EHOSTUNREACH, true, "the file server cannot be reached: try again when it can"},
#ifdef ESHUTDOWN
    {ESHUTDOWN, true, "the file server does not answer: try again when it does"},
#endif
#ifdef EHOSTDOWN
    {EHOSTDOWN, true, "the file server cannot be reached: try again when it can"},
#endif
#ifdef EREMOTEIO
    {EREMOTEIO, true, "the file server failed: try again, or ask its administrator"},
#endif
};
#define SYSTEM_ERRORS (sizeof system_errors / sizeof *system_errors)

nn_status nn_system_fail(nn_status status, int error, const char *format, ...)
{
    char message[SYSTEM_MESSAGE], reason[SYSTEM_REASON];
    const char *advice = NULL;
    for (size_t i = 0; i < SYSTEM_ERRORS && !advice; i++)
        if (system_errors[i].error == error) advice = system_errors[i].advice;
    if (strerror_r(error, reason, sizeof reason) != 0) snprintf(reason, sizeof reason, "error %d", error);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    (void)nn_fail(status, "%s: %s: %s", message, reason,
                  advice ? advice : "check the file system and the path");
    nn_error_set_number(error);
    return status;
}

bool nn_system_is_absence(int error)
{
    return error == ENOENT || error == ENOTDIR;
}

bool nn_system_may_pass(int error)
{
    for (size_t i = 0; i < SYSTEM_ERRORS; i++)
        if (system_errors[i].error == error) return system_errors[i].passes;
    return false;
}

/* ---- patience ---- */

void nn_patience_limit(double seconds)
{
    patience_limit = seconds;
}

static void patience_pause(double seconds)
{
    for (double left = seconds; left > 0; left -= PATIENCE_PULSE) {
        double part = left < PATIENCE_PULSE ? left : PATIENCE_PULSE;
        struct timespec pause = {0, (long)(part * 1e9)};
        nanosleep(&pause, NULL);
        nn_pulse();
    }
}

/* Calls that fail slowly count like pauses. Once patience has run out, further failures are accepted without
 * waiting for a while: a run that must end does not wait for each of its files. */
static bool patience_ends(const nn_patience *patience, double limit)
{
    static _Atomic double spent_at = -1e9;
    double now = nn_seconds();
    bool spent = patience->tries == 0 && now - atomic_load(&spent_at) < patience_limit;
    bool ends = limit <= 0 || patience->waited >= limit || now - patience->began >= limit;
    if (ends && limit > 0) atomic_store(&spent_at, now);
    return ends || spent;
}

bool nn_patience_lasts(nn_patience *patience, int error, const char *path)
{
    char reason[SYSTEM_REASON];
    long milliseconds = nn_fault_value("patience.milliseconds");
    double limit = milliseconds > 0 ? 1e-3 * (double)milliseconds : patience_limit;
    errno = error;
    if (error == EINTR) return true;
    if (!nn_system_may_pass(error)) return false;
    if (patience->tries == 0) patience->began = nn_seconds();
    if (patience_ends(patience, limit)) return false;
    if (patience->tries == 0) {
        if (strerror_r(error, reason, sizeof reason) != 0) snprintf(reason, sizeof reason, "error %d", error);
        nn_log_warning("%s: %s; trying again for up to %.0f s", path, reason, limit);
    }
    double pause = PATIENCE_FIRST;
    for (int i = 0; i < patience->tries && pause < PATIENCE_LONGEST; i++) pause *= 2;
    if (pause > PATIENCE_LONGEST) pause = PATIENCE_LONGEST;
    if (pause > limit - patience->waited) pause = limit - patience->waited;
    patience_pause(pause);
    patience->waited += pause;
    patience->tries++;
    errno = error;
    return true;
}
