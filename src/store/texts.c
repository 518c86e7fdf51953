/* Reads texts: scalar strings of fixed or variable length, in a dataset or in an attribute of the root
 * group. */
#include <string.h>

#include "base/memory.h"
#include "store/store_internal.h"

/* A dataset or an attribute, which different functions read in the same way. */
typedef struct texts_source {
    hid_t id, type, space;
    bool is_attribute;
    const char *name, *path;
} texts_source;

static void texts_open(nn_store_file *file, const char *attribute, texts_source *source)
{
    source->id =
        attribute ? H5Aopen(file->id, attribute, H5P_DEFAULT) : H5Dopen2(file->id, source->name, H5P_DEFAULT);
    source->type = source->space = H5I_INVALID_HID;
    if (source->id < 0) return;
    source->type = attribute ? H5Aget_type(source->id) : H5Dget_type(source->id);
    source->space = attribute ? H5Aget_space(source->id) : H5Dget_space(source->id);
}

static void texts_close(texts_source *source)
{
    if (source->space >= 0) H5Sclose(source->space);
    if (source->type >= 0) nn_store_note_close(H5Tclose(source->type));
    if (source->id < 0) return;
    if (source->is_attribute)
        nn_store_note_close(H5Aclose(source->id));
    else
        nn_store_note_close(H5Dclose(source->id));
}

static nn_status texts_read(const texts_source *source, void *into)
{
    herr_t outcome = source->is_attribute
                         ? H5Aread(source->id, source->type, into)
                         : H5Dread(source->id, source->type, H5S_ALL, H5S_ALL, H5P_DEFAULT, into);
    if (outcome >= 0) return NN_OK;
    return nn_store_fail_hdf5(NN_ERROR_IO, "cannot read the text \"%s\" of %s: the file is damaged",
                              source->name, source->path);
}

static nn_status texts_read_fixed(const texts_source *source, char **text)
{
    nn_status status;
    size_t size = H5Tget_size(source->type);
    char *read;
    NN_TRY(nn_allocate((void **)&read, size + 1, 1, "a text"));
    NN_TRY_TO(failed, status, texts_read(source, read));
    if (H5Tget_strpad(source->type) == H5T_STR_SPACEPAD)
        while (size > 0 && read[size - 1] == ' ') read[--size] = '\0';
    *text = read;
    return NN_OK;
failed:
    nn_free(read);
    return status;
}

static nn_status texts_read_variable(const texts_source *source, char **text)
{
    char *read = NULL; /* allocated by HDF5 */
    NN_TRY(texts_read(source, &read));
    nn_status status = nn_copy_text(read ? read : "", text);
    if (read) H5free_memory(read);
    return status;
}

static nn_status texts_take(const texts_source *source, char **text)
{
    if (source->type < 0 || source->space < 0)
        return nn_store_fail_hdf5(NN_ERROR_DATA, "cannot read the text \"%s\" of %s: it is damaged",
                                  source->name, source->path);
    if (H5Tget_class(source->type) != H5T_STRING || H5Sget_simple_extent_npoints(source->space) != 1)
        NN_FAIL(NN_ERROR_DATA, "\"%s\" of %s is not a single text: store it as one string", source->name,
                source->path);
    bool variable = H5Tis_variable_str(source->type) > 0;
    return variable ? texts_read_variable(source, text) : texts_read_fixed(source, text);
}

static nn_status texts_read_text(nn_store_file *file, const char *dataset, char **text)
{
    bool is_attribute = *dataset == '@';
    texts_source source = {.is_attribute = is_attribute, .path = file->path};
    source.name = is_attribute ? dataset : nn_store_bare_name(dataset);
    *text = NULL;
    texts_open(file, is_attribute ? dataset + 1 : NULL, &source);
    if (source.id < 0 && is_attribute)
        NN_FAIL(NN_ERROR_DATA, "%s has no attribute \"%s\" at its root", file->path, dataset + 1);
    if (source.id < 0) return nn_store_fail_not_dataset(file, source.name);
    nn_status status = texts_take(&source, text);
    texts_close(&source);
    return status;
}

nn_status nn_store_read_text(nn_store_file *file, const char *dataset, char **text)
{
    return NN_STORE_LOCKED(texts_read_text(file, dataset, text));
}

/* Opens an attribute of a group or dataset; source->id stays invalid where there is none. */
static nn_status texts_open_of(nn_store_file *file, const char *object, const char *name,
                               texts_source *source)
{
    *source = (texts_source){.id = H5I_INVALID_HID,
                             .type = H5I_INVALID_HID,
                             .space = H5I_INVALID_HID,
                             .is_attribute = true,
                             .name = name,
                             .path = file->path};
    if (H5Aexists_by_name(file->id, object, name, H5P_DEFAULT) <= 0) return NN_OK;
    source->id = H5Aopen_by_name(file->id, object, name, H5P_DEFAULT, H5P_DEFAULT);
    if (source->id < 0)
        return nn_store_fail_hdf5(NN_ERROR_DATA, "cannot read the attributes of %s in %s", object,
                                  file->path);
    source->type = H5Aget_type(source->id);
    source->space = H5Aget_space(source->id);
    return NN_OK;
}

static nn_status texts_read_of_group(nn_store_file *file, const char *group, const char *name, char **text)
{
    texts_source source;
    *text = NULL;
    NN_TRY(texts_open_of(file, group, name, &source));
    if (source.id < 0) return NN_OK;
    nn_status status = texts_take(&source, text);
    texts_close(&source);
    return status;
}

nn_status nn_store_read_text_of(nn_store_file *file, const char *group, const char *name, char **text)
{
    return NN_STORE_LOCKED(texts_read_of_group(file, group, name, text));
}

static nn_status texts_find_attribute(nn_store_file *file, const char *dataset, const char *attribute,
                                      char **text)
{
    texts_source source;
    *text = NULL;
    NN_TRY(texts_open_of(file, nn_store_bare_name(dataset), attribute, &source));
    if (source.id < 0) return NN_OK;
    bool is_text = source.type >= 0 && source.space >= 0 && H5Tget_class(source.type) == H5T_STRING &&
                   H5Sget_simple_extent_npoints(source.space) == 1;
    nn_status status = is_text ? texts_take(&source, text) : NN_OK;
    texts_close(&source);
    return status;
}

nn_status nn_store_find_attribute(nn_store_file *file, const char *dataset, const char *attribute,
                                  char **text)
{
    return NN_STORE_LOCKED(texts_find_attribute(file, dataset, attribute, text));
}
