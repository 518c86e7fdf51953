/* What is known of a dataset without reading it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/internal.h"

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

static bool info_take_space(hid_t space, nn_store_info *info)
{
    hsize_t extents[NN_STORE_MAX_DIMENSIONS];
    H5S_class_t class = H5Sget_simple_extent_type(space);
    if (class == H5S_NULL) { /* holds nothing, as an array without rows */
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

static void info_append_filter(nn_store_info *info, const char *name)
{
    size_t used = strlen(info->filters);
    snprintf(info->filters + used, sizeof info->filters - used, "%s%s", used > 0 ? " " : "", name);
}

static void info_take_filters(hid_t creation, nn_store_info *info)
{
    static const struct {
        H5Z_filter_t id;
        const char *name;
    } known[] = {
        {H5Z_FILTER_DEFLATE, "deflate"},
        {H5Z_FILTER_SHUFFLE, "shuffle"},
        {H5Z_FILTER_FLETCHER32, "fletcher32"},
        {H5Z_FILTER_SZIP, "szip"},
        {H5Z_FILTER_NBIT, "nbit"},
        {H5Z_FILTER_SCALEOFFSET, "scaleoffset"},
    };
    int count = H5Pget_nfilters(creation);
    for (int i = 0; i < count; i++) {
        unsigned flags, configuration;
        size_t values = 0;
        char stored[48] = "";
        H5Z_filter_t id = H5Pget_filter2(creation, (unsigned)i, &flags, &values, NULL, sizeof stored, stored,
                                         &configuration);
        stored[sizeof stored - 1] = '\0';
        const char *name = stored;
        for (size_t k = 0; k < sizeof known / sizeof *known; k++)
            if (known[k].id == id) name = known[k].name;
        if (!*name) snprintf(stored, sizeof stored, "filter %d", (int)id);
        info_append_filter(info, name);
    }
}

static void info_take_layout(hid_t dataset, hid_t creation, size_t element_size, nn_store_info *info)
{
    hsize_t chunk[NN_STORE_MAX_DIMENSIONS];
    H5D_layout_t layout = H5Pget_layout(creation);
    info->chunked = layout == H5D_CHUNKED;
    if (info->chunked) {
        int dimensions = H5Pget_chunk(creation, NN_STORE_MAX_DIMENSIONS, chunk);
        for (int d = 0; d < dimensions; d++) info->chunk[d] = (int64_t)chunk[d];
    }
    info_take_filters(creation, info);
    /* HDF5 does not know what a virtual dataset's parts occupy. */
    info->storage_bytes =
        layout == H5D_VIRTUAL ? (uint64_t)nn_store_count(info) * element_size : H5Dget_storage_size(dataset);
}

nn_status nn_store_describe(const nn_store_file *file, hid_t dataset, const char *name, nn_store_info *info)
{
    nn_status status = NN_OK;
    *info = (nn_store_info){.type = NN_STORE_UNSUPPORTED};
    hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset), creation = H5Dget_create_plist(dataset);
    if (type < 0 || space < 0 || creation < 0) {
        status = nn_store_fail_hdf5(
            NN_ERROR_DATA, "dataset \"%s\" of %s is damaged: make or copy the file again", name, file->path);
    } else if (!info_take_space(space, info)) {
        status = nn_fail(
            NN_ERROR_DATA,
            "the shape of dataset \"%s\" of %s cannot be true: the file is damaged; make or copy it again",
            name, file->path);
    } else {
        nn_store_describe_type(type, info);
        info_take_layout(dataset, creation, H5Tget_size(type), info);
    }
    if (creation >= 0) H5Pclose(creation);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    return status;
}
