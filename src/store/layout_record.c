/* Numbers inside the elements of a dataset: a field of records, complex numbers, arrays in elements, bit
 * fields. The array's own dimensions follow those of the dataset, then real and imaginary part, in this
 * order. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "store/field.h"
#include "store/gaps.h"
#include "store/layout.h"

static bool record_recognise(nn_store_file *file, const nn_store_spec *spec)
{
    nn_store_field field;
    const char *name = nn_store_bare_name(spec->dataset);
    H5T_class_t class = nn_store_class_of(file, name);
    if (class != H5T_NO_CLASS && class != H5T_COMPOUND && class != H5T_ARRAY && class != H5T_BITFIELD)
        return false;
    if (class == H5T_NO_CLASS && !strpbrk(name, "./")) return false;
    nn_status status = nn_store_field_open(file, name, &field);
    bool is = status == NN_ERROR_MEMORY || (status == NN_OK && field.kind != NN_FIELD_TEXT);
    nn_store_field_close(&field);
    nn_error_clear();
    return is;
}

/* The type of the numbers: for complex ones, of their parts. */
static void record_describe_type(const nn_store_field *field, nn_store_info *info)
{
    hid_t part = field->kind == NN_FIELD_COMPLEX ? H5Tget_member_type(field->type, 0) : H5Tcopy(field->type);
    char name[sizeof info->type_name];
    nn_store_describe_type(part, info);
    if (part >= 0) nn_store_note_close(H5Tclose(part));
    if (field->kind == NN_FIELD_BITS) {
        info->type = NN_STORE_U8;
        snprintf(info->type_name, sizeof info->type_name, "bool");
    }
    if (field->kind != NN_FIELD_COMPLEX) return;
    memcpy(name, info->type_name, sizeof name);
    snprintf(info->type_name, sizeof info->type_name, "complex of %.40s", name);
}

static nn_status record_open(nn_store_array *array, nn_store_file *file, const nn_store_spec *spec)
{
    nn_store_field *field;
    NN_TRY(NN_ALLOCATE(&field, 1, "a field of records"));
    array->state = field;
    NN_TRY(nn_store_field_open(file, array->name, field));
    NN_TRY(nn_store_field_expect(field, field->kind != NN_FIELD_TEXT));
    NN_TRY(nn_store_describe(file, field->dataset, field->name, &array->info));
    record_describe_type(field, &array->info);
    NN_TRY(nn_store_field_extend(field, &array->info));
    array->id = field->dataset;
    nn_status status = nn_store_check_filters(array);
    if (status == NN_OK) status = nn_store_check_sources(array, spec->incomplete);
    array->id = H5I_INVALID_HID;
    return status;
}

static void record_close(nn_store_array *array)
{
    if (array->state) nn_store_field_close(array->state);
    nn_free(array->state);
}

/* ---- reading ---- */

/* The type in memory of one element without its array. Owned. */
static hid_t record_unit(const nn_store_field *field, nn_store_type type)
{
    hid_t number = nn_store_memory_type(type);
    if (field->kind == NN_FIELD_BITS) return H5Tcopy(H5T_NATIVE_B8);
    if (field->kind != NN_FIELD_COMPLEX) return H5Tcopy(number);
    size_t size = nn_store_type_size(type);
    char *const parts[2] = {H5Tget_member_name(field->type, 0), H5Tget_member_name(field->type, 1)};
    hid_t unit = H5Tcreate(H5T_COMPOUND, 2 * size);
    bool made = unit >= 0 && parts[0] && parts[1] && H5Tinsert(unit, parts[0], 0, number) >= 0 &&
                H5Tinsert(unit, parts[1], size, number) >= 0;
    H5free_memory(parts[0]);
    H5free_memory(parts[1]);
    if (!made && unit >= 0) nn_store_note_close(H5Tclose(unit));
    return made ? unit : H5I_INVALID_HID;
}

/* Bits have no conversion in HDF5. */
static bool record_widen(nn_store_type type, int64_t count, const unsigned char *bits, void *values)
{
    int64_t *numbers;
    if (NN_ALLOCATE(&numbers, count, "bits") != NN_OK) return false;
    for (int64_t i = 0; i < count; i++) numbers[i] = bits[i];
    nn_store_put_integers(type, count, numbers, values);
    nn_free(numbers);
    return true;
}

/* All values of the elements, which are more than those wanted. */
static bool record_read_around(nn_store_array *array, const int64_t *start, const int64_t *count, hid_t unit,
                               size_t size, int64_t elements, unsigned char *values)
{
    const nn_store_field *field = array->state;
    size_t each = H5Tget_size(unit) * (size_t)field->values;
    unsigned char *all;
    if (nn_allocate((void **)&all, (size_t)elements, each, "rows of records") != NN_OK) return false;
    bool read = nn_store_field_read(field, start, count, unit, all);
    if (read) nn_store_field_pick(field, &array->info, start, count, size, all, values);
    nn_free(all);
    return read;
}

static bool record_read(nn_store_array *array, const int64_t *start, const int64_t *count, nn_store_type type,
                        void *values, char *reason)
{
    const nn_store_field *field = array->state;
    int own = H5Sget_simple_extent_ndims(field->space);
    bool bits = field->kind == NN_FIELD_BITS, whole = field->column < 0;
    int64_t elements = 1, wanted = 1;
    for (int d = 0; d < own; d++) elements *= count[d];
    for (int d = 0; d < array->info.dimensions; d++) {
        wanted *= count[d];
        if (d >= own) whole = whole && count[d] == array->info.extents[d];
    }
    size_t size = bits ? 1 : nn_store_type_size(type);
    unsigned char *to = values, *narrow = NULL;
    hid_t unit = record_unit(field, type);
    bool read = unit >= 0;
    if (read && bits) {
        read = nn_allocate((void **)&narrow, (size_t)wanted, 1, "bits") == NN_OK;
        to = narrow;
    }
    if (read)
        read = whole ? nn_store_field_read(field, start, count, unit, to)
                     : record_read_around(array, start, count, unit, size, elements, to);
    if (read && bits) read = record_widen(type, wanted, narrow, values);
    read = read && nn_store_driver_error() == 0;
    if (!read) nn_store_hdf5_reason(reason);
    if (unit >= 0) nn_store_note_close(H5Tclose(unit));
    nn_free(narrow);
    return read;
}

static nn_status record_gaps(nn_store_array *array, struct nn_store_gaps *gaps)
{
    const nn_store_field *field = array->state;
    array->id = field->dataset;
    nn_status status = nn_gaps_find_dataset(array, gaps);
    array->id = H5I_INVALID_HID;
    return status;
}

static void record_tell(const nn_store_array *array, nn_text *text)
{
    const nn_store_field *field = array->state;
    if (field->kind == NN_FIELD_COMPLEX)
        nn_text_append(text, "complex numbers: real and imaginary part along the last dimension");
}

const nn_store_layout nn_layout_record = {
    .name = "record",
    .recognise = record_recognise,
    .exists =
        record_recognise, /* again: a lack of memory made the first answer yes, so that `open` reports it */
    .open = record_open,
    .close = record_close,
    .read = record_read,
    .gaps = record_gaps,
    .describe = record_tell,
};
