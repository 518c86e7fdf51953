/* Rereads a file that was just written. */
#ifndef NN_STORE_REREAD_H
#define NN_STORE_REREAD_H

#include <stddef.h>

#include "base/status.h"

/* Drops the synced file `written` from the system's cache, if the system permits, rereads it, and compares it
 * with the sealed bytes that it was written from, and those with their seal. `path` is the file's final
 * name. */
nn_status nn_store_reread(const char *written, const char *path, const void *bytes, size_t size);

#endif
