/* How failures of HDF5 and of the system become our one message: what, where, why, what to do. */
#ifndef NN_STORE_ERRORS_H
#define NN_STORE_ERRORS_H

#include "host/system.h"

#define NN_STORE_REASON 256

/* HDF5 no longer prints its error stack in this thread. Called by the lock. */
void nn_store_silence_hdf5(void);

/* The innermost text of HDF5's error stack, on one line, into a buffer of NN_STORE_REASON bytes. To be called
 * before the next HDF5 call, which clears the stack, and before the lock is given back. */
void nn_store_hdf5_reason(char *buffer);

/* Records the message with that text behind it; the same condition holds. Where the system has refused a read
 * (nn_store_driver_error), that is the cause, and the status NN_ERROR_IO: what the message says after its
 * last colon, of damage and what to do about it, is left out. */
nn_status nn_store_fail_hdf5(nn_status status, const char *format, ...) NN_PRINTF(2, 3);

/* As nn_store_fail_hdf5, of a failure to write: with what to do about the cause that the system has given
 * HDF5, if it has. */
nn_status nn_store_fail_write(nn_status status, const char *format, ...) NN_PRINTF(2, 3);

/* Records that the system has refused the driver: `error` as nn_store_driver_error returns it. The status is
 * NN_ERROR_IO, or NN_ERROR_MEMORY. */
nn_status nn_store_fail_refused(int error, const char *format, ...) NN_PRINTF(2, 3);

#endif
