#include "base/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Names that a message shows at most. */
#define NAMES_SHOWN 20

/* ---- a list of names ---- */

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

typedef struct names_entry {
    const char *name;
    int32_t number;
} names_entry;

static int names_by_name(const void *a, const void *b)
{
    return strcmp(((const names_entry *)a)->name, ((const names_entry *)b)->name);
}

static nn_status names_sort(const nn_text_list *list, names_entry **entries)
{
    NN_TRY(NN_ALLOCATE(entries, list->count, "a list of names"));
    for (size_t i = 0; i < list->count; i++) (*entries)[i] = (names_entry){list->items[i], (int32_t)i};
    if (list->count > 0) qsort(*entries, list->count, sizeof **entries, names_by_name);
    for (size_t i = 1; i < list->count; i++)
        if (strcmp((*entries)[i - 1].name, (*entries)[i].name) == 0)
            NN_FAIL(NN_ERROR_DATA, "the name '%s' occurs twice: give each number a name of its own",
                    (*entries)[i].name);
    return NN_OK;
}

nn_status nn_list_map(const nn_text_list *from, const nn_text_list *to, int32_t *map)
{
    names_entry *own = NULL, *others = NULL;
    nn_status status = names_sort(from, &own);
    if (status == NN_OK) status = names_sort(to, &others);
    for (size_t i = 0; status == NN_OK && i < from->count; i++) {
        const names_entry wanted = {.name = from->items[i]}, *found = NULL;
        if (to->count > 0) found = bsearch(&wanted, others, to->count, sizeof wanted, names_by_name);
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
    size_t shown = list->count <= NAMES_SHOWN + 1 ? list->count : NAMES_SHOWN;
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

/* ---- all names of a dataset ---- */

nn_status nn_names_make_categories(nn_names *names)
{
    if (names->categories) return NN_OK;
    return NN_ALLOCATE(&names->categories, names->columns.count, "the names of categories");
}

const nn_text_list *nn_names_categories(const nn_names *names, int64_t column)
{
    static const nn_text_list none = {0};
    return names->categories && column >= 0 ? &names->categories[column] : &none;
}

nn_status nn_names_copy(const nn_names *from, nn_names *to)
{
    *to = (nn_names){0};
    if (from->key) NN_TRY(nn_copy_text(from->key, &to->key));
    NN_TRY(nn_list_copy(&from->columns, &to->columns));
    NN_TRY(nn_list_copy(&from->classes, &to->classes));
    if (!from->categories) return NN_OK;
    NN_TRY(nn_names_make_categories(to));
    for (size_t c = 0; c < from->columns.count; c++)
        NN_TRY(nn_list_copy(&from->categories[c], &to->categories[c]));
    return NN_OK;
}

void nn_names_release(nn_names *names)
{
    for (size_t c = 0; names->categories && c < names->columns.count; c++)
        nn_list_release(&names->categories[c]);
    nn_free(names->categories);
    nn_list_release(&names->columns);
    nn_list_release(&names->classes);
    nn_free(names->key);
    *names = (nn_names){0};
}

bool nn_names_equal(const nn_names *a, const nn_names *b)
{
    bool equal = nn_list_equal(&a->columns, &b->columns) && nn_list_equal(&a->classes, &b->classes);
    for (size_t c = 0; equal && c < a->columns.count; c++)
        equal = nn_list_equal(nn_names_categories(a, (int64_t)c), nn_names_categories(b, (int64_t)c));
    return equal;
}

bool nn_names_given(const nn_names *names)
{
    return names->columns.count > 0 || names->classes.count > 0;
}

void nn_names_append_path(nn_text *text, const char *prefix, const char *column)
{
    nn_text_append(text, "%s/", prefix);
    for (; *column; column++) nn_text_append(text, "%c", *column == '/' || *column == '.' ? '_' : *column);
}

/* ---- those of all datasets of a part ---- */

nn_status nn_names_set_copy(const nn_names_set *from, nn_names_set *to)
{
    *to = (nn_names_set){0};
    for (int i = 0; i < from->count; i++) {
        to->count = i + 1;
        NN_TRY(nn_names_copy(&from->items[i], &to->items[i]));
    }
    return NN_OK;
}

void nn_names_set_release(nn_names_set *set)
{
    for (int i = 0; i < set->count; i++) nn_names_release(&set->items[i]);
    *set = (nn_names_set){0};
}

const nn_names *nn_names_set_find(const nn_names_set *set, const char *key)
{
    for (int i = 0; i < set->count; i++)
        if (set->items[i].key && strcmp(set->items[i].key, key) == 0) return &set->items[i];
    return NULL;
}
