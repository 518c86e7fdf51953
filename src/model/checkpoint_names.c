/* The names of the data in a checkpoint: lists of strings that h5py can read (base/names.h). */
#include <stdio.h>

#include "base/list.h"
#include "base/memory.h"
#include "base/plugins.h"
#include "model/checkpoint_archive.h"
#include "model/checkpoint_names.h"

static nn_status names_put_list(nn_store_image *image, const char *key, const char *what,
                                const nn_text_list *list)
{
    nn_text path = {0};
    if (list->count == 0) return NN_OK;
    nn_status status = nn_archive_names_path(&path, key, what);
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
        NN_TRY(names_put_list(image, names->key, "units", &names->units));
        NN_TRY(names_put_categories(image, names));
    }
    return nn_store_image_put_names(image, NN_ARCHIVE_KEYS, (size_t)set->count, keys);
}

nn_status nn_model_get_names(nn_store_file *file, nn_names_set *set)
{
    nn_archive archive = nn_archive_of_checkpoint(file);
    return nn_archive_get_names(&archive, set);
}

nn_status nn_model_expect_plugins(nn_store_file *file)
{
    char *lines = NULL;
    if (!nn_store_has(file, NN_PLUGINS_NAME)) return NN_OK;
    NN_TRY(nn_store_read_text(file, NN_PLUGINS_NAME, &lines));
    nn_status status = nn_plugins_expect(lines, nn_store_path(file));
    nn_free(lines);
    return status;
}
