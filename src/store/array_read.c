/* Reads numeric arrays: some rows at a time, or all values. */
#include <inttypes.h>
#include <stdio.h>

#include "base/memory.h"
#include "store/layout.h"

bool nn_store_read_block(nn_store_array *array, const int64_t *start, const int64_t *count,
                         nn_store_type type, void *values, char *reason)
{
    if (nn_store_raw_serves_block(array, count, type))
        return nn_store_raw_read_block(array, start, count, values, reason);
    nn_store_lock();
    nn_store_driver_forget();
    bool read = array->layout->read(array, start, count, type, values, reason);
    nn_store_unlock();
    return read;
}

nn_status nn_store_read_rows(nn_store_array *array, int64_t first, int64_t rows, nn_store_type type,
                             void *values)
{
    char reason[NN_STORE_REASON];
    int64_t available = array->info.dimensions > 0 ? array->info.extents[0] : 1;
    NN_TRY(nn_store_array_expect_numeric(array, type));
    if (first < 0 || rows < 0 || first > available || rows > available - first)
        NN_FAIL(NN_ERROR_DATA,
                "%" PRId64 " rows from row %" PRId64
                " were requested from dataset \"%s\" of %s, which has %" PRId64 " rows",
                rows, first, array->name, array->file->path, available);
    if (rows == 0 || nn_store_count(&array->info) == 0) return NN_OK;
    int64_t start[NN_STORE_MAX_DIMENSIONS] = {first}, count[NN_STORE_MAX_DIMENSIONS] = {rows};
    for (int d = 1; d < array->info.dimensions; d++) count[d] = array->info.extents[d];
    if (nn_store_read_block(array, start, count, type, values, reason)) return NN_OK;
    return nn_store_fail_read(array, 0, first, rows, reason);
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
