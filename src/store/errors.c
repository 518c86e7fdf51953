#include "store/errors.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <hdf5.h>

#define ERRORS_MESSAGE 8192

static herr_t errors_take_innermost(unsigned depth, const H5E_error2_t *error, void *context)
{
    if (depth == 0 && error->desc) snprintf(context, NN_STORE_REASON, "%s", error->desc);
    return 0;
}

void nn_store_hdf5_reason(char *buffer)
{
    snprintf(buffer, NN_STORE_REASON, "no reason given");
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, errors_take_innermost, buffer);
    for (char *c = buffer; *c; c++)
        if (*c == '\n' || *c == '\r') *c = ' ';
}

nn_status nn_store_fail_hdf5(nn_status status, const char *format, ...)
{
    char message[ERRORS_MESSAGE], reason[NN_STORE_REASON];
    nn_store_hdf5_reason(reason);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return nn_fail(status, "%s (HDF5: %s)", message, reason);
}

static const struct {
    int error;
    const char *advice;
} errors_advice[] = {
    {ENOENT, "check the path; its directory must exist"},
    {ENOTDIR, "a part of the path is a file: check the path"},
    {EISDIR, "a folder has this name: choose another name"},
    {EACCES, "check the permissions of the file and of its directory, or choose another place"},
    {EPERM, "check the permissions of the file and of its directory, or choose another place"},
    {EROFS, "the file system is read-only here: choose another place"},
    {ENOSPC, "the disk is full: free some room, or choose a place on another disk"},
    {EDQUOT, "your quota is used up: free some room, or choose a place on another disk"},
    {EFBIG, "the file would be larger than the limit: raise it (ulimit -f), or choose another file system"},
    {EMFILE, "too many files are open: raise the limit (ulimit -n)"},
    {ENAMETOOLONG, "choose a shorter path"},
    {EIO, "the disk or the network file system failed: look in the system log"},
    {ESTALE, "the network file system lost the file: try again, or mount it anew"},
};

static const char *errors_find_advice(int error)
{
    for (size_t i = 0; i < sizeof errors_advice / sizeof *errors_advice; i++)
        if (errors_advice[i].error == error) return errors_advice[i].advice;
    return "check the file system and the path";
}

nn_status nn_store_fail_system(nn_status status, int error, const char *format, ...)
{
    char message[ERRORS_MESSAGE], reason[NN_STORE_REASON];
    if (strerror_r(error, reason, sizeof reason) != 0) snprintf(reason, sizeof reason, "error %d", error);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return nn_fail(status, "%s: %s: %s", message, reason, errors_find_advice(error));
}

/* HDF5 keeps the cause in its text only. */
static herr_t errors_take_errno(unsigned depth, const H5E_error2_t *error, void *context)
{
    (void)depth;
    const char *at = error->desc ? strstr(error->desc, "errno = ") : NULL;
    if (at) sscanf(at, "errno = %d", (int *)context);
    return 0;
}

nn_status nn_store_fail_write(nn_status status, const char *format, ...)
{
    char message[ERRORS_MESSAGE];
    int error = 0;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, errors_take_errno, &error);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (error != 0) return nn_store_fail_system(status, error, "%s", message);
    return nn_store_fail_hdf5(status, "%s", message);
}
