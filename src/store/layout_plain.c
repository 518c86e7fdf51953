/* A dataset of numbers, and the cache through which its chunks are read. */
#include "store/layout.h"

/* HDF5's own default, and the limit to which we let it grow; one chunk always fits. */
#define PLAIN_CACHE_SMALLEST ((double)(1 << 20))
#define PLAIN_CACHE_LARGEST ((double)(64 << 20))
#define PLAIN_CACHE_SLOTS_LARGEST 200003.0

nn_status nn_store_dataset_open(nn_store_file *file, const char *name, hid_t *dataset)
{
    *dataset = *name ? H5Dopen2(file->id, name, H5P_DEFAULT) : H5I_INVALID_HID;
    return *dataset >= 0 ? NN_OK : nn_store_fail_not_dataset(file, name);
}

/* Two bands of chunks, a band being all chunks that hold the same rows: a reader that proceeds row by row
 * then decompresses each chunk only once, even if its rows straddle two bands. */
bool nn_store_set_cache(hid_t access, const nn_store_info *info)
{
    double chunk = (double)nn_store_type_size(info->type), band = 1;
    for (int d = 0; d < info->dimensions; d++) {
        chunk *= (double)info->chunk[d];
        int64_t chunks = (info->extents[d] - 1) / info->chunk[d] + 1;
        if (d > 0) band *= (double)chunks;
    }
    double bytes = 2 * band * chunk;
    if (bytes > PLAIN_CACHE_LARGEST) bytes = PLAIN_CACHE_LARGEST;
    if (bytes < chunk) bytes = chunk;
    if (bytes < PLAIN_CACHE_SMALLEST) bytes = PLAIN_CACHE_SMALLEST;
    double slots = 100 * (bytes / chunk) + 521;
    if (slots > PLAIN_CACHE_SLOTS_LARGEST) slots = PLAIN_CACHE_SLOTS_LARGEST;
    return access >= 0 &&
           H5Pset_chunk_cache(access, (size_t)slots, (size_t)bytes, H5D_CHUNK_CACHE_W0_DEFAULT) >= 0;
}

/* The cache size must be given when opening, but depends on properties that are known only once open. */
static nn_status plain_open_again(nn_store_array *array, nn_store_file *file)
{
    nn_status status = NN_OK;
    hid_t access = H5Pcreate(H5P_DATASET_ACCESS), id = H5I_INVALID_HID;
    nn_store_note_close(H5Dclose(array->id));
    if (nn_store_set_cache(access, &array->info)) id = H5Dopen2(file->id, array->name, access);
    if (id < 0)
        status = nn_store_fail_hdf5(NN_ERROR_IO, "cannot open dataset \"%s\" of %s", array->name, file->path);
    array->id = id;
    if (access >= 0) H5Pclose(access);
    return status;
}

/* Not opened here: `open` follows at once, and every layout after this one knows that it is none of these. */
static bool plain_recognise(nn_store_file *file, const nn_store_spec *spec)
{
    const char *name = nn_store_bare_name(spec->dataset);
    return *name && nn_store_is_numeric_dataset(file, name);
}

static nn_status plain_open(nn_store_array *array, nn_store_file *file, const nn_store_spec *spec)
{
    NN_TRY(nn_store_dataset_open(file, array->name, &array->id));
    NN_TRY(nn_store_describe(file, array->id, array->name, &array->info));
    NN_TRY(nn_store_check_filters(array));
    NN_TRY(nn_store_check_sources(array, spec->incomplete));
    if (array->info.chunked && nn_store_type_is_numeric(array->info.type))
        NN_TRY(plain_open_again(array, file));
    array->space = H5Dget_space(array->id);
    if (array->space < 0)
        return nn_store_fail_hdf5(NN_ERROR_IO, "cannot open dataset \"%s\" of %s", array->name, file->path);
    nn_store_raw_find(array);
    return NN_OK;
}

static void plain_close(nn_store_array *array)
{
    if (array->space >= 0) H5Sclose(array->space);
    if (array->id >= 0) nn_store_note_close(H5Dclose(array->id));
}

/* A memory space with the selection's shape: only then does HDF5 copy runs rather than single elements. */
static hid_t plain_select(nn_store_array *array, const int64_t *start, const int64_t *count)
{
    hsize_t from[NN_STORE_MAX_DIMENSIONS], extents[NN_STORE_MAX_DIMENSIONS];
    int dimensions = array->info.dimensions;
    if (dimensions == 0) return H5Screate(H5S_SCALAR);
    for (int d = 0; d < dimensions; d++) {
        from[d] = (hsize_t)start[d];
        extents[d] = (hsize_t)count[d];
    }
    if (H5Sselect_hyperslab(array->space, H5S_SELECT_SET, from, NULL, extents, NULL) < 0)
        return H5I_INVALID_HID;
    return H5Screate_simple(dimensions, extents, NULL);
}

static bool plain_read(nn_store_array *array, const int64_t *start, const int64_t *count, nn_store_type type,
                       void *values, char *reason)
{
    hid_t memory = plain_select(array, start, count);
    bool read = memory >= 0 && H5Dread(array->id, nn_store_memory_type(type), memory, array->space,
                                       H5P_DEFAULT, values) >= 0;
    /* HDF5 treats a source of a virtual dataset that could not be opened as one that does not exist. */
    read = read && nn_store_driver_error() == 0;
    if (!read) nn_store_hdf5_reason(reason);
    if (memory >= 0) H5Sclose(memory);
    return read;
}

const nn_store_layout nn_layout_plain = {
    .name = "plain",
    .recognise = plain_recognise,
    .open = plain_open,
    .close = plain_close,
    .read = plain_read,
    .packing = nn_packing_read_dataset,
    .gaps = nn_gaps_find_dataset,
};
