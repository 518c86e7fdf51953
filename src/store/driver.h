/*
 * The file driver that HDF5 reads data files through: its own would lose the cause of a failed read, would
 * give up at the first one, and would deliver zeros where a file has become shorter. Files that others lead
 * to (links, virtual datasets) are opened with the same driver.
 *
 * A read that fails for a cause that may pass is tried again, after opening the file anew where it is still
 * the same (see nn_patience). Once that has failed, all further reads of the file fail at once, so that no
 * later one makes an error look like a fact about the data.
 */
#ifndef NN_STORE_DRIVER_H
#define NN_STORE_DRIVER_H

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

/* An open file of the driver; the handle that H5Fget_vfd_handle gives. */
typedef struct nn_store_source nn_store_source;

/* Sets the driver, for reading alone; with the lock held. */
bool nn_store_driver_set(hid_t access);

/* The source behind an open file, or NULL where another driver reads it. Borrowed. */
nn_store_source *nn_store_driver_source(hid_t file);

/* Reads `size` bytes at `at`; false with errno set, 0 where the file ends before them. Needs no lock. */
bool nn_store_source_read(nn_store_source *source, int64_t at, size_t size, void *bytes);

/* What the system has refused the driver in this thread since the last nn_store_driver_forget: a value of
 * errno; 0: nothing, -1: the file has become shorter. Files that do not exist do not count: HDF5 looks for
 * some in several places. HDF5 may have taken the refusal for an answer. */
int nn_store_driver_error(void);
void nn_store_driver_forget(void);

#endif
