/* Finds out which part of an array is damaged when reading has failed. */
#include <inttypes.h>

#include "base/least.h"
#include "base/memory.h"
#include "store/block.h"
#include "store/store_internal.h"

/* Size of the read buffer, and how much of an unchunked array is tried at a time. */
#define DAMAGE_BLOCK_BYTES ((int64_t)4 << 20)
#define DAMAGE_PLAIN_BYTES ((int64_t)64 << 10)

/* How many indices of the axis are damaged together: those of one chunk. */
static int64_t damage_unit(const nn_store_info *info, int axis)
{
    int64_t others = (int64_t)nn_store_type_size(info->type);
    if (info->dimensions == 0) return 1;
    if (info->chunked) return info->chunk[axis];
    for (int d = 0; d < info->dimensions; d++)
        if (d != axis) others *= info->extents[d];
    return others < DAMAGE_PLAIN_BYTES ? DAMAGE_PLAIN_BYTES / others : 1;
}

static nn_status damage_try(nn_store_array *array, int axis, int64_t first, int64_t count, bool *sound)
{
    char *values, reason[NN_STORE_REASON];
    nn_store_block block;
    nn_store_type type = array->info.type;
    nn_store_block_begin(&block, &array->info, axis, first, count,
                         DAMAGE_BLOCK_BYTES / (int64_t)nn_store_type_size(type));
    NN_TRY(nn_allocate((void **)&values, (size_t)block.largest, nn_store_type_size(type),
                       "a block of an array"));
    do {
        *sound = nn_store_read_block(array, block.start, block.count, type, values, reason);
    } while (*sound && nn_store_block_next(&block));
    nn_free(values);
    return NN_OK;
}

nn_status nn_store_find_damage(nn_store_array *array, int axis, int64_t first, int64_t count,
                               int64_t *bad_first, int64_t *bad_count)
{
    int64_t end = first + count;
    *bad_first = first;
    *bad_count = 0;
    NN_TRY(nn_store_array_expect_numeric(array, array->info.type));
    if (count == 0 || nn_store_count(&array->info) == 0) return NN_OK;
    int64_t unit = damage_unit(&array->info, axis);
    for (int64_t at = first; at < end;) {
        int64_t next = nn_smaller(end, at - at % unit + unit);
        bool sound;
        NN_TRY(damage_try(array, axis, at, next - at, &sound));
        if (sound && *bad_count > 0) break;
        if (!sound && *bad_count == 0) *bad_first = at;
        if (!sound) *bad_count = next - *bad_first;
        at = next;
    }
    return NN_OK;
}

nn_status nn_store_fail_read(nn_store_array *array, int axis, int64_t first, int64_t count,
                             const char *reason)
{
    int64_t bad_first, bad_count;
    const char *what = axis == 0 ? "rows" : "samples";
    int error = nn_store_driver_error();
    if (error != 0)
        return nn_store_fail_refused(error,
                                     "cannot read %s %" PRId64 " to %" PRId64 " of dataset \"%s\" of %s",
                                     what, first, first + count - 1, array->name, array->file->path);
    NN_TRY(nn_store_find_damage(array, axis, first, count, &bad_first, &bad_count));
    if (bad_count == 0) {
        bad_first = first;
        bad_count = count;
    }
    NN_FAIL(NN_ERROR_IO,
            "cannot read %s %" PRId64 " to %" PRId64 " of dataset \"%s\" of %s (%s %" PRId64 " to %" PRId64
            " were requested): the file is damaged, or the disk failed; copy or recreate it (%s%s)",
            what, bad_first, bad_first + bad_count - 1, array->name, array->file->path, what, first,
            first + count - 1, array->id >= 0 ? "HDF5: " : "", reason);
}
