/*
 * Reading past HDF5: a contiguous array whose elements have the same form in the file as in memory is read
 * with pread from the location that HDF5 reports.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/store_internal.h"

/* HDF5 reads shorter runs through a buffer of 64 KiB, which is better if it holds several of them. */
#define RAW_SMALLEST_RUN 128
#define RAW_SMALLEST_STRIDE ((int64_t)16 << 10)

static bool raw_is_native(const nn_store_array *array)
{
    hid_t stored = H5Dget_type(array->id);
    bool native = stored >= 0 && H5Tequal(stored, nn_store_memory_type(array->info.type)) > 0;
    if (stored >= 0) nn_store_note_close(H5Tclose(stored));
    return native;
}

static bool raw_is_contiguous(const nn_store_array *array)
{
    hid_t creation = H5Dget_create_plist(array->id);
    bool contiguous =
        creation >= 0 && H5Pget_layout(creation) == H5D_CONTIGUOUS && H5Pget_external_count(creation) == 0;
    if (creation >= 0) H5Pclose(creation);
    return contiguous;
}

/* The source of the file that contains the dataset, perhaps reached through a link. It stays open as long as
 * the dataset. */
static nn_store_source *raw_source(hid_t dataset)
{
    hid_t file = H5Iget_file_id(dataset);
    nn_store_source *source = file >= 0 ? nn_store_driver_source(file) : NULL;
    if (file >= 0) nn_store_note_close(H5Fclose(file));
    return source;
}

void nn_store_raw_find(nn_store_array *array)
{
    const nn_store_info *info = &array->info;
    int64_t count = nn_store_count(info), size = (int64_t)nn_store_type_size(info->type);
    array->source = NULL;
    if (!nn_store_type_is_numeric(info->type) || count == 0 || count > INT64_MAX / size) return;
    if (!raw_is_contiguous(array) || !raw_is_native(array)) return;
    haddr_t offset = H5Dget_offset(array->id);
    if (offset == HADDR_UNDEF || offset > (haddr_t)(INT64_MAX - count * size)) return;
    if (H5Dget_storage_size(array->id) < (hsize_t)(count * size)) return;
    array->offset = (int64_t)offset;
    array->source = raw_source(array->id);
}

bool nn_store_raw_serves(const nn_store_array *array, nn_store_type type)
{
    return array->source && array->info.type == type;
}

bool nn_store_raw_read(const nn_store_array *array, int64_t first, int64_t count, void *values, char *reason)
{
    int64_t size = (int64_t)nn_store_type_size(array->info.type), at = array->offset + first * size;
    nn_store_driver_forget();
    if (nn_store_source_read(array->source, at, (size_t)(count * size), values)) return true;
    snprintf(reason, NN_STORE_REASON, "%s at byte %" PRId64, errno ? strerror(errno) : "the file ends", at);
    return false;
}

/* How many elements are adjacent in the file: those of the last dimensions that the block covers completely,
 * and of the one before them. */
static int64_t raw_run(const nn_store_info *info, const int64_t *count, int *outer)
{
    int64_t run = 1;
    for (*outer = info->dimensions; *outer > 0;) {
        int d = --*outer;
        run *= count[d];
        if (count[d] < info->extents[d]) break;
    }
    return run;
}

/* Moves to the next index of the dimensions before `outer`; false after the last. */
static bool raw_next(int64_t *index, const int64_t *count, int outer)
{
    for (int d = outer - 1; d >= 0; d--) {
        if (++index[d] < count[d]) return true;
        index[d] = 0;
    }
    return false;
}

bool nn_store_raw_serves_block(const nn_store_array *array, const int64_t *count, nn_store_type type)
{
    int outer;
    if (!nn_store_raw_serves(array, type)) return false;
    int64_t size = (int64_t)nn_store_type_size(type), run = raw_run(&array->info, count, &outer) * size;
    int64_t stride = size;
    for (int d = outer; d < array->info.dimensions; d++) stride *= array->info.extents[d];
    return run >= RAW_SMALLEST_RUN || stride >= RAW_SMALLEST_STRIDE;
}

bool nn_store_raw_read_block(const nn_store_array *array, const int64_t *start, const int64_t *count,
                             void *values, char *reason)
{
    const nn_store_info *info = &array->info;
    int64_t index[NN_STORE_MAX_DIMENSIONS] = {0};
    char *to = values;
    int outer;
    int64_t run = raw_run(info, count, &outer);
    do {
        int64_t first = 0;
        for (int d = 0; d < info->dimensions; d++) first = first * info->extents[d] + start[d] + index[d];
        if (!nn_store_raw_read(array, first, run, to, reason)) return false;
        to += (size_t)run * nn_store_type_size(info->type);
    } while (raw_next(index, count, outer));
    return true;
}
