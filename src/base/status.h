/*
 * How failures are reported. A function that can fail returns an nn_status and records a text that says what
 * is wrong, where, and what to do. Nothing below cli exits or prints an error.
 */
#ifndef NN_BASE_STATUS_H
#define NN_BASE_STATUS_H

#include "nntrain/nntrain.h"

#if defined(__GNUC__)
#define NN_PRINTF(format_index, first_argument) __attribute__((format(printf, format_index, first_argument)))
#else
#define NN_PRINTF(format_index, first_argument)
#endif

/* Records the text of a failure for this thread and returns `status`. The text is cut at 16 KiB. */
nn_status nn_fail(nn_status status, const char *format, ...) NN_PRINTF(2, 3);

/* Puts "context: " before the recorded text; returns `status`. For callers that know where the failure
 * occurred. */
nn_status nn_fail_context(nn_status status, const char *format, ...) NN_PRINTF(2, 3);

/* The value of errno that belongs to the recorded text, if nn_system_fail (host/system.h) has recorded one;
 * otherwise 0. */
int nn_error_number(void);
void nn_error_set_number(int number);

/* Discards the recorded text. */
void nn_error_clear(void);

/* Returns from the function with a failure. */
#define NN_FAIL(status, ...) return nn_fail((status), __VA_ARGS__)

/* Returns a failure of `call` to the caller. */
#define NN_TRY(call)                                                                                         \
    do {                                                                                                     \
        nn_status nn_try_status_ = (call);                                                                   \
        if (nn_try_status_ != NN_OK) return nn_try_status_;                                                  \
    } while (0)

/* In a function with one exit path: stores the status and goes to `label` on failure. */
#define NN_TRY_TO(label, status, call)                                                                       \
    do {                                                                                                     \
        (status) = (call);                                                                                   \
        if ((status) != NN_OK) goto label;                                                                   \
    } while (0)

#endif
