/* Arrays that store the hash of their bytes: read, and compared with it. */
#include <math.h>
#include <stdio.h>

#include "base/hash.h"
#include "base/memory.h"
#include "host/pulse.h"
#include "store/store_internal.h"

static nn_status verified_read_hash(const nn_store_array *array, uint64_t *hash)
{
    nn_status status = NN_OK;
    hid_t attribute = H5Aopen(array->id, NN_STORE_HASH_ATTRIBUTE, H5P_DEFAULT);
    if (attribute < 0)
        NN_FAIL(NN_ERROR_CHECKPOINT, "dataset \"%s\" of %s has no checksum: it was not written by nntrain",
                array->name, array->file->path);
    if (H5Aread(attribute, H5T_NATIVE_UINT64, hash) < 0)
        status =
            nn_store_fail_hdf5(NN_ERROR_CHECKPOINT, "the checksum of dataset \"%s\" of %s cannot be read",
                               array->name, array->file->path);
    nn_store_note_close(H5Aclose(attribute));
    return status;
}

static nn_status verified_compare(const nn_store_array *array, const void *bytes, size_t size)
{
    uint64_t expected = 0;
    NN_TRY(verified_read_hash(array, &expected));
    if (nn_hash(bytes, size, 0) != expected)
        NN_FAIL(NN_ERROR_CHECKPOINT,
                "dataset \"%s\" of %s is damaged: wrong checksum; use another checkpoint", array->name,
                array->file->path);
    return NN_OK;
}

/* The hash covers the bytes as stored in the file, so they are read without conversion. */
static nn_status verified_check_stored(const nn_store_array *array, hid_t stored_type, size_t count)
{
    nn_status status;
    size_t size = H5Tget_size(stored_type);
    void *bytes;
    NN_TRY(nn_allocate(&bytes, count, size, "an array to verify"));
    if (count > 0 && H5Dread(array->id, stored_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes) < 0)
        status = nn_store_fail_hdf5(NN_ERROR_CHECKPOINT, "cannot read dataset \"%s\" of %s", array->name,
                                    array->file->path);
    else
        status = verified_compare(array, bytes, count * size);
    nn_free(bytes);
    return status;
}

static nn_status verified_read(nn_store_array *array, nn_store_type type, size_t count, void *values)
{
    nn_status status;
    NN_TRY(nn_store_array_expect(array, type, count));
    hid_t stored_type = H5Dget_type(array->id);
    if (stored_type < 0)
        return nn_store_fail_hdf5(NN_ERROR_CHECKPOINT, "cannot read dataset \"%s\" of %s", array->name,
                                  array->file->path);
    bool as_stored = H5Tequal(stored_type, nn_store_memory_type(type)) > 0;
    if (!as_stored) NN_TRY_TO(done, status, verified_check_stored(array, stored_type, count));
    NN_TRY_TO(done, status, nn_store_array_read(array, type, count, values));
    if (as_stored) status = verified_compare(array, values, count * nn_store_type_size(type));
done:
    nn_store_note_close(H5Tclose(stored_type));
    return status;
}

nn_status nn_store_read_verified(nn_store_file *file, const char *dataset, nn_store_type type, size_t count,
                                 void *values)
{
    nn_store_array *array;
    nn_pulse();
    NN_TRY(nn_store_array_open(file, dataset, &array));
    nn_status status = NN_STORE_LOCKED(verified_read(array, type, count, values));
    nn_store_array_close(array);
    return status;
}

/* ---- checking without keeping the values ---- */

static int64_t verified_count_nonfinite(nn_store_type type, const void *values, size_t count)
{
    int64_t found = 0;
    const float *singles = values;
    const double *doubles = values;
    for (size_t i = 0; type == NN_STORE_F32 && i < count; i++) found += !isfinite(singles[i]);
    for (size_t i = 0; type == NN_STORE_F64 && i < count; i++) found += !isfinite(doubles[i]);
    return found;
}

static nn_status verified_check(nn_store_array *array, int64_t *nonfinite)
{
    nn_store_type type = array->info.type;
    int64_t count = nn_store_count(&array->info);
    void *values;
    if (!nn_store_type_is_numeric(type)) return NN_OK;
    if (count < 0 || (size_t)count > array->file->image_size)
        NN_FAIL(NN_ERROR_CHECKPOINT, "dataset \"%s\" of %s is larger than the file", array->name,
                array->file->path);
    NN_TRY(nn_allocate(&values, (size_t)count, nn_store_type_size(type), "an array to verify"));
    nn_status status = verified_read(array, type, (size_t)count, values);
    if (status == NN_OK) *nonfinite = verified_count_nonfinite(type, values, (size_t)count);
    nn_free(values);
    return status;
}

nn_status nn_store_check_array(nn_store_file *file, const char *dataset, int64_t *nonfinite)
{
    nn_store_array *array;
    *nonfinite = 0;
    NN_TRY(nn_store_array_open(file, dataset, &array));
    nn_status status = NN_STORE_LOCKED(verified_check(array, nonfinite));
    nn_store_array_close(array);
    return status;
}
