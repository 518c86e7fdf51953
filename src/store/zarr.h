/* Zarr stores, which are folders: recognised, so that a message can say how to convert them. They are not
 * read: the C library that could, netCDF-C, returns compressed chunks undecoded and without an error where
 * its plug-ins are not installed, as in Debian 12, and does not know Zarr 3. */
#ifndef NN_STORE_ZARR_H
#define NN_STORE_ZARR_H

#include <stdbool.h>

#include "base/status.h"

/* Whether the folder is a Zarr store (version 2 or 3). */
bool nn_store_is_zarr(const char *path);

/* Records that it cannot be read, with a command that converts it. */
nn_status nn_store_fail_zarr(const char *path);

#endif
