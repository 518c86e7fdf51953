#include "base/list.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Number of texts that a message shows at most. */
#define LIST_SHOWN 20

nn_status nn_list_add(nn_text_list *list, const char *name)
{
    if ((list->count & (list->count - 1)) == 0) /* full at every power of two */
        NN_TRY(nn_reallocate((void **)&list->items, list->count, list->count ? 2 * list->count : 1,
                             sizeof *list->items, "a list of names"));
    NN_TRY(nn_copy_text(name, &list->items[list->count]));
    list->count++;
    return NN_OK;
}

nn_status nn_list_copy(const nn_text_list *from, nn_text_list *to)
{
    *to = (nn_text_list){0};
    for (size_t i = 0; i < from->count; i++) NN_TRY(nn_list_add(to, from->items[i]));
    return NN_OK;
}

void nn_list_release(nn_text_list *list)
{
    for (size_t i = 0; i < list->count; i++) nn_free(list->items[i]);
    nn_free(list->items);
    *list = (nn_text_list){0};
}

bool nn_list_equal(const nn_text_list *a, const nn_text_list *b)
{
    bool equal = a->count == b->count;
    for (size_t i = 0; equal && i < a->count; i++) equal = strcmp(a->items[i], b->items[i]) == 0;
    return equal;
}

int64_t nn_list_find(const nn_text_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], name) == 0) return (int64_t)i;
    return -1;
}

typedef struct list_entry {
    const char *name;
    int32_t number;
} list_entry;

static int list_by_name(const void *a, const void *b)
{
    return strcmp(((const list_entry *)a)->name, ((const list_entry *)b)->name);
}

static nn_status list_sort(const nn_text_list *list, list_entry **entries)
{
    NN_TRY(NN_ALLOCATE(entries, list->count, "a list of names"));
    for (size_t i = 0; i < list->count; i++) (*entries)[i] = (list_entry){list->items[i], (int32_t)i};
    if (list->count > 0) qsort(*entries, list->count, sizeof **entries, list_by_name);
    for (size_t i = 1; i < list->count; i++)
        if (strcmp((*entries)[i - 1].name, (*entries)[i].name) == 0)
            NN_FAIL(NN_ERROR_DATA, "the name '%s' occurs twice: names must be unique", (*entries)[i].name);
    return NN_OK;
}

nn_status nn_list_map(const nn_text_list *from, const nn_text_list *to, int32_t *map)
{
    list_entry *own = NULL, *others = NULL;
    nn_status status = list_sort(from, &own);
    if (status == NN_OK) status = list_sort(to, &others);
    for (size_t i = 0; status == NN_OK && i < from->count; i++) {
        const list_entry wanted = {.name = from->items[i]}, *found = NULL;
        if (to->count > 0) found = bsearch(&wanted, others, to->count, sizeof wanted, list_by_name);
        map[i] = found ? found->number : -1;
    }
    nn_free(own);
    nn_free(others);
    return status;
}

nn_status nn_list_join(const nn_text_list *from, nn_text_list *to)
{
    int32_t *map = NULL;
    if (from->count == 0 || nn_list_equal(from, to)) return NN_OK;
    NN_TRY(NN_ALLOCATE(&map, from->count, "a list of names"));
    nn_status status = nn_list_map(from, to, map);
    for (size_t i = 0; status == NN_OK && i < from->count; i++)
        if (map[i] < 0) status = nn_list_add(to, from->items[i]);
    nn_free(map);
    return status;
}

bool nn_list_is_numeric(const nn_text_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *name = list->items[i];
        size_t digits = strspn(name, "0123456789");
        if (digits == 0 || digits > 9 || name[digits] || (name[0] == '0' && digits > 1)) return false;
    }
    return list->count > 0;
}

void nn_list_append(const nn_text_list *list, nn_text *text)
{
    size_t shown = list->count <= LIST_SHOWN + 1 ? list->count : LIST_SHOWN;
    for (size_t i = 0; i < shown; i++) nn_text_append(text, "%s%s", i > 0 ? ", " : "", list->items[i]);
    if (shown < list->count) nn_text_append(text, ", ... (%zu in all)", list->count);
}

void nn_list_append_lines(const nn_text_list *list, nn_text *text)
{
    for (size_t i = 0; i < list->count; i++) {
        if (i > 0) nn_text_append(text, "\n");
        for (const char *at = list->items[i]; *at; at++)
            if (*at == '\n' || *at == '\\')
                nn_text_append(text, *at == '\n' ? "\\n" : "\\\\");
            else
                nn_text_append(text, "%c", *at);
    }
}
