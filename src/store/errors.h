/* Turns failures of HDF5 and of the system into our single message: what, where, why, and what to do. */
#ifndef NN_STORE_ERRORS_H
#define NN_STORE_ERRORS_H

#include "host/system.h"

#define NN_STORE_REASON 256

/* Stops HDF5 from printing its error stack in this thread. Called by the lock. */
void nn_store_silence_hdf5(void);

/* Writes the innermost text of HDF5's error stack, as one line, to a buffer of NN_STORE_REASON bytes. To be
 * called before the next HDF5 call, which clears the stack, and before the lock is released. */
void nn_store_hdf5_reason(char *buffer);

/* Records the message followed by that text; under the same conditions. If the system has refused a read
 * (nn_store_driver_error), that is the cause, and the status NN_ERROR_IO: the message is then cut at its last
 * colon, since its advice assumes damage. */
nn_status nn_store_fail_hdf5(nn_status status, const char *format, ...) NN_PRINTF(2, 3);

/* As nn_store_fail_hdf5, for a failure to write: with advice for the system's error, if HDF5 reports one. */
nn_status nn_store_fail_write(nn_status status, const char *format, ...) NN_PRINTF(2, 3);

/* Records that the system has refused the driver; `error` as returned by nn_store_driver_error. The status is
 * NN_ERROR_IO or NN_ERROR_MEMORY. */
nn_status nn_store_fail_refused(int error, const char *format, ...) NN_PRINTF(2, 3);

#endif
