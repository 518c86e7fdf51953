/* A column of categories, as AnnData writes it: a group with their numbers, `codes`, and their names,
 * `categories`. */
#include <stdio.h>

#include "base/text.h"
#include "store/layout.h"

static bool categorical_has(nn_store_file *file, const char *group, const char *member)
{
    nn_text path = {0};
    nn_text_append(&path, "%s/%s", group, member);
    bool has = !path.failed && nn_store_has_dataset(file, path.bytes);
    nn_text_free(&path);
    return has;
}

static bool categorical_recognise(nn_store_file *file, const nn_store_spec *spec)
{
    const char *name = nn_store_bare_name(spec->dataset);
    return *name && nn_store_has_group(file, name) && categorical_has(file, name, "codes") &&
           categorical_has(file, name, "categories");
}

static nn_status categorical_open(nn_store_array *array, nn_store_file *file, const nn_store_spec *spec)
{
    nn_text path = {0};
    nn_store_array *codes = NULL;
    (void)spec;
    nn_text_append(&path, "%s/codes", array->name);
    nn_status status = path.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a name")
                                   : nn_store_array_open(file, path.bytes, &codes);
    nn_text_free(&path);
    NN_TRY(status);
    array->state = codes;
    NN_TRY(nn_layout_check_part(codes));
    array->info = codes->info;
    return NN_OK;
}

static void categorical_close(nn_store_array *array)
{
    nn_store_array_close(array->state);
}

static bool categorical_read(nn_store_array *array, const int64_t *start, const int64_t *count,
                             nn_store_type type, void *values, char *reason)
{
    return nn_store_read_block(array->state, start, count, type, values, reason);
}

const nn_store_layout nn_layout_categorical = {
    .name = "categorical",
    .recognise = categorical_recognise,
    .open = categorical_open,
    .close = categorical_close,
    .read = categorical_read,
};
