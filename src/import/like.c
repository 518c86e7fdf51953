#include "import/like.h"

#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "base/memory.h"
#include "import/sources.h"
#include "import/split.h"
#include "store/store.h"

struct nn_import_like {
    nn_store_file *file;
};

nn_status nn_import_like_open(const char *path, nn_import_like **like)
{
    nn_import_like *made;
    *like = NULL;
    NN_TRY(NN_ALLOCATE(&made, 1, "an earlier import"));
    nn_status status = nn_store_open(path, &made->file);
    if (status == NN_OK)
        *like = made;
    else
        nn_free(made);
    return status;
}

void nn_import_like_close(nn_import_like *like)
{
    if (!like) return;
    nn_store_close(like->file);
    nn_free(like);
}

const char *nn_import_like_path(const nn_import_like *like)
{
    return nn_store_path(like->file);
}

nn_status nn_import_like_names(const nn_import_like *like, const char *dataset, nn_text_list *names)
{
    char **items;
    size_t count;
    nn_status status = NN_OK;
    if (!like || !nn_store_has(like->file, dataset)) return NN_OK;
    NN_TRY(nn_store_read_names(like->file, dataset, &items, &count));
    for (size_t i = 0; i < count && status == NN_OK; i++) status = nn_list_add(names, items[i]);
    nn_store_free_names(items, count);
    return status;
}

static bool like_look(const nn_import_like *like, const char *dataset, nn_import_like_field *found)
{
    nn_store_array *array;
    const nn_store_spec spec = {.dataset = dataset};
    if (!nn_store_has_array(like->file, dataset)) return false;
    if (nn_store_array_open_as(like->file, &spec, &array) != NN_OK) {
        nn_error_clear();
        return false;
    }
    const nn_store_info *info = nn_store_array_info(array);
    bool fits = info->dimensions >= 1 && info->dimensions <= NN_MAX_DIMENSIONS + 1;
    *found = (nn_import_like_field){.type = info->type};
    for (int i = 1; fits && i < info->dimensions; i++)
        found->shape.extents[found->shape.dimensions++] = info->extents[i];
    nn_store_array_close(array);
    return fits;
}

bool nn_import_like_find(const nn_import_like *like, const char *field, nn_import_like_field *found)
{
    char dataset[64];
    if (!like) return false;
    if (like_look(like, field, found)) return true;
    for (int part = 0; part < NN_IMPORT_PARTS; part++) {
        snprintf(dataset, sizeof dataset, "%s_%s", field, nn_import_part_names[part]);
        if (like_look(like, dataset, found)) return true;
    }
    return false;
}

/* ---- comparing ---- */

static nn_status like_fail_names(const nn_import *import, const char *dataset, const nn_text_list *own,
                                 const nn_text_list *earlier)
{
    nn_text text = {0};
    nn_text_append(&text, "%s: the sources have ", dataset);
    nn_list_append(own, &text);
    nn_text_append(&text, "; %s has ", nn_import_like_path(import->like));
    if (earlier->count == 0) nn_text_append(&text, "none");
    nn_list_append(earlier, &text);
    nn_text_append(
        &text,
        ": the numbers would mean something else; remove --like, or import sources with the same names");
    nn_status status = nn_fail(NN_ERROR_DATA, "%s", text.failed ? dataset : text.bytes);
    nn_text_free(&text);
    return status;
}

/* In sources without any names, the numbers are assumed to mean the same as in the earlier import. */
static nn_status like_check_names(const nn_import *import, const nn_import_field *field, const char *kind,
                                  nn_text_list *own)
{
    char dataset[64];
    nn_text_list earlier = {0};
    snprintf(dataset, sizeof dataset, "%s_%s", field->name, kind);
    nn_status status = nn_import_like_names(import->like, dataset, &earlier);
    if (status == NN_OK && own->count > 0 && !nn_list_equal(own, &earlier))
        status = like_fail_names(import, dataset, own, &earlier);
    if (status != NN_OK || own->count > 0) {
        nn_list_release(&earlier);
        return status;
    }
    *own = earlier;
    if (own->count > 0)
        nn_log_warning("%s: the sources have no names: their numbers are assumed to mean the same as in %s",
                       dataset, nn_import_like_path(import->like));
    return NN_OK;
}

static nn_status like_check_field(const nn_import *import, nn_import_field *field)
{
    char own[NN_SHAPE_TEXT], other[NN_SHAPE_TEXT];
    nn_import_like_field earlier;
    if (!nn_import_like_find(import->like, field->name, &earlier)) return NN_OK;
    if (!nn_shape_equal(field->shape, earlier.shape))
        NN_FAIL(NN_ERROR_DATA,
                "%s has rows of shape %s here, but %s in %s: import with the same options, or remove --like",
                field->name, nn_shape_text(own, field->shape), nn_shape_text(other, earlier.shape),
                nn_import_like_path(import->like));
    if (field->label && !nn_store_type_is_integer(earlier.type))
        NN_FAIL(NN_ERROR_DATA,
                "%s holds classes here, but values in %s: remove --like, or add --target value", field->name,
                nn_import_like_path(import->like));
    NN_TRY(like_check_names(import, field, "classes", &field->classes));
    return like_check_names(import, field, "columns", &field->columns);
}

/* A file from another importer, or from none, cannot be matched. */
static nn_status like_check_any(const nn_import *import)
{
    nn_import_like_field earlier;
    nn_text names = {0};
    bool any = false;
    for (int t = 0; t < import->table_count; t++)
        for (int f = 0; f < import->tables[t].field_count; f++) {
            const char *name = import->tables[t].fields[f].name;
            any |= nn_import_like_find(import->like, name, &earlier);
            nn_text_append(&names, "%s%s", names.length > 0 ? ", " : "", name);
        }
    nn_status status = any ? NN_OK
                           : nn_fail(NN_ERROR_DATA,
                                     "--like: %s has none of the datasets that this import writes (%s): give "
                                     "a file from an earlier import of this format",
                                     nn_import_like_path(import->like), names.failed ? "" : names.bytes);
    nn_text_free(&names);
    return status;
}

nn_status nn_import_like_check(nn_import *import)
{
    if (import->like) NN_TRY(like_check_any(import));
    for (int t = 0; import->like && t < import->table_count; t++)
        for (int f = 0; f < import->tables[t].field_count; f++)
            NN_TRY(like_check_field(import, &import->tables[t].fields[f]));
    return NN_OK;
}
