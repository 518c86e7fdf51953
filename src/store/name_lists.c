/* Reads lists of names: one-dimensional datasets of strings of fixed or variable length. */
#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "store/store_internal.h"

#define NAMES_MOST_BYTES ((size_t)1 << 30)

void nn_store_free_names(char **names, size_t count)
{
    if (!names) return;
    for (size_t i = 0; i < count; i++) nn_free(names[i]);
    nn_free(names);
}

static nn_status names_fail_read(const nn_store_file *file, const char *name)
{
    return nn_store_fail_hdf5(NN_ERROR_IO,
                              "cannot read the names in dataset \"%s\" of %s: the file is damaged; copy "
                              "or recreate it",
                              name, file->path);
}

static nn_status names_take_fixed(const char *texts, size_t size, bool blanks, size_t count, char **names)
{
    for (size_t i = 0; i < count; i++) {
        const char *text = texts + i * size;
        size_t length = strnlen(text, size);
        while (blanks && length > 0 && text[length - 1] == ' ') length--;
        NN_TRY(nn_allocate((void **)&names[i], length + 1, 1, "a name"));
        memcpy(names[i], text, length);
    }
    return NN_OK;
}

static nn_status names_read_fixed(const nn_store_file *file, const char *name, hid_t dataset, hid_t type,
                                  size_t count, char **names)
{
    nn_status status;
    char *texts;
    size_t size = H5Tget_size(type);
    NN_TRY(nn_allocate((void **)&texts, count, size, "a list of names"));
    if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, texts) < 0)
        status = names_fail_read(file, name);
    else
        status = names_take_fixed(texts, size, H5Tget_strpad(type) == H5T_STR_SPACEPAD, count, names);
    nn_free(texts);
    return status;
}

static nn_status names_copy(char *const *texts, size_t count, char **names)
{
    for (size_t i = 0; i < count; i++) NN_TRY(nn_copy_text(texts[i] ? texts[i] : "", &names[i]));
    return NN_OK;
}

static nn_status names_read_variable(const nn_store_file *file, const char *name, hid_t dataset, hid_t type,
                                     hid_t space, size_t count, char **names)
{
    nn_status status;
    char **texts; /* each allocated by HDF5 */
    NN_TRY(NN_ALLOCATE(&texts, count, "a list of names"));
    if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, texts) < 0)
        status = names_fail_read(file, name);
    else
        status = names_copy(texts, count, names);
    H5Dvlen_reclaim(type, space, H5P_DEFAULT, texts);
    nn_free(texts);
    return status;
}

static nn_status names_check(const nn_store_file *file, const char *name, hid_t type, hid_t space)
{
    hssize_t count = H5Sget_simple_extent_npoints(space);
    if (H5Tget_class(type) != H5T_STRING || H5Sget_simple_extent_ndims(space) != 1)
        NN_FAIL(NN_ERROR_DATA,
                "dataset \"%s\" of %s is not a list of names: store it as a one-dimensional array of strings",
                name, file->path);
    if (count < 0 || count > NN_STORE_MOST_NAMES)
        NN_FAIL(NN_ERROR_DATA, "dataset \"%s\" of %s has %lld names, but at most %d can be read", name,
                file->path, (long long)count, NN_STORE_MOST_NAMES);
    if ((size_t)count > NAMES_MOST_BYTES / H5Tget_size(type))
        NN_FAIL(NN_ERROR_DATA, "the names in dataset \"%s\" of %s are too long: store shorter ones", name,
                file->path);
    return NN_OK;
}

static nn_status names_take(const nn_store_file *file, const char *name, hid_t dataset, hid_t type,
                            hid_t space, char ***names, size_t *count)
{
    nn_status status = NN_OK;
    char **made;
    if (type < 0 || space < 0) return names_fail_read(file, name);
    NN_TRY(names_check(file, name, type, space));
    size_t found = (size_t)H5Sget_simple_extent_npoints(space);
    NN_TRY(NN_ALLOCATE(&made, found, "a list of names"));
    if (found > 0 && H5Tis_variable_str(type) > 0)
        status = names_read_variable(file, name, dataset, type, space, found, made);
    else if (found > 0)
        status = names_read_fixed(file, name, dataset, type, found, made);
    if (status != NN_OK) {
        nn_store_free_names(made, found);
        return status;
    }
    *names = made;
    *count = found;
    return NN_OK;
}

static nn_status names_read(nn_store_file *file, const char *name, char ***names, size_t *count)
{
    hid_t dataset;
    *names = NULL;
    *count = 0;
    NN_TRY(nn_store_dataset_open(file, name, &dataset));
    hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    nn_status status = names_take(file, name, dataset, type, space, names, count);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) nn_store_note_close(H5Tclose(type));
    nn_store_note_close(H5Dclose(dataset));
    return status;
}

nn_status nn_store_read_names(nn_store_file *file, const char *dataset, char ***names, size_t *count)
{
    return NN_STORE_LOCKED(names_read(file, nn_store_bare_name(dataset), names, count));
}
