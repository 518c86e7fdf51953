/* Writes a file of any kind from its beginning to its end, as nn_store_commit does at once: under a temporary
 * name until it is complete. Makes no HDF5 calls. */
#ifndef NN_STORE_GROWING_H
#define NN_STORE_GROWING_H

#include <stddef.h>

#include "base/status.h"

typedef struct nn_store_growing nn_store_growing;

/* Creates PATH with NN_STORE_TEMPORARY after it. An existing PATH is replaced only by
 * nn_store_growing_commit. NN_ERROR_BUSY if another process writes it. The caller owns *file. */
nn_status nn_store_growing_create(const char *path, nn_store_growing **file);

nn_status nn_store_growing_append(nn_store_growing *file, const void *bytes, size_t size);

/* Fsyncs, renames, and fsyncs the directory. Afterwards the file can only be destroyed. */
nn_status nn_store_growing_commit(nn_store_growing *file);

/* Without a commit, nothing remains of the file. Accepts NULL. */
void nn_store_growing_destroy(nn_store_growing *file);

#endif
