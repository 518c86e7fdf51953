/* Restores the names of the data (base/names.h) from what a model was saved in. */
#include "base/memory.h"
#include "model/archive.h"

nn_status nn_archive_names_path(nn_text *path, const char *key, const char *what)
{
    nn_text_append(path, NN_ARCHIVE_NAMES "/%s/%s", key, what);
    return path->failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a name") : NN_OK;
}

static nn_status names_get_list(const nn_archive *archive, const char *path, nn_text_list *list)
{
    return nn_archive_has(archive, path) ? nn_archive_read_names(archive, path, list) : NN_OK;
}

static nn_status names_get_of(const nn_archive *archive, const char *key, const char *what,
                              nn_text_list *list)
{
    nn_text path = {0};
    nn_status status = nn_archive_names_path(&path, key, what);
    if (status == NN_OK) status = names_get_list(archive, path.bytes, list);
    nn_text_free(&path);
    return status;
}

static nn_status names_get_categories(const nn_archive *archive, nn_names *names)
{
    nn_text group = {0};
    nn_status status = nn_archive_names_path(&group, names->key, "categories");
    bool has = status == NN_OK && nn_archive_has_group(archive, group.bytes);
    if (has) status = nn_names_make_categories(names);
    for (size_t c = 0; has && status == NN_OK && c < names->columns.count; c++) {
        nn_text path = {0};
        nn_names_append_path(&path, group.bytes, names->columns.items[c]);
        status = path.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a name")
                             : names_get_list(archive, path.bytes, &names->categories[c]);
        nn_text_free(&path);
    }
    nn_text_free(&group);
    return status;
}

nn_status nn_archive_get_names(const nn_archive *archive, nn_names_set *set)
{
    nn_text_list keys = {0};
    nn_status status = names_get_list(archive, NN_ARCHIVE_KEYS, &keys);
    if (status == NN_OK && keys.count > NN_NAMES_MOST)
        status =
            nn_fail(NN_ERROR_CHECKPOINT,
                    "%s: " NN_ARCHIVE_KEYS " has more names than there are fields; use another checkpoint",
                    archive->path);
    for (size_t i = 0; i < keys.count && status == NN_OK; i++) {
        nn_names *names = &set->items[i];
        set->count = (int)i + 1;
        status = nn_copy_text(keys.items[i], &names->key);
        if (status == NN_OK) status = names_get_of(archive, names->key, "columns", &names->columns);
        if (status == NN_OK) status = names_get_of(archive, names->key, "classes", &names->classes);
        if (status == NN_OK) status = names_get_of(archive, names->key, "units", &names->units);
        if (status == NN_OK) status = names_get_categories(archive, names);
    }
    nn_list_release(&keys);
    return status;
}

nn_status nn_archive_class_lines(const nn_names_set *set, int field, char **lines)
{
    nn_text text = {0};
    *lines = NULL;
    if (field >= set->count) return NN_OK;
    nn_list_append_lines(&set->items[field].classes, &text);
    *lines = text.bytes;
    return text.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the names of classes") : NN_OK;
}
