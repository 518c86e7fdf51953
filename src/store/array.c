/* Open arrays, and the cache through which their chunks are read. */
#include <inttypes.h>

#include "base/memory.h"
#include "store/gaps.h"
#include "store/store_internal.h"

/* HDF5's own default, and the limit to which we let it grow; one chunk always fits. */
#define ARRAY_CACHE_SMALLEST ((double)(1 << 20))
#define ARRAY_CACHE_LARGEST ((double)(64 << 20))
#define ARRAY_CACHE_SLOTS_LARGEST 200003.0

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
    if (bytes > ARRAY_CACHE_LARGEST) bytes = ARRAY_CACHE_LARGEST;
    if (bytes < chunk) bytes = chunk;
    if (bytes < ARRAY_CACHE_SMALLEST) bytes = ARRAY_CACHE_SMALLEST;
    double slots = 100 * (bytes / chunk) + 521;
    if (slots > ARRAY_CACHE_SLOTS_LARGEST) slots = ARRAY_CACHE_SLOTS_LARGEST;
    return access >= 0 &&
           H5Pset_chunk_cache(access, (size_t)slots, (size_t)bytes, H5D_CHUNK_CACHE_W0_DEFAULT) >= 0;
}

/* The cache size must be given when opening, but depends on properties that are known only once open. */
static nn_status array_open_again(nn_store_file *file, nn_store_array *array)
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

static nn_status array_fill(nn_store_array *array, nn_store_file *file, bool sparse)
{
    NN_TRY(nn_store_dataset_open(file, array->name, &array->id));
    NN_TRY(nn_store_describe(file, array->id, array->name, &array->info));
    NN_TRY(nn_store_check_filters(array));
    NN_TRY(nn_store_check_sources(array, sparse));
    if (array->info.chunked && nn_store_type_is_numeric(array->info.type))
        NN_TRY(array_open_again(file, array));
    array->space = H5Dget_space(array->id);
    if (array->space < 0)
        return nn_store_fail_hdf5(NN_ERROR_IO, "cannot open dataset \"%s\" of %s", array->name, file->path);
    nn_store_raw_find(array);
    return NN_OK;
}

static nn_status array_open(nn_store_file *file, const char *dataset, bool sparse, nn_store_array **array)
{
    nn_status status;
    *array = NULL;
    nn_store_array *made;
    NN_TRY(NN_ALLOCATE(&made, 1, "an open array"));
    made->id = made->space = H5I_INVALID_HID;
    made->file = file;
    NN_TRY_TO(failed, status, nn_copy_text(nn_store_bare_name(dataset), &made->name));
    NN_TRY_TO(failed, status, array_fill(made, file, sparse));
    *array = made;
    return NN_OK;
failed:
    nn_store_array_close(made);
    return status;
}

nn_status nn_store_array_open(nn_store_file *file, const char *dataset, nn_store_array **array)
{
    return NN_STORE_LOCKED(array_open(file, dataset, false, array));
}

nn_status nn_store_array_open_sparse(nn_store_file *file, const char *dataset, nn_store_array **array)
{
    return NN_STORE_LOCKED(array_open(file, dataset, true, array));
}

void nn_store_array_close(nn_store_array *array)
{
    if (!array) return;
    nn_store_lock();
    if (array->space >= 0) H5Sclose(array->space);
    if (array->id >= 0) nn_store_note_close(H5Dclose(array->id));
    nn_store_unlock();
    nn_free(array->name);
    nn_free(array);
}

const nn_store_info *nn_store_array_info(const nn_store_array *array)
{
    return &array->info;
}

nn_status nn_store_array_expect_numeric(const nn_store_array *array, nn_store_type type)
{
    if (nn_store_type_is_numeric(array->info.type) && nn_store_type_is_numeric(type)) return NN_OK;
    NN_FAIL(NN_ERROR_DATA,
            "dataset \"%s\" of %s has elements of type %s, which cannot be read as numbers: "
            "store it as integers or floats",
            array->name, array->file->path, array->info.type_name);
}

nn_status nn_store_array_expect(const nn_store_array *array, nn_store_type type, size_t count)
{
    NN_TRY(nn_store_array_expect_numeric(array, type));
    int64_t found = nn_store_count(&array->info);
    if ((uint64_t)found != count)
        NN_FAIL(NN_ERROR_DATA, "dataset \"%s\" of %s has %" PRId64 " elements, but %zu are expected",
                array->name, array->file->path, found, count);
    return NN_OK;
}
