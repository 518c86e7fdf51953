/* A dataset with a sequence of variable length per sample, as h5py's vlen_dtype makes it. HDF5 keeps them one
 * by one in a heap of the file: they are read one by one, and finding their lengths reads all of them. */
#include <inttypes.h>
#include <stdio.h>

#include "base/least.h"
#include "host/pulse.h"
#include "store/ragged.h"

/* Sequences read at a time. */
#define VLEN_ROWS 64

static bool vlen_recognise(nn_store_file *file, const nn_store_spec *spec)
{
    const char *name = nn_store_bare_name(spec->dataset);
    if (spec->lengths || !*name) return false;
    hid_t dataset = H5Dopen2(file->id, name, H5P_DEFAULT);
    hid_t type = dataset >= 0 ? H5Dget_type(dataset) : H5I_INVALID_HID;
    bool recognised = type >= 0 && H5Tget_class(type) == H5T_VLEN;
    if (type >= 0) nn_store_note_close(H5Tclose(type));
    if (dataset >= 0) nn_store_note_close(H5Dclose(dataset));
    return recognised;
}

/* ---- the type of a step ---- */

static void vlen_describe_record(hid_t step, nn_store_info *info)
{
    int count = H5Tget_nmembers(step);
    nn_store_info member = {.type = NN_STORE_UNSUPPORTED};
    info->extents[2] = count;
    for (int i = 0; i < count; i++) {
        hid_t type = H5Tget_member_type(step, (unsigned)i);
        if (type < 0) return;
        nn_store_describe_type(type, &member);
        nn_store_note_close(H5Tclose(type));
        info->type = i == 0 ? member.type : info->type;
        if (!nn_store_type_is_numeric(member.type)) info->type = NN_STORE_UNSUPPORTED;
        if (!nn_store_type_is_numeric(info->type)) return;
        info->type = nn_store_type_common(info->type, member.type);
    }
}

static void vlen_describe_array(hid_t step, nn_store_info *info)
{
    hsize_t extents[NN_STORE_MAX_DIMENSIONS];
    int dimensions = H5Tget_array_ndims(step);
    hid_t base = H5Tget_super(step);
    if (base >= 0 && dimensions > 0 && dimensions <= NN_STORE_MAX_DIMENSIONS - 2 &&
        H5Tget_array_dims2(step, extents) == dimensions) {
        nn_store_describe_type(base, info);
        info->dimensions = dimensions + 2;
        for (int d = 0; d < dimensions; d++) info->extents[d + 2] = (int64_t)extents[d];
    }
    if (base >= 0) nn_store_note_close(H5Tclose(base));
}

/* Sets the type of the values and the dimensions of a step: a number, a record of numbers, or an array. */
static void vlen_describe_step(hid_t step, nn_store_info *info)
{
    char of[sizeof info->type_name];
    info->dimensions = 3;
    info->extents[2] = 1;
    nn_store_describe_type(step, info);
    snprintf(of, sizeof of, "%.40s", info->type_name);
    if (H5Tget_class(step) == H5T_COMPOUND) vlen_describe_record(step, info);
    if (H5Tget_class(step) == H5T_ARRAY) vlen_describe_array(step, info);
    snprintf(info->type_name, sizeof info->type_name, "sequences of %.40s", of);
}

/* A record with the same names as in the file, which HDF5 matches. */
static hid_t vlen_record_in_memory(hid_t step, hid_t number)
{
    int count = H5Tget_nmembers(step);
    size_t size = H5Tget_size(number);
    hid_t record = H5Tcreate(H5T_COMPOUND, (size_t)count * size);
    for (int i = 0; i < count && record >= 0; i++) {
        char *name = H5Tget_member_name(step, (unsigned)i);
        bool inserted = name && H5Tinsert(record, name, (size_t)i * size, number) >= 0;
        H5free_memory(name);
        if (inserted) continue;
        nn_store_note_close(H5Tclose(record));
        return H5I_INVALID_HID;
    }
    return record;
}

/* The type of sequences in memory whose values are of a type; owned, negative on failure. */
static hid_t vlen_in_memory(hid_t dataset, nn_store_type type)
{
    hsize_t extents[NN_STORE_MAX_DIMENSIONS];
    hid_t stored = H5Dget_type(dataset), step = stored >= 0 ? H5Tget_super(stored) : H5I_INVALID_HID;
    hid_t number = nn_store_memory_type(type), own = H5I_INVALID_HID, sequences = H5I_INVALID_HID;
    H5T_class_t class = step >= 0 ? H5Tget_class(step) : H5T_NO_CLASS;
    if (class == H5T_COMPOUND) own = vlen_record_in_memory(step, number);
    if (class == H5T_ARRAY && H5Tget_array_dims2(step, extents) > 0)
        own = H5Tarray_create2(number, (unsigned)H5Tget_array_ndims(step), extents);
    if (own >= 0)
        sequences = H5Tvlen_create(own);
    else if (class != H5T_COMPOUND && class != H5T_ARRAY)
        sequences = H5Tvlen_create(number);
    if (own >= 0) nn_store_note_close(H5Tclose(own));
    if (step >= 0) nn_store_note_close(H5Tclose(step));
    if (stored >= 0) nn_store_note_close(H5Tclose(stored));
    return sequences;
}

/* ---- reading ---- */

/* Reads up to VLEN_ROWS sequences; H5Dvlen_reclaim frees them with *memory, which the caller closes. */
static bool vlen_read_some(nn_store_array *array, hid_t type, int64_t first, int64_t rows, hvl_t *sequences,
                           hid_t *memory)
{
    const nn_ragged *ragged = array->state;
    hsize_t from[NN_STORE_MAX_DIMENSIONS] = {(hsize_t)first},
            count[NN_STORE_MAX_DIMENSIONS] = {(hsize_t)rows};
    for (int d = 1; d < NN_STORE_MAX_DIMENSIONS; d++) count[d] = 1;
    *memory = H5Screate_simple(1, count, NULL);
    return *memory >= 0 && H5Sselect_hyperslab(array->space, H5S_SELECT_SET, from, NULL, count, NULL) >= 0 &&
           H5Dread(ragged->dataset, type, *memory, array->space, H5P_DEFAULT, sequences) >= 0;
}

static bool vlen_read(nn_store_array *array, const int64_t *start, const int64_t *count, nn_store_type type,
                      void *values, char *reason)
{
    const nn_ragged *ragged = array->state;
    hvl_t sequences[VLEN_ROWS];
    char *to = values;
    hid_t in_memory = vlen_in_memory(ragged->dataset, type);
    bool read = in_memory >= 0;
    for (int64_t done = 0; done < count[0] && read;) {
        int64_t first = start[0] + done, rows = nn_smaller(VLEN_ROWS, count[0] - done);
        hid_t memory;
        read = vlen_read_some(array, in_memory, first, rows, sequences, &memory);
        if (!read) nn_store_hdf5_reason(reason);
        bool filled = read;
        for (int64_t i = 0; i < rows && read; i++) {
            read = sequences[i].len == (size_t)nn_ragged_lengths(array)[first + i];
            if (read)
                to = nn_ragged_fill(array, start, count, first + i, nn_store_type_size(type), sequences[i].p,
                                    to);
            else
                snprintf(reason, NN_STORE_REASON, "the file was changed since it was opened");
        }
        if (filled) H5Dvlen_reclaim(in_memory, memory, H5P_DEFAULT, sequences);
        if (memory >= 0) H5Sclose(memory);
        done += rows;
    }
    if (in_memory < 0) nn_store_hdf5_reason(reason);
    if (in_memory >= 0) nn_store_note_close(H5Tclose(in_memory));
    return read;
}

/* ---- opening ---- */

static nn_status vlen_measure_some(nn_store_array *array, hid_t type, int64_t first, int64_t rows)
{
    hvl_t sequences[VLEN_ROWS];
    int32_t *lengths = nn_ragged_lengths(array) + first;
    hid_t memory;
    nn_status status = NN_OK;
    if (!vlen_read_some(array, type, first, rows, sequences, &memory)) {
        status = nn_store_fail_hdf5(NN_ERROR_DATA,
                                    "cannot read sequences %" PRId64 " to %" PRId64
                                    " of dataset \"%s\" of %s: the file is damaged; copy or recreate it",
                                    first, first + rows - 1, array->name, array->file->path);
    } else {
        for (int64_t i = 0; i < rows && status == NN_OK; i++) {
            lengths[i] = (int32_t)sequences[i].len;
            if (sequences[i].len > INT32_MAX)
                status = nn_fail(NN_ERROR_DATA,
                                 "sequence %" PRId64 " of dataset \"%s\" of %s is impossibly long: the file "
                                 "is damaged; copy or recreate it",
                                 first + i, array->name, array->file->path);
        }
        H5Dvlen_reclaim(type, memory, H5P_DEFAULT, sequences);
    }
    if (memory >= 0) H5Sclose(memory);
    return status;
}

static nn_status vlen_measure(nn_store_array *array, int64_t rows)
{
    const nn_ragged *ragged = array->state;
    nn_status status = nn_ragged_make_facts(array, rows);
    hid_t type = status == NN_OK ? vlen_in_memory(ragged->dataset, array->info.type) : H5I_INVALID_HID;
    if (status == NN_OK && type < 0)
        status = nn_store_fail_hdf5(NN_ERROR_DATA, "cannot read dataset \"%s\" of %s", array->name,
                                    array->file->path);
    for (int64_t first = 0; first < rows && status == NN_OK; first += VLEN_ROWS) {
        nn_pulse();
        status = vlen_measure_some(array, type, first, nn_smaller(VLEN_ROWS, rows - first));
    }
    if (type >= 0) nn_store_note_close(H5Tclose(type));
    return status == NN_OK ? nn_ragged_conclude_facts(array) : status;
}

static nn_status vlen_check(const nn_store_array *array, const nn_store_info *stored)
{
    for (int d = 1; d < stored->dimensions; d++)
        if (stored->extents[d] != 1)
            NN_FAIL(NN_ERROR_DATA,
                    "dataset \"%s\" of %s has %d dimensions of sequences: only one sequence per sample is "
                    "read; store a dataset of one dimension, whose sequences have several values per step",
                    array->name, array->file->path, stored->dimensions);
    if (stored->dimensions == 0)
        NN_FAIL(NN_ERROR_DATA, "dataset \"%s\" of %s holds a single sequence: store one per sample",
                array->name, array->file->path);
    if (nn_store_type_is_numeric(array->info.type)) return NN_OK;
    NN_FAIL(NN_ERROR_DATA,
            "dataset \"%s\" of %s holds %s, which cannot be read as numbers: store sequences of integers or "
            "floats",
            array->name, array->file->path, array->info.type_name);
}

static nn_status vlen_open(nn_store_array *array, nn_store_file *file, const nn_store_spec *spec)
{
    nn_ragged *ragged;
    nn_store_info stored;
    bool known;
    NN_TRY(nn_ragged_refuse_windows(array, spec));
    NN_TRY(nn_ragged_create(array, &ragged));
    NN_TRY(nn_store_dataset_open(file, array->name, &ragged->dataset));
    NN_TRY(nn_store_describe(file, ragged->dataset, array->name, &stored));
    array->space = H5Dget_space(ragged->dataset);
    hid_t type = H5Dget_type(ragged->dataset), step = type >= 0 ? H5Tget_super(type) : H5I_INVALID_HID;
    array->info = stored;
    if (step >= 0) vlen_describe_step(step, &array->info);
    if (step >= 0) nn_store_note_close(H5Tclose(step));
    if (type >= 0) nn_store_note_close(H5Tclose(type));
    if (array->space < 0 || step < 0)
        return nn_store_fail_hdf5(NN_ERROR_DATA, "cannot open dataset \"%s\" of %s", array->name, file->path);
    NN_TRY(vlen_check(array, &stored));
    NN_TRY(nn_ragged_take_facts(array, spec, stored.extents[0], &known));
    if (!known) NN_TRY(vlen_measure(array, stored.extents[0]));
    return nn_ragged_shape(array, spec);
}

static void vlen_describe(const nn_store_array *array, nn_text *text)
{
    nn_ragged_describe(array, text);
    nn_text_append(text,
                   "; stored one by one in a heap, which is slow to read: values with offsets are fast");
}

const nn_store_layout nn_layout_vlen = {
    .name = "sequences",
    .recognise = vlen_recognise,
    .open = vlen_open,
    .close = nn_ragged_close,
    .read = vlen_read,
    .sequences = nn_ragged_tell,
    .describe = vlen_describe,
};
