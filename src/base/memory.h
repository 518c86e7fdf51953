/*
 * The one allocator. Every block is zeroed and aligned to NN_ALIGNMENT bytes; what is allocated is counted,
 * and a test can make the n-th allocation fail.
 */
#ifndef NN_BASE_MEMORY_H
#define NN_BASE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define NN_ALIGNMENT ((size_t)64)

/* Allocates count x size bytes, zeroed, into *pointer (a pointer to a pointer; NULL on failure). count x size
 * may exceed 2^31 and is checked for overflow; 0 gives a valid block. The failure says how much was asked for
 * and for `what`. Owned by the caller, released with nn_free. */
#define NN_ALLOCATE(pointer, count, what)                                                                    \
    nn_allocate((void **)(pointer), (size_t)(count), sizeof(**(pointer)), (what))
nn_status nn_allocate(void **pointer, size_t count, size_t size, const char *what);

/* Grows or shrinks a block made here, keeping its content; new bytes are zero. */
nn_status nn_reallocate(void **pointer, size_t old_count, size_t new_count, size_t size, const char *what);

/* Copy of a text; released with nn_free. */
nn_status nn_copy_text(const char *text, char **copy);

/* Accepts NULL. */
void nn_free(void *pointer);

/* Bytes allocated now, and at most so far, by this process. */
size_t nn_memory_in_use(void);
size_t nn_memory_peak(void);

/* For tests: the n-th allocation from now fails (1 is the next one); 0 turns it off. */
void nn_memory_fail_at(int64_t n);

#endif
