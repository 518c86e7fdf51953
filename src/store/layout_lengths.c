/* The lengths of sequences, which an array of them has as its facts: one number per sample, of the steps that
 * remain if longer ones are cut. */
#include <stdio.h>
#include <string.h>

#include "base/least.h"
#include "base/memory.h"
#include "store/ragged.h"

static bool lengths_recognise(nn_store_file *file, const nn_store_spec *spec)
{
    (void)file;
    return spec->lengths;
}

static nn_status lengths_open(nn_store_array *array, nn_store_file *file, const nn_store_spec *spec)
{
    const nn_ragged_facts *facts = spec->facts.bytes;
    bool known;
    if (!facts)
        NN_FAIL(NN_ERROR_DATA, "\"%s\" of %s does not hold sequences of different lengths", array->name,
                file->path);
    NN_TRY(nn_ragged_take_facts(array, spec, facts->rows, &known));
    array->info = (nn_store_info){.type = NN_STORE_I32, .dimensions = 1, .written = true};
    array->info.extents[0] = facts->rows;
    array->info.storage_bytes = (uint64_t)facts->rows * sizeof(int32_t);
    snprintf(array->info.type_name, sizeof array->info.type_name, "lengths of sequences");
    int64_t steps = spec->steps > 0 ? spec->steps : facts->longest;
    for (int64_t r = 0; r < facts->rows; r++) {
        int32_t *length = nn_ragged_lengths(array) + r;
        *length = (int32_t)nn_smaller(*length, steps);
    }
    return NN_OK;
}

static void lengths_close(nn_store_array *array)
{
    (void)array;
}

static bool lengths_read(nn_store_array *array, const int64_t *start, const int64_t *count,
                         nn_store_type type, void *values, char *reason)
{
    const int32_t *lengths = nn_ragged_lengths(array) + start[0];
    double *room = NULL; /* HDF5 converts in place */
    bool read = NN_ALLOCATE(&room, count[0], "lengths") == NN_OK;
    if (!read) {
        snprintf(reason, NN_STORE_REASON, "out of memory");
        return false;
    }
    memcpy(room, lengths, (size_t)count[0] * sizeof *lengths);
    read = H5Tconvert(H5T_NATIVE_INT32, nn_store_memory_type(type), (size_t)count[0], room, NULL,
                      H5P_DEFAULT) >= 0;
    if (read)
        memcpy(values, room, (size_t)count[0] * nn_store_type_size(type));
    else
        nn_store_hdf5_reason(reason);
    nn_free(room);
    return read;
}

const nn_store_layout nn_layout_lengths = {
    .name = "lengths",
    .recognise = lengths_recognise,
    .open = lengths_open,
    .close = lengths_close,
    .read = lengths_read,
};
