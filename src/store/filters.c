/* The filters that compressed a dataset: their names, and where to get those that this HDF5 lacks. */
#include <stdio.h>
#include <string.h>

#include "store/store_internal.h"

#define FILTERS_NAME 48
#define FILTERS_HDF5PLUGIN "pip install hdf5plugin, Debian: hdf5-filter-plugin"

/* Numbers registered with the HDF Group. */
static const struct {
    H5Z_filter_t id;
    const char *name;
    const char *source; /* NULL: part of HDF5 itself */
} filters_known[] = {
    {H5Z_FILTER_DEFLATE, "deflate", NULL},
    {H5Z_FILTER_SHUFFLE, "shuffle", NULL},
    {H5Z_FILTER_FLETCHER32, "fletcher32", NULL},
    {H5Z_FILTER_SZIP, "szip", NULL},
    {H5Z_FILTER_NBIT, "nbit", NULL},
    {H5Z_FILTER_SCALEOFFSET, "scaleoffset", NULL},
    {307, "bzip2", FILTERS_HDF5PLUGIN},
    {32000, "lzf", "Debian: hdf5-plugin-lzf"},
    {32001, "blosc", "pip install hdf5plugin, Debian: hdf5-filter-plugin-blosc-serial"},
    {32004, "lz4", FILTERS_HDF5PLUGIN},
    {32008, "bitshuffle", FILTERS_HDF5PLUGIN},
    {32013, "zfp", "pip install hdf5plugin, Debian: hdf5-filter-plugin-zfp-serial"},
    {32015, "zstd", "pip install hdf5plugin"},
    {32017, "sz", "pip install hdf5plugin"},
    {32024, "sz3", "pip install hdf5plugin"},
    {32026, "blosc2", "pip install hdf5plugin"},
};
#define FILTERS_KNOWN (sizeof filters_known / sizeof *filters_known)

static H5Z_filter_t filters_get(hid_t creation, int which, char *name)
{
    unsigned flags, configuration;
    size_t values = 0;
    *name = '\0';
    H5Z_filter_t id =
        H5Pget_filter2(creation, (unsigned)which, &flags, &values, NULL, FILTERS_NAME, name, &configuration);
    name[FILTERS_NAME - 1] = '\0';
    for (size_t k = 0; k < FILTERS_KNOWN; k++)
        if (filters_known[k].id == id) snprintf(name, FILTERS_NAME, "%s", filters_known[k].name);
    if (!*name) snprintf(name, FILTERS_NAME, "filter %d", (int)id);
    return id;
}

void nn_store_describe_filters(hid_t creation, nn_store_info *info)
{
    int count = H5Pget_nfilters(creation);
    for (int i = 0; i < count; i++) {
        char name[FILTERS_NAME];
        size_t used = strlen(info->filters);
        filters_get(creation, i, name);
        snprintf(info->filters + used, sizeof info->filters - used, "%s%s", used > 0 ? " " : "", name);
    }
}

static const char *filters_find_source(H5Z_filter_t id)
{
    for (size_t k = 0; k < FILTERS_KNOWN; k++)
        if (filters_known[k].id == id)
            return filters_known[k].source ? filters_known[k].source : "an HDF5 library built with it";
    return "ask the author of the file";
}

nn_status nn_store_check_filters(const nn_store_array *array)
{
    nn_status status = NN_OK;
    hid_t creation = H5Dget_create_plist(array->id);
    int count = creation >= 0 ? H5Pget_nfilters(creation) : 0;
    for (int i = 0; i < count && status == NN_OK; i++) {
        char name[FILTERS_NAME];
        H5Z_filter_t id = filters_get(creation, i, name);
        if (H5Zfilter_avail(id) > 0) continue;
        status = nn_fail(
            NN_ERROR_DATA,
            "dataset \"%s\" of %s is compressed with \"%s\", but this HDF5 lacks filter %d (%s): repack the "
            "file on a machine that can read it (h5repack -f GZIP=1 IN OUT), or install the filter (%s) and "
            "set HDF5_PLUGIN_PATH to its folder",
            array->name, array->file->path, array->info.filters, (int)id, name, filters_find_source(id));
    }
    if (creation >= 0) H5Pclose(creation);
    return status;
}
