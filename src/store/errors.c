#include "store/errors.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <hdf5.h>

#include "store/driver.h"

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

nn_status nn_store_fail_refused(int error, const char *format, ...)
{
    char message[ERRORS_MESSAGE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    nn_status status = error == ENOMEM ? NN_ERROR_MEMORY : NN_ERROR_IO;
    if (error > 0) return nn_system_fail(status, error, "%s", message);
    NN_FAIL(NN_ERROR_IO, "%s: the file has become shorter since it was opened: copy or recreate it", message);
}

static char *errors_find_last(char *text, const char *part)
{
    char *found = NULL;
    for (char *at = text; (at = strstr(at, part)); at++) found = at;
    return found;
}

nn_status nn_store_fail_hdf5(nn_status status, const char *format, ...)
{
    char message[ERRORS_MESSAGE], reason[NN_STORE_REASON];
    int error = nn_store_driver_error();
    nn_store_hdf5_reason(reason);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (error != 0) {
        char *advice = errors_find_last(message, ": ");
        if (advice) *advice = '\0';
        return nn_store_fail_refused(error, "%s", message);
    }
    return nn_fail(status, "%s (HDF5: %s)", message, reason);
}

/* HDF5 keeps the cause only as text. */
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
    if (error != 0) return nn_system_fail(status, error, "%s", message);
    return nn_store_fail_hdf5(status, "%s", message);
}
