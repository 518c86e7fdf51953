/* What is known of a dataset without reading it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "store/store_internal.h"

#define INFO_FILE_NAME 4096

/* The library loaded at run time, which may differ from the headers. */
const char *nn_store_library(void)
{
    static _Thread_local char text[64];
    unsigned major = 0, minor = 0, release = 0;
    nn_store_lock();
    H5get_libversion(&major, &minor, &release);
    nn_store_unlock();
    snprintf(text, sizeof text, "HDF5 %u.%u.%u", major, minor, release);
    return text;
}

int64_t nn_store_count(const nn_store_info *info)
{
    int64_t count = 1;
    for (int d = 0; d < info->dimensions; d++)
        if (info->extents[d] == 0) return 0;
    for (int d = 0; d < info->dimensions; d++) {
        if (count > INT64_MAX / info->extents[d]) return -1;
        count *= info->extents[d];
    }
    return count;
}

uint64_t nn_store_info_hash(const nn_store_info *info)
{
    const int64_t kind[] = {info->type, info->dimensions, info->chunked, info->external, info->is_virtual};
    size_t extents = (size_t)info->dimensions * sizeof *info->extents;
    uint64_t hash = nn_hash(kind, sizeof kind, nn_hash(info->extents, extents, 0));
    if (info->chunked) hash = nn_hash(info->chunk, extents, hash);
    hash = nn_hash(info->layout, strlen(info->layout), hash);
    return hash ? hash : 1;
}

static bool info_take_space(hid_t space, nn_store_info *info)
{
    hsize_t extents[NN_STORE_MAX_DIMENSIONS];
    H5S_class_t class = H5Sget_simple_extent_type(space);
    if (class == H5S_NULL) { /* has no elements, like an array without rows */
        info->dimensions = 1;
        return true;
    }
    info->dimensions = H5Sget_simple_extent_dims(space, extents, NULL);
    for (int d = 0; d < info->dimensions; d++) {
        if (extents[d] > INT64_MAX) return false;
        info->extents[d] = (int64_t)extents[d];
    }
    return class != H5S_NO_CLASS && info->dimensions >= 0 && nn_store_count(info) >= 0;
}

/* Whether the dataset is in another file, reached through a link. */
static bool info_is_linked(const nn_store_file *file, hid_t dataset)
{
    char here[INFO_FILE_NAME], there[INFO_FILE_NAME];
    return H5Fget_name(file->id, here, sizeof here) > 0 && H5Fget_name(dataset, there, sizeof there) > 0 &&
           strcmp(here, there) != 0;
}

/* Compact, external and virtual datasets always have storage. */
static bool info_is_written(hid_t dataset, H5D_layout_t layout, const nn_store_info *info)
{
    if (nn_store_count(info) == 0) return true;
    return (layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED) || H5Dget_storage_size(dataset) > 0;
}

/* In malformed files, the chunks may have another number of dimensions, or none. */
static bool info_take_chunk(hid_t creation, nn_store_info *info)
{
    hsize_t chunk[NN_STORE_MAX_DIMENSIONS];
    int dimensions = H5Pget_chunk(creation, NN_STORE_MAX_DIMENSIONS, chunk);
    if (dimensions != info->dimensions) return false;
    for (int d = 0; d < dimensions; d++) {
        if (chunk[d] == 0 || chunk[d] > INT64_MAX) return false;
        info->chunk[d] = (int64_t)chunk[d];
    }
    return true;
}

static bool info_take_layout(const nn_store_file *file, hid_t dataset, hid_t creation, size_t element_size,
                             nn_store_info *info)
{
    H5D_layout_t layout = H5Pget_layout(creation);
    info->chunked = layout == H5D_CHUNKED;
    if (info->chunked && !info_take_chunk(creation, info)) return false;
    nn_store_describe_filters(creation, info);
    info->is_virtual = layout == H5D_VIRTUAL;
    info->external = H5Pget_external_count(creation) > 0 || info_is_linked(file, dataset);
    info->written = info_is_written(dataset, layout, info);
    /* HDF5 does not know the storage size of the parts of a virtual dataset. */
    info->storage_bytes =
        info->is_virtual ? (uint64_t)nn_store_count(info) * element_size : H5Dget_storage_size(dataset);
    return true;
}

nn_status nn_store_describe(const nn_store_file *file, hid_t dataset, const char *name, nn_store_info *info)
{
    nn_status status = NN_OK;
    *info = (nn_store_info){.type = NN_STORE_UNSUPPORTED};
    hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset), creation = H5Dget_create_plist(dataset);
    if (type < 0 || space < 0 || creation < 0) {
        status = nn_store_fail_hdf5(
            NN_ERROR_DATA, "cannot read dataset \"%s\" of %s: it is damaged; copy or recreate the file", name,
            file->path);
    } else if (!info_take_space(space, info)) {
        status = nn_fail(
            NN_ERROR_DATA,
            "the shape of dataset \"%s\" of %s is impossible: the file is damaged; copy or recreate it", name,
            file->path);
    } else {
        nn_store_describe_type(type, info);
        info->matlab = nn_store_find_matlab(dataset);
        if (!info_take_layout(file, dataset, creation, H5Tget_size(type), info))
            status = nn_fail(NN_ERROR_DATA,
                             "the chunks of dataset \"%s\" of %s are impossible: the file is damaged; copy "
                             "or recreate it",
                             name, file->path);
    }
    if (creation >= 0) H5Pclose(creation);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) nn_store_note_close(H5Tclose(type));
    return status;
}
