/* The names of the data in a checkpoint: lists of strings that h5py can read (base/names.h). */
#include <stdio.h>

#include "base/list.h"
#include "base/memory.h"
#include "model/checkpoint_names.h"

#define NAMES_GROUP "names"
#define NAMES_KEYS NAMES_GROUP "/keys"

static nn_status names_path(nn_text *path, const char *key, const char *what)
{
    nn_text_append(path, NAMES_GROUP "/%s/%s", key, what);
    return path->failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a name") : NN_OK;
}

/* ---- writing ---- */

static nn_status names_put_list(nn_store_image *image, const char *key, const char *what,
                                const nn_text_list *list)
{
    nn_text path = {0};
    if (list->count == 0) return NN_OK;
    nn_status status = names_path(&path, key, what);
    if (status == NN_OK) status = nn_store_image_put_names(image, path.bytes, list->count, list->items);
    nn_text_free(&path);
    return status;
}

static nn_status names_put_categories(nn_store_image *image, const nn_names *names)
{
    for (size_t c = 0; names->categories && c < names->columns.count; c++) {
        nn_text what = {0};
        nn_names_append_path(&what, "categories", names->columns.items[c]);
        nn_status status = what.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a name")
                                       : names_put_list(image, names->key, what.bytes, &names->categories[c]);
        nn_text_free(&what);
        NN_TRY(status);
    }
    return NN_OK;
}

nn_status nn_model_put_names(const nn_names_set *set, nn_store_image *image)
{
    char *keys[NN_NAMES_MOST];
    if (set->count == 0) return NN_OK;
    for (int i = 0; i < set->count; i++) {
        const nn_names *names = &set->items[i];
        keys[i] = names->key;
        NN_TRY(names_put_list(image, names->key, "columns", &names->columns));
        NN_TRY(names_put_list(image, names->key, "classes", &names->classes));
        NN_TRY(names_put_categories(image, names));
    }
    return nn_store_image_put_names(image, NAMES_KEYS, (size_t)set->count, keys);
}

/* ---- reading ---- */

static nn_status names_get_list(nn_store_file *file, const char *path, nn_text_list *list)
{
    char **names = NULL;
    size_t count = 0;
    if (!nn_store_has(file, path)) return NN_OK;
    NN_TRY(nn_store_read_names(file, path, &names, &count));
    nn_status status = NN_OK;
    for (size_t i = 0; i < count && status == NN_OK; i++) status = nn_list_add(list, names[i]);
    nn_store_free_names(names, count);
    return status;
}

static nn_status names_get_of(nn_store_file *file, const char *key, const char *what, nn_text_list *list)
{
    nn_text path = {0};
    nn_status status = names_path(&path, key, what);
    if (status == NN_OK) status = names_get_list(file, path.bytes, list);
    nn_text_free(&path);
    return status;
}

static nn_status names_get_categories(nn_store_file *file, nn_names *names)
{
    nn_text group = {0};
    nn_status status = names_path(&group, names->key, "categories");
    bool has = status == NN_OK && nn_store_has_group(file, group.bytes);
    if (has) status = nn_names_make_categories(names);
    for (size_t c = 0; has && status == NN_OK && c < names->columns.count; c++) {
        nn_text path = {0};
        nn_names_append_path(&path, group.bytes, names->columns.items[c]);
        status = path.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a name")
                             : names_get_list(file, path.bytes, &names->categories[c]);
        nn_text_free(&path);
    }
    nn_text_free(&group);
    return status;
}

nn_status nn_model_get_names(nn_store_file *file, nn_names_set *set)
{
    nn_text_list keys = {0};
    nn_status status = names_get_list(file, NAMES_KEYS, &keys);
    if (status == NN_OK && keys.count > NN_NAMES_MOST)
        status = nn_fail(NN_ERROR_CHECKPOINT,
                         "%s: " NAMES_KEYS " has more names than there are fields; use another checkpoint",
                         nn_store_path(file));
    for (size_t i = 0; i < keys.count && status == NN_OK; i++) {
        nn_names *names = &set->items[i];
        set->count = (int)i + 1;
        status = nn_copy_text(keys.items[i], &names->key);
        if (status == NN_OK) status = names_get_of(file, names->key, "columns", &names->columns);
        if (status == NN_OK) status = names_get_of(file, names->key, "classes", &names->classes);
        if (status == NN_OK) status = names_get_categories(file, names);
    }
    nn_list_release(&keys);
    return status;
}

nn_status nn_model_class_lines(const nn_names_set *set, int field, char **lines)
{
    nn_text text = {0};
    *lines = NULL;
    if (field >= set->count) return NN_OK;
    nn_list_append_lines(&set->items[field].classes, &text);
    *lines = text.bytes;
    return text.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the names of classes") : NN_OK;
}
