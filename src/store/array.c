/* Reading numeric arrays: rows at a time, or whole. */
#include <inttypes.h>

#include "base/memory.h"
#include "store/internal.h"

/* HDF5's own default, and what we allow it to grow to; one chunk always fits. */
#define ARRAY_CACHE_SMALLEST ((double)(1 << 20))
#define ARRAY_CACHE_LARGEST ((double)(64 << 20))
#define ARRAY_CACHE_SLOTS_LARGEST 200003.0

nn_status nn_store_dataset_open(nn_store_file *file, const char *name, hid_t *dataset)
{
    *dataset = *name ? H5Dopen2(file->id, name, H5P_DEFAULT) : H5I_INVALID_HID;
    return *dataset >= 0 ? NN_OK : nn_store_fail_not_dataset(file, name);
}

/* Two bands of chunks, a band being all chunks that hold the same rows: a reader that goes on row by row then
 * unpacks each chunk once, also where its rows straddle two bands. */
static bool array_set_cache(hid_t access, const nn_store_info *info)
{
    double chunk = (double)nn_store_type_size(info->type), band = 1;
    for (int d = 0; d < info->dimensions; d++) {
        chunk *= (double)info->chunk[d];
        int64_t chunks = (info->extents[d] - 1) / info->chunk[d] + 1;
        if (d > 0) band *= (double)chunks;
    }
    double bytes = 2 * band * chunk;
    if (bytes > ARRAY_CACHE_LARGEST) bytes = ARRAY_CACHE_LARGEST;
    if (bytes < chunk) bytes = chunk;
    if (bytes < ARRAY_CACHE_SMALLEST) bytes = ARRAY_CACHE_SMALLEST;
    double slots = 100 * (bytes / chunk) + 521;
    if (slots > ARRAY_CACHE_SLOTS_LARGEST) slots = ARRAY_CACHE_SLOTS_LARGEST;
    return access >= 0 &&
           H5Pset_chunk_cache(access, (size_t)slots, (size_t)bytes, H5D_CHUNK_CACHE_W0_DEFAULT) >= 0;
}

/* The size of the cache can only be given while opening, but follows from what is known once open. */
static nn_status array_open_again(nn_store_file *file, nn_store_array *array)
{
    nn_status status = NN_OK;
    hid_t access = H5Pcreate(H5P_DATASET_ACCESS), id = H5I_INVALID_HID;
    H5Dclose(array->id);
    if (array_set_cache(access, &array->info)) id = H5Dopen2(file->id, array->name, access);
    if (id < 0)
        status = nn_store_fail_hdf5(NN_ERROR_IO, "cannot open dataset \"%s\" of %s", array->name, file->path);
    array->id = id;
    if (access >= 0) H5Pclose(access);
    return status;
}

static nn_status array_check_filters(const nn_store_array *array)
{
    nn_status status = NN_OK;
    hid_t creation = H5Dget_create_plist(array->id);
    int count = creation >= 0 ? H5Pget_nfilters(creation) : 0;
    for (int i = 0; i < count && status == NN_OK; i++) {
        unsigned flags, configuration;
        size_t values = 0;
        H5Z_filter_t id =
            H5Pget_filter2(creation, (unsigned)i, &flags, &values, NULL, 0, NULL, &configuration);
        if (H5Zfilter_avail(id) > 0) continue;
        status = nn_fail(
            NN_ERROR_DATA,
            "dataset \"%s\" of %s is packed with \"%s\", of which this HDF5 lacks filter %d: repack the "
            "file (h5repack -f GZIP=1 IN OUT), or set HDF5_PLUGIN_PATH to a folder that has the filter",
            array->name, array->file->path, array->info.filters, (int)id);
    }
    if (creation >= 0) H5Pclose(creation);
    return status;
}

static nn_status array_fill(nn_store_array *array, nn_store_file *file)
{
    NN_TRY(nn_store_dataset_open(file, array->name, &array->id));
    NN_TRY(nn_store_describe(file, array->id, array->name, &array->info));
    NN_TRY(array_check_filters(array));
    if (array->info.chunked && nn_store_type_is_numeric(array->info.type))
        NN_TRY(array_open_again(file, array));
    array->space = H5Dget_space(array->id);
    if (array->space < 0)
        return nn_store_fail_hdf5(NN_ERROR_IO, "cannot open dataset \"%s\" of %s", array->name, file->path);
    return NN_OK;
}

nn_status nn_store_array_open(nn_store_file *file, const char *dataset, nn_store_array **array)
{
    nn_status status;
    *array = NULL;
    nn_store_array *made;
    NN_TRY(NN_ALLOCATE(&made, 1, "an open array"));
    made->id = made->space = H5I_INVALID_HID;
    made->file = file;
    NN_TRY_TO(failed, status, nn_copy_text(nn_store_bare_name(dataset), &made->name));
    NN_TRY_TO(failed, status, array_fill(made, file));
    *array = made;
    return NN_OK;
failed:
    nn_store_array_close(made);
    return status;
}

void nn_store_array_close(nn_store_array *array)
{
    if (!array) return;
    if (array->space >= 0) H5Sclose(array->space);
    if (array->id >= 0) H5Dclose(array->id);
    nn_free(array->name);
    nn_free(array);
}

const nn_store_info *nn_store_array_info(const nn_store_array *array)
{
    return &array->info;
}

static nn_status array_expect_numeric(const nn_store_array *array, nn_store_type type)
{
    if (nn_store_type_is_numeric(array->info.type) && nn_store_type_is_numeric(type)) return NN_OK;
    NN_FAIL(NN_ERROR_DATA,
            "dataset \"%s\" of %s holds elements of type %s, which cannot be read as numbers: "
            "store it as integers or floats",
            array->name, array->file->path, array->info.type_name);
}

nn_status nn_store_array_expect(const nn_store_array *array, nn_store_type type, size_t count)
{
    NN_TRY(array_expect_numeric(array, type));
    int64_t found = nn_store_count(&array->info);
    if ((uint64_t)found != count)
        NN_FAIL(NN_ERROR_DATA, "dataset \"%s\" of %s has %" PRId64 " elements where %zu are expected",
                array->name, array->file->path, found, count);
    return NN_OK;
}

/* A memory space of the selection's shape: only then does HDF5 copy runs and not single elements. */
static hid_t array_select(nn_store_array *array, int64_t first, int64_t rows)
{
    hsize_t start[NN_STORE_MAX_DIMENSIONS] = {(hsize_t)first},
            count[NN_STORE_MAX_DIMENSIONS] = {(hsize_t)rows};
    if (array->info.dimensions == 0) return H5Screate(H5S_SCALAR);
    for (int d = 1; d < array->info.dimensions; d++) count[d] = (hsize_t)array->info.extents[d];
    if (H5Sselect_hyperslab(array->space, H5S_SELECT_SET, start, NULL, count, NULL) < 0)
        return H5I_INVALID_HID;
    return H5Screate_simple(array->info.dimensions, count, NULL);
}

nn_status nn_store_read_rows(nn_store_array *array, int64_t first, int64_t rows, nn_store_type type,
                             void *values)
{
    nn_status status = NN_OK;
    int64_t available = array->info.dimensions > 0 ? array->info.extents[0] : 1;
    NN_TRY(array_expect_numeric(array, type));
    if (first < 0 || rows < 0 || first > available || rows > available - first)
        NN_FAIL(NN_ERROR_DATA,
                "%" PRId64 " rows from row %" PRId64
                " on were asked of dataset \"%s\" of %s, which has %" PRId64 " rows",
                rows, first, array->name, array->file->path, available);
    if (rows == 0 || nn_store_count(&array->info) == 0) return NN_OK;
    hid_t memory = array_select(array, first, rows);
    if (memory < 0 ||
        H5Dread(array->id, nn_store_memory_type(type), memory, array->space, H5P_DEFAULT, values) < 0)
        status = nn_store_fail_hdf5(NN_ERROR_IO,
                                    "cannot read rows %" PRId64 " to %" PRId64
                                    " of dataset \"%s\" of %s: the file is "
                                    "damaged, or the disk failed; make or copy it again",
                                    first, first + rows - 1, array->name, array->file->path);
    if (memory >= 0) H5Sclose(memory);
    return status;
}

nn_status nn_store_array_read(nn_store_array *array, nn_store_type type, size_t count, void *values)
{
    NN_TRY(nn_store_array_expect(array, type, count));
    int64_t rows = array->info.dimensions > 0 ? array->info.extents[0] : 1;
    return nn_store_read_rows(array, 0, rows, type, values);
}

nn_status nn_store_read(nn_store_file *file, const char *dataset, nn_store_type type, size_t count,
                        void *values)
{
    nn_store_array *array;
    NN_TRY(nn_store_array_open(file, dataset, &array));
    nn_status status = nn_store_array_read(array, type, count, values);
    nn_store_array_close(array);
    return status;
}
