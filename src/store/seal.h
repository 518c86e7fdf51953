/* The trailer that seals a file: after the end of the HDF5 data, where HDF5 does not look. */
#ifndef NN_STORE_SEAL_H
#define NN_STORE_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define NN_STORE_SEAL_SIZE ((size_t)24)

/* Writes the trailer after `size` bytes; the block has room for NN_STORE_SEAL_SIZE more. */
void nn_store_seal(void *bytes, size_t size);

/* The checksum in the trailer of sealed bytes, of which there are at least NN_STORE_SEAL_SIZE. */
uint64_t nn_store_seal_of(const void *bytes, size_t size);

/* Verifies `size` bytes, including the trailer; `path` is for the message. */
nn_status nn_store_seal_check(const void *bytes, size_t size, const char *path);

#endif
