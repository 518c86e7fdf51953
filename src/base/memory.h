/*
 * The only allocator. Every block is zeroed and aligned to NN_ALIGNMENT bytes; allocations are counted, and a
 * test can make the n-th one fail.
 */
#ifndef NN_BASE_MEMORY_H
#define NN_BASE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "base/real.h"
#include "base/status.h"

#define NN_ALIGNMENT ((size_t)64)

/* Allocates count x size bytes, zeroed, and stores their address in *pointer (a pointer to a pointer; NULL on
 * failure). count x size may exceed 2^31 and is checked for overflow; 0 gives a valid block. The failure
 * reports the size and `what` it was for. The caller owns the block and releases it with nn_free. */
#define NN_ALLOCATE(pointer, count, what)                                                                    \
    nn_allocate((void **)(pointer), (size_t)(count), sizeof(**(pointer)), (what))
nn_status nn_allocate(void **pointer, size_t count, size_t size, const char *what);

/* The same for values of a precision, in code that is compiled once (base/real.h). */
#define NN_ALLOCATE_VALUES(scalar, pointer, count, what)                                                     \
    nn_allocate((void **)(pointer), (size_t)(count), nn_scalar_size(scalar), (what))

/* Grows or shrinks a block allocated here, keeping its contents; new bytes are zero. */
nn_status nn_reallocate(void **pointer, size_t old_count, size_t new_count, size_t size, const char *what);

/* Copies a text; to be released with nn_free. */
nn_status nn_copy_text(const char *text, char **copy);

/* Accepts NULL. */
void nn_free(void *pointer);

/* Bytes currently allocated by this process, and their maximum so far. */
size_t nn_memory_in_use(void);
size_t nn_memory_peak(void);

/* For tests: makes the n-th allocation from now fail (1 is the next one); 0 turns it off. */
void nn_memory_fail_at(int64_t n);

#endif
