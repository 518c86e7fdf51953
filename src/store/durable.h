/* What makes a file durable. None of this calls HDF5; any thread may. */
#ifndef NN_STORE_DURABLE_H
#define NN_STORE_DURABLE_H

#include "base/status.h"

/* fsync, as often as it is interrupted; as fsync otherwise. */
int nn_store_sync(int descriptor);

/* Opens the directory that holds, or will hold, `path`. */
nn_status nn_store_open_directory(const char *path, int *descriptor);

/* So that a power cut cannot undo a renaming to `path`. */
nn_status nn_store_sync_directory(int descriptor, const char *path);

/* "path.tmp"; *temporary is owned by the caller. */
nn_status nn_store_name_temporary(const char *path, char **temporary);

#endif
