#include "store/image_buffer.h"

#include "base/memory.h"
#include "store/seal.h"

/* The increment by which HDF5 grows the file in memory. */
#define BUFFER_INCREMENT ((size_t)4 << 20)

/* HDF5 asks for the first block here as well. */
static void *buffer_grow(void *bytes, size_t size, H5FD_file_image_op_t operation, void *context)
{
    nn_store_buffer *buffer = context;
    (void)bytes, (void)operation;
    if (size + NN_STORE_SEAL_SIZE <= buffer->capacity) return buffer->bytes;
    size_t capacity = 2 * buffer->capacity;
    if (capacity < buffer->expected) capacity = buffer->expected;
    if (capacity < size + NN_STORE_SEAL_SIZE) capacity = size + NN_STORE_SEAL_SIZE;
    if (nn_reallocate((void **)&buffer->bytes, buffer->capacity, capacity, 1, "a checkpoint in memory") !=
        NN_OK) {
        buffer->lacks_memory = true;
        return NULL;
    }
    buffer->capacity = capacity;
    return buffer->bytes;
}

static herr_t buffer_keep(void *bytes, H5FD_file_image_op_t operation, void *context)
{
    (void)bytes, (void)operation, (void)context;
    return 0;
}

static void *buffer_share_context(void *context)
{
    return context;
}

static herr_t buffer_keep_context(void *context)
{
    (void)context;
    return 0;
}

bool nn_store_buffer_set(hid_t access, nn_store_buffer *buffer)
{
    H5FD_file_image_callbacks_t callbacks = {
        .image_realloc = buffer_grow,
        .image_free = buffer_keep,
        .udata_copy = buffer_share_context,
        .udata_free = buffer_keep_context,
        .udata = buffer,
    };
    return access >= 0 && H5Pset_fapl_core(access, BUFFER_INCREMENT, false) >= 0 &&
           H5Pset_file_image_callbacks(access, &callbacks) >= 0;
}
