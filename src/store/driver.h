/*
 * The file driver through which HDF5 reads data files: HDF5's own driver would lose the cause of a failed
 * read, give up at the first failure, and return zeros when a file has become shorter. Files reached through
 * others (links, virtual datasets) are opened with the same driver.
 *
 * A read that fails for a possibly transient cause is retried, after reopening the file if it is still the
 * same one (see nn_patience). Once the retries have failed, all further reads of the file fail at once, so
 * that no later success can make the error look like a fact about the data.
 */
#ifndef NN_STORE_DRIVER_H
#define NN_STORE_DRIVER_H

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

/* An open file of the driver; the handle returned by H5Fget_vfd_handle. */
typedef struct nn_store_source nn_store_source;

/* Selects the driver, which is read-only. To be called with the lock held. */
bool nn_store_driver_set(hid_t access);

/* The source of an open file, or NULL if another driver reads it. Borrowed. */
nn_store_source *nn_store_driver_source(hid_t file);

/* Reads `size` bytes at `at`; on failure returns false with errno set, 0 meaning that the file ends before
 * them. Needs no lock. */
bool nn_store_source_read(nn_store_source *source, int64_t at, size_t size, void *bytes);

/* The last error that the system has returned to the driver in this thread since nn_store_driver_forget: a
 * value of errno; 0: none; -1: the file has become shorter. Files that do not exist are not errors: HDF5
 * looks for some in several places. HDF5 itself may not have treated the error as one. */
int nn_store_driver_error(void);
void nn_store_driver_forget(void);

#endif
