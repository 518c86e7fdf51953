#include "store/field.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"

/* ---- types ---- */

static bool field_is_complex(hid_t type)
{
    bool is = false;
    if (H5Tget_class(type) != H5T_COMPOUND || H5Tget_nmembers(type) != 2) return false;
    char *const names[2] = {H5Tget_member_name(type, 0), H5Tget_member_name(type, 1)};
    if (names[0] && names[1])
        is = (strcmp(names[0], "r") == 0 && strcmp(names[1], "i") == 0) ||
             (strcmp(names[0], "real") == 0 && strcmp(names[1], "imag") == 0);
    is = is && H5Tget_member_class(type, 0) == H5T_FLOAT && H5Tget_member_class(type, 1) == H5T_FLOAT;
    H5free_memory(names[0]);
    H5free_memory(names[1]);
    return is;
}

static nn_field_kind field_kind(hid_t type)
{
    switch (H5Tget_class(type)) {
    case H5T_INTEGER:
    case H5T_FLOAT:
    case H5T_ENUM:
        return NN_FIELD_NUMBER;
    case H5T_STRING:
        return NN_FIELD_TEXT;
    case H5T_BITFIELD:
        return H5Tget_size(type) == 1 ? NN_FIELD_BITS : NN_FIELD_OTHER;
    default:
        return field_is_complex(type) ? NN_FIELD_COMPLEX : NN_FIELD_OTHER;
    }
}

/* Replaces an array type by that of its elements. */
static bool field_unwrap(nn_store_field *field)
{
    field->values = 1;
    if (H5Tget_class(field->type) != H5T_ARRAY) return true;
    field->inner = H5Tget_array_ndims(field->type);
    if (field->inner < 1 || field->inner > (int)(sizeof field->extents / sizeof *field->extents))
        return false;
    if (H5Tget_array_dims2(field->type, field->extents) < 0) return false;
    for (int d = 0; d < field->inner; d++) field->values *= (int64_t)field->extents[d];
    hid_t element = H5Tget_super(field->type);
    nn_store_note_close(H5Tclose(field->type));
    field->type = element;
    return element >= 0;
}

/* Enters the member called by the next `length` bytes of `rest`; false: there is none. */
static bool field_enter(nn_store_field *field, const char *rest, size_t length)
{
    char *name = NULL;
    int index = -1;
    if (field->depth == NN_FIELD_DEPTH || H5Tget_class(field->type) != H5T_COMPOUND) return false;
    if (field->failed) return false;
    field->failed = nn_allocate((void **)&name, length + 1, 1, "the name of a field") != NN_OK;
    if (field->failed) return false;
    memcpy(name, rest, length);
    index = H5Tget_member_index(field->type, name);
    hid_t member = index >= 0 ? H5Tget_member_type(field->type, (unsigned)index) : H5I_INVALID_HID;
    if (member < 0) {
        nn_free(name);
        return false;
    }
    nn_store_note_close(H5Tclose(field->type));
    field->type = member;
    field->names[field->depth++] = name;
    return true;
}

/* Follows "a.b" into records; a name may itself contain the separators, and the longest one is taken. */
static bool field_follow(nn_store_field *field, const char *rest)
{
    while (*rest) {
        size_t length = strlen(rest);
        while (length > 0 && !field_enter(field, rest, length)) {
            length--;
            while (length > 0 && rest[length] != '.' && rest[length] != '/') length--;
        }
        if (length == 0) return field->depth == 0 && nn_store_pandas_find(field, rest);
        rest += length;
        if (*rest) rest++;
    }
    return true;
}

/* ---- opening ---- */

/* Opens the dataset that the first `length` bytes of the name are the path of. */
static bool field_open_dataset(nn_store_file *file, const char *name, size_t length, nn_store_field *field)
{
    if (field->failed) return false;
    field->failed = nn_allocate((void **)&field->name, length + 1, 1, "the name of a dataset") != NN_OK;
    if (field->failed) return false;
    memcpy(field->name, name, length);
    field->dataset = length > 0 ? H5Dopen2(file->id, field->name, H5P_DEFAULT) : H5I_INVALID_HID;
    if (field->dataset >= 0) return true;
    nn_free(field->name);
    field->name = NULL;
    return false;
}

/* The longest beginning of the name that is the path of a dataset. */
static bool field_find(nn_store_file *file, const char *name, nn_store_field *field)
{
    size_t length = strlen(name);
    *field = (nn_store_field){.dataset = H5I_INVALID_HID,
                              .space = H5I_INVALID_HID,
                              .type = H5I_INVALID_HID,
                              .path = file->path,
                              .column = -1};
    while (length > 0 && !field_open_dataset(file, name, length, field)) {
        length--;
        while (length > 0 && name[length] != '.' && name[length] != '/') length--;
    }
    if (length == 0) return false;
    field->type = H5Dget_type(field->dataset);
    field->space = H5Dget_space(field->dataset);
    if (field->type < 0 || field->space < 0 || H5Sget_simple_extent_ndims(field->space) < 1) return false;
    if (name[length] && !field_follow(field, name + length + 1)) return false;
    if (!field_unwrap(field) || field->column >= field->values) return false;
    field->kind = field_kind(field->type);
    field->variable = field->kind == NN_FIELD_TEXT && H5Tis_variable_str(field->type) > 0;
    return field->kind != NN_FIELD_OTHER;
}

void nn_store_field_close(nn_store_field *field)
{
    if (field->space >= 0) H5Sclose(field->space);
    if (field->type >= 0) nn_store_note_close(H5Tclose(field->type));
    if (field->dataset >= 0) nn_store_note_close(H5Dclose(field->dataset));
    for (int i = 0; i < field->depth; i++) nn_free(field->names[i]);
    nn_free(field->name);
    *field = (nn_store_field){
        .dataset = H5I_INVALID_HID, .space = H5I_INVALID_HID, .type = H5I_INVALID_HID, .column = -1};
}

H5T_class_t nn_store_class_of(nn_store_file *file, const char *name)
{
    H5T_class_t class = H5T_NO_CLASS;
    hid_t dataset = *name ? H5Dopen2(file->id, name, H5P_DEFAULT) : H5I_INVALID_HID;
    hid_t type = dataset >= 0 ? H5Dget_type(dataset) : H5I_INVALID_HID;
    if (type >= 0) class = H5Tget_class(type);
    if (type >= 0) nn_store_note_close(H5Tclose(type));
    if (dataset >= 0) nn_store_note_close(H5Dclose(dataset));
    return class;
}

nn_status nn_store_field_open(nn_store_file *file, const char *name, nn_store_field *field)
{
    if (field_find(file, name, field)) return NN_OK;
    if (field->failed)
        NN_FAIL(NN_ERROR_MEMORY, "out of memory for the names of dataset \"%s\" of %s", name, file->path);
    NN_FAIL(NN_ERROR_DATA, "dataset \"%s\" of %s cannot be read as a field of records", name, file->path);
}

nn_status nn_store_field_expect(const nn_store_field *field, bool expected)
{
    if (expected) return NN_OK;
    NN_FAIL(NN_ERROR_MEMORY, "out of memory for the names of dataset \"%s\" of %s", field->name, field->path);
}

static nn_status field_add_dimension(const nn_store_field *field, int64_t extent, nn_store_info *info)
{
    if (info->dimensions == NN_STORE_MAX_DIMENSIONS)
        NN_FAIL(NN_ERROR_DATA, "dataset \"%s\" of %s has too many dimensions", field->name, field->path);
    info->chunk[info->dimensions] = extent;
    info->extents[info->dimensions++] = extent;
    return NN_OK;
}

nn_status nn_store_field_extend(const nn_store_field *field, nn_store_info *info)
{
    int own = info->dimensions;
    for (int d = 0; d < field->inner && field->column < 0; d++)
        NN_TRY(field_add_dimension(field, (int64_t)field->extents[d], info));
    if (field->kind == NN_FIELD_COMPLEX) NN_TRY(field_add_dimension(field, 2, info));
    if (info->is_virtual && info->dimensions > own)
        NN_FAIL(
            NN_ERROR_DATA,
            "dataset \"%s\" of %s is virtual and its elements have several values, which is not read: copy "
            "it to a dataset that is not virtual",
            field->name, field->path);
    return NN_OK;
}

/* ---- reading ---- */

/* The type in memory of an element: the unit, in an array, in records of one member. Owned. */
static hid_t field_memory_type(const nn_store_field *field, hid_t unit)
{
    hid_t type =
        field->inner > 0 ? H5Tarray_create2(unit, (unsigned)field->inner, field->extents) : H5Tcopy(unit);
    for (int d = field->depth - 1; d >= 0 && type >= 0; d--) {
        hid_t record = H5Tcreate(H5T_COMPOUND, H5Tget_size(type));
        bool made = record >= 0 && H5Tinsert(record, field->names[d], 0, type) >= 0;
        nn_store_note_close(H5Tclose(type));
        if (!made && record >= 0) nn_store_note_close(H5Tclose(record));
        type = made ? record : H5I_INVALID_HID;
    }
    return type;
}

bool nn_store_field_read(const nn_store_field *field, const int64_t *start, const int64_t *count, hid_t unit,
                         void *values)
{
    hsize_t from[NN_STORE_MAX_DIMENSIONS], extents[NN_STORE_MAX_DIMENSIONS];
    int dimensions = H5Sget_simple_extent_ndims(field->space);
    for (int d = 0; d < dimensions; d++) {
        from[d] = (hsize_t)start[d];
        extents[d] = (hsize_t)count[d];
    }
    hid_t type = field_memory_type(field, unit), memory = H5I_INVALID_HID;
    if (type >= 0 && H5Sselect_hyperslab(field->space, H5S_SELECT_SET, from, NULL, extents, NULL) >= 0)
        memory = H5Screate_simple(dimensions, extents, NULL);
    bool read = memory >= 0 && H5Dread(field->dataset, type, memory, field->space, H5P_DEFAULT, values) >= 0;
    if (memory >= 0) H5Sclose(memory);
    if (type >= 0) nn_store_note_close(H5Tclose(type));
    return read;
}

void nn_store_put_integers(nn_store_type type, int64_t count, const int64_t *from, void *to)
{
    size_t size = nn_store_type_size(type);
    for (int64_t i = 0; i < count; i++) {
        const float single = (float)from[i];
        const double number = (double)from[i];
        /* Little-endian: the low bytes of an integer are the same number in a smaller type. */
        const void *value = type == NN_STORE_F32   ? (const void *)&single
                            : type == NN_STORE_F64 ? (const void *)&number
                                                   : (const void *)&from[i];
        memcpy((char *)to + (size_t)i * size, value, size);
    }
}

/* `d`: the dimension reached. */
static void field_pick(const nn_store_info *info, const int64_t *start, const int64_t *count, int d,
                       size_t size, const unsigned char *from, unsigned char **to)
{
    size_t inside = size;
    if (d == info->dimensions) {
        memcpy(*to, from, size);
        *to += size;
        return;
    }
    for (int i = d + 1; i < info->dimensions; i++) inside *= (size_t)info->extents[i];
    for (int64_t i = start[d]; i < start[d] + count[d]; i++)
        field_pick(info, start, count, d + 1, size, from + (size_t)i * inside, to);
}

void nn_store_field_pick(const nn_store_field *field, const nn_store_info *info, const int64_t *start,
                         const int64_t *count, size_t size, const void *elements, void *values)
{
    int own = H5Sget_simple_extent_ndims(field->space);
    size_t width = size; /* of one of the element's values: a complex one has two */
    unsigned char *to = values;
    const unsigned char *from = elements;
    int64_t rows = 1;
    for (int d = 0; d < own; d++) rows *= count[d];
    for (int d = field->column >= 0 ? own : own + field->inner; d < info->dimensions; d++)
        width *= (size_t)info->extents[d];
    for (int64_t e = 0; e < rows; e++, from += (size_t)field->values * width)
        field_pick(info, start, count, own, size,
                   from + (field->column >= 0 ? (size_t)field->column * width : 0), &to);
}

/* ---- listing ---- */

nn_status nn_store_field_list(nn_store_file *file, const char *name, nn_text_list *names)
{
    nn_status status = NN_OK;
    nn_store_field field = {.type = H5I_INVALID_HID, .space = H5I_INVALID_HID, .column = -1};
    if (!field_open_dataset(file, name, strlen(name), &field)) return NN_OK;
    field.type = H5Dget_type(field.dataset);
    int count = field.type >= 0 && H5Tget_class(field.type) == H5T_COMPOUND && !field_is_complex(field.type)
                    ? H5Tget_nmembers(field.type)
                    : 0;
    for (int i = 0; i < count && status == NN_OK; i++) {
        char *member = H5Tget_member_name(field.type, (unsigned)i);
        bool block = false;
        if (member) status = nn_store_pandas_list(&field, member, names, &block);
        if (member && status == NN_OK && !block) status = nn_list_add(names, member);
        H5free_memory(member);
    }
    nn_store_field_close(&field);
    return status;
}

static nn_status field_list(nn_store_file *file, const char *dataset, nn_text_list *names)
{
    return nn_store_field_list(file, nn_store_bare_name(dataset), names);
}

nn_status nn_store_list_fields(nn_store_file *file, const char *dataset, nn_text_list *names)
{
    return NN_STORE_LOCKED(field_list(file, dataset, names));
}
