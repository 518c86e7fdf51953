#include "import/csv_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

void nn_csv_names_release(nn_csv_names *names)
{
    for (size_t i = 0; i < names->count; i++) nn_free(names->items[i]);
    nn_free(names->items);
    nn_free(names->slots);
    *names = (nn_csv_names){0};
}

/* The slot of a text, or the free slot where it belongs. */
static size_t names_slot(const nn_csv_names *names, const char *text, size_t length)
{
    size_t slot = (size_t)nn_hash(text, length, 0) & (names->slot_count - 1);
    for (; names->slots[slot]; slot = (slot + 1) & (names->slot_count - 1)) {
        const char *item = names->items[names->slots[slot] - 1];
        if (strncmp(item, text, length) == 0 && item[length] == '\0') break;
    }
    return slot;
}

int64_t nn_csv_names_find(const nn_csv_names *names, const char *text, size_t length)
{
    if (names->slot_count == 0) return -1;
    return (int64_t)names->slots[names_slot(names, text, length)] - 1;
}

static void names_fill_slots(nn_csv_names *names)
{
    memset(names->slots, 0, names->slot_count * sizeof *names->slots);
    for (size_t i = 0; i < names->count; i++)
        names->slots[names_slot(names, names->items[i], strlen(names->items[i]))] = (uint32_t)(i + 1);
}

/* At most half of the slots are used. */
static nn_status names_grow(nn_csv_names *names)
{
    size_t capacity = names->capacity ? 2 * names->capacity : 32;
    uint32_t *slots;
    NN_TRY(NN_ALLOCATE(&slots, 2 * capacity, "names of a column"));
    nn_free(names->slots);
    names->slots = slots;
    names->slot_count = 2 * capacity;
    names_fill_slots(names);
    NN_TRY(nn_reallocate((void **)&names->items, names->capacity, capacity, sizeof *names->items,
                         "names of a column"));
    names->capacity = capacity;
    return NN_OK;
}

nn_status nn_csv_names_add(nn_csv_names *names, const char *text, size_t length)
{
    if (nn_csv_names_find(names, text, length) >= 0) return NN_OK;
    if (names->count == names->capacity) NN_TRY(names_grow(names));
    size_t slot = names_slot(names, text, length);
    NN_TRY(nn_copy_text(text, &names->items[names->count]));
    names->slots[slot] = (uint32_t)++names->count;
    return NN_OK;
}

static int names_by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int names_by_value(const void *a, const void *b)
{
    long long one = atoll(*(char *const *)a), other = atoll(*(char *const *)b);
    return (one > other) - (one < other);
}

void nn_csv_names_sort(nn_csv_names *names, bool numbers)
{
    if (names->count == 0) return;
    qsort(names->items, names->count, sizeof *names->items, numbers ? names_by_value : names_by_bytes);
    names_fill_slots(names);
}
