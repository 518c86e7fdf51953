/* The memory in which HDF5 builds a file: ours, so that the finished file is not copied out of it. */
#ifndef NN_STORE_IMAGE_BUFFER_H
#define NN_STORE_IMAGE_BUFFER_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>

/* Zero-initialise. `bytes` is released with nn_free once the file is closed. */
typedef struct nn_store_buffer {
    unsigned char *bytes; /* NULL before the first write; may move when HDF5 writes */
    size_t capacity;      /* always has room for a seal after the file */
    size_t expected;      /* capacity at the first write, where this is more than needed then */
    bool lacks_memory;    /* an allocation has failed, and its message is recorded */
} nn_store_buffer;

/* Selects HDF5's driver for files in memory, with this buffer, which must outlive the file. */
bool nn_store_buffer_set(hid_t access, nn_store_buffer *buffer);

#endif
