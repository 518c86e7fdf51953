/* Makes files durable. Nothing here calls HDF5; any thread may call it. */
#ifndef NN_STORE_DURABLE_H
#define NN_STORE_DURABLE_H

#include "base/status.h"

/* fsync, repeated when interrupted; returns what fsync returns. */
int nn_store_sync(int descriptor);

/* Opens the directory that contains, or will contain, `path`. */
nn_status nn_store_open_directory(const char *path, int *descriptor);

/* Syncs the directory, so that a power failure cannot undo renaming a file to `path`. */
nn_status nn_store_sync_directory(int descriptor, const char *path);

/* How the names of unfinished files end: one that no user's own file has. */
#define NN_STORE_TEMPORARY ".nntrain.tmp"

/* PATH with that ending; the caller owns *temporary. */
nn_status nn_store_name_temporary(const char *path, char **temporary);

#endif
