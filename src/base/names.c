#include "base/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

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
    NN_TRY(nn_list_copy(&from->units, &to->units));
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
    nn_list_release(&names->units);
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
