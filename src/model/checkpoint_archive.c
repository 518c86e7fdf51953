/* A checkpoint as what a model was saved in. */
#include "model/checkpoint_archive.h"

static bool checkpoint_has(const nn_archive *archive, const char *name)
{
    return nn_store_has(archive->contents, name);
}

static bool checkpoint_has_group(const nn_archive *archive, const char *group)
{
    return nn_store_has_group(archive->contents, group);
}

static nn_status checkpoint_read_text(const nn_archive *archive, const char *name, char **text)
{
    return nn_store_read_text(archive->contents, name, text);
}

static nn_status checkpoint_read_names(const nn_archive *archive, const char *name, nn_text_list *names)
{
    char **texts = NULL;
    size_t count = 0;
    NN_TRY(nn_store_read_names(archive->contents, name, &texts, &count));
    nn_status status = NN_OK;
    for (size_t i = 0; i < count && status == NN_OK; i++) status = nn_list_add(names, texts[i]);
    nn_store_free_names(texts, count);
    return status;
}

static nn_status checkpoint_count(const nn_archive *archive, const char *name, int64_t *count)
{
    nn_store_array *array;
    NN_TRY(nn_store_array_open(archive->contents, name, &array));
    const nn_store_info *info = nn_store_array_info(array);
    *count = info->dimensions == 1 ? info->extents[0] : -1;
    nn_store_array_close(array);
    return NN_OK;
}

static nn_status checkpoint_read(const nn_archive *archive, const char *name, nn_store_type type,
                                 int64_t count, void *values)
{
    return nn_store_read_verified(archive->contents, name, type, (size_t)count, values);
}

nn_archive nn_archive_of_checkpoint(nn_store_file *file)
{
    static const nn_archive_type type = {.has = checkpoint_has,
                                         .has_group = checkpoint_has_group,
                                         .read_text = checkpoint_read_text,
                                         .read_names = checkpoint_read_names,
                                         .count = checkpoint_count,
                                         .read = checkpoint_read};
    return (nn_archive){.type = &type, .path = nn_store_path(file), .contents = file};
}
