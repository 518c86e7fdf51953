/* The trailer that seals a file: behind the HDF5 file's own bytes, where HDF5 does not look. */
#ifndef NN_STORE_SEAL_H
#define NN_STORE_SEAL_H

#include <stddef.h>

#include "base/status.h"

#define NN_STORE_SEAL_SIZE ((size_t)24)

/* Writes the trailer behind `size` bytes; the block has room for NN_STORE_SEAL_SIZE more. */
void nn_store_seal(void *bytes, size_t size);

/* Verifies `size` bytes, trailer included; `path` is for the message. */
nn_status nn_store_seal_check(const void *bytes, size_t size, const char *path);

#endif
