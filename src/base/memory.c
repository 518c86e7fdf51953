#include "base/memory.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/format.h"
#include "base/memory_limits.h"

/* Immediately precedes each block. */
typedef struct memory_header {
    void *origin; /* what calloc returned */
    size_t size;  /* of the block, as requested */
} memory_header;

#define MEMORY_OVERHEAD (sizeof(memory_header) + NN_ALIGNMENT - 1)

static atomic_size_t memory_in_use;
static atomic_size_t memory_peak;
static atomic_int_least64_t memory_countdown;

size_t nn_memory_in_use(void)
{
    return atomic_load(&memory_in_use);
}

size_t nn_memory_peak(void)
{
    return atomic_load(&memory_peak);
}

void nn_memory_fail_at(int64_t n)
{
    atomic_store(&memory_countdown, n);
}

static bool memory_must_fail(void)
{
    if (nn_fault_value("memory.allocate")) return true;
    return atomic_load(&memory_countdown) > 0 && atomic_fetch_sub(&memory_countdown, 1) == 1;
}

static void memory_count(size_t size)
{
    size_t now = atomic_fetch_add(&memory_in_use, size) + size;
    size_t peak = atomic_load(&memory_peak);
    while (now > peak && !atomic_compare_exchange_weak(&memory_peak, &peak, now)) {
    }
}

/* The caller's pointer is a T *, accessed through a void **: copying bytes respects the aliasing rules. */
static void memory_store_pointer(void **pointer, void *block)
{
    memcpy(pointer, &block, sizeof(block));
}

static void *memory_load_pointer(void **pointer)
{
    void *block;
    memcpy(&block, pointer, sizeof(block));
    return block;
}

static memory_header *memory_header_of(void *block)
{
    return (memory_header *)((char *)block - sizeof(memory_header));
}

/* calloc, because it takes large blocks from the system as untouched zero pages: a block that is never
 * written costs nothing, and each thread places the pages that it touches first. */
static void *memory_create(size_t size)
{
    char *origin = calloc(1, size + MEMORY_OVERHEAD);
    if (!origin) return NULL;
    size_t past = ((uintptr_t)origin + MEMORY_OVERHEAD) % NN_ALIGNMENT;
    void *block = origin + MEMORY_OVERHEAD - past;
    *memory_header_of(block) = (memory_header){.origin = origin, .size = size};
    memory_count(size);
    return block;
}

nn_status nn_allocate(void **pointer, size_t count, size_t size, const char *what)
{
    memory_store_pointer(pointer, NULL);
    bool fits = size == 0 || count <= (SIZE_MAX - MEMORY_OVERHEAD) / size;
    void *block = fits && !memory_must_fail() ? memory_create(count * size) : NULL;
    if (!block) {
        char asked[NN_FORMAT_SIZE], held[NN_FORMAT_SIZE], text[NN_LIMITS_TEXT];
        nn_memory_limits limits = nn_memory_limits_read("");
        NN_FAIL(NN_ERROR_MEMORY,
                "cannot allocate %s for %s (this process uses %s; %s): give the job more memory, use fewer "
                "ranks per node, lower training.memory, set data.cache: stream, or make the batch or the "
                "network smaller",
                nn_format_bytes(asked, (double)count * (double)size), what,
                nn_format_bytes(held, (double)nn_memory_in_use()), nn_memory_limits_text(text, &limits));
    }
    memory_store_pointer(pointer, block);
    return NN_OK;
}

nn_status nn_reallocate(void **pointer, size_t old_count, size_t new_count, size_t size, const char *what)
{
    void *old_block = memory_load_pointer(pointer);
    void *new_block;
    NN_TRY(nn_allocate(&new_block, new_count, size, what));
    size_t kept = old_count < new_count ? old_count : new_count;
    if (old_block) memcpy(new_block, old_block, kept * size);
    nn_free(old_block);
    memory_store_pointer(pointer, new_block);
    return NN_OK;
}

nn_status nn_copy_text(const char *text, char **copy)
{
    size_t size = strlen(text) + 1;
    NN_TRY(NN_ALLOCATE(copy, size, "a text"));
    memcpy(*copy, text, size);
    return NN_OK;
}

void nn_free(void *pointer)
{
    if (!pointer) return;
    memory_header *header = memory_header_of(pointer);
    atomic_fetch_sub(&memory_in_use, header->size);
    free(header->origin);
}
