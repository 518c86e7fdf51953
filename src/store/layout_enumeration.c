/* The members of an enumeration as numbers from 0, in the order of their values, with their names. */
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "store/field.h"
#include "store/gaps.h"
#include "store/layout.h"

typedef struct enumeration_member {
    int64_t value;
    unsigned index; /* in the type */
} enumeration_member;

typedef struct enumeration {
    nn_store_field field;
    int count;
    enumeration_member *members; /* by value; owned */
} enumeration;

static bool enumeration_recognise(nn_store_file *file, const nn_store_spec *spec)
{
    nn_store_field field;
    const char *name = nn_store_bare_name(spec->dataset);
    H5T_class_t class = spec->codes ? nn_store_class_of(file, name) : H5T_INTEGER;
    if (class != H5T_NO_CLASS) return class == H5T_ENUM;
    if (class == H5T_NO_CLASS && !strpbrk(name, "./")) return false;
    nn_status status = nn_store_field_open(file, name, &field);
    bool is = status == NN_ERROR_MEMORY || (status == NN_OK && H5Tget_class(field.type) == H5T_ENUM);
    nn_store_field_close(&field);
    nn_error_clear();
    return is;
}

static int enumeration_compare(const void *a, const void *b)
{
    int64_t one = ((const enumeration_member *)a)->value, other = ((const enumeration_member *)b)->value;
    return one < other ? -1 : one > other;
}

/* Values are at most 8 bytes, in the byte order of the file. */
static nn_status enumeration_take_members(const nn_store_array *array, enumeration *self)
{
    hid_t base = H5Tget_super(self->field.type);
    nn_status status = NN_ALLOCATE(&self->members, self->count, "the names of an enumeration");
    for (int i = 0; i < self->count && status == NN_OK; i++) {
        int64_t value[2] = {0};
        bool read = base >= 0 && H5Tget_size(base) <= sizeof *value &&
                    H5Tget_member_value(self->field.type, (unsigned)i, value) >= 0 &&
                    H5Tconvert(base, H5T_NATIVE_INT64, 1, value, NULL, H5P_DEFAULT) >= 0;
        if (!read)
            status = nn_store_fail_hdf5(NN_ERROR_DATA,
                                        "cannot read the names of the values of dataset \"%s\" of %s",
                                        array->name, array->file->path);
        self->members[i] = (enumeration_member){.value = value[0], .index = (unsigned)i};
    }
    if (base >= 0) nn_store_note_close(H5Tclose(base));
    if (status == NN_OK)
        qsort(self->members, (size_t)self->count, sizeof *self->members, enumeration_compare);
    return status;
}

static nn_status enumeration_open(nn_store_array *array, nn_store_file *file, const nn_store_spec *spec)
{
    enumeration *self;
    nn_store_info *info = &array->info;
    NN_TRY(NN_ALLOCATE(&self, 1, "an enumeration"));
    array->state = self;
    NN_TRY(nn_store_field_open(file, array->name, &self->field));
    NN_TRY(nn_store_field_expect(&self->field, H5Tget_class(self->field.type) == H5T_ENUM));
    NN_TRY(nn_store_describe(file, self->field.dataset, self->field.name, info));
    NN_TRY(nn_store_field_extend(&self->field, info));
    nn_store_describe_type(self->field.type, info);
    info->type = NN_STORE_I32;
    self->count = H5Tget_nmembers(self->field.type);
    NN_TRY(enumeration_take_members(array, self));
    array->id = self->field.dataset;
    nn_status status = nn_store_check_filters(array);
    if (status == NN_OK) status = nn_store_check_sources(array, spec->incomplete);
    array->id = H5I_INVALID_HID;
    return status;
}

static void enumeration_close(nn_store_array *array)
{
    enumeration *self = array->state;
    if (!self) return;
    nn_store_field_close(&self->field);
    nn_free(self->members);
    nn_free(self);
}

/* The number of a value; -1: it has no name. */
static int32_t enumeration_number(const enumeration *self, int64_t value)
{
    const enumeration_member key = {.value = value};
    const enumeration_member *found =
        bsearch(&key, self->members, (size_t)self->count, sizeof key, enumeration_compare);
    return found ? (int32_t)(found - self->members) : -1;
}

static bool enumeration_read(nn_store_array *array, const int64_t *start, const int64_t *count,
                             nn_store_type type, void *values, char *reason)
{
    const enumeration *self = array->state;
    int64_t *all, *picked = NULL, elements = self->field.values, wanted = 1;
    int own = H5Sget_simple_extent_ndims(self->field.space);
    for (int d = 0; d < array->info.dimensions; d++) {
        wanted *= count[d];
        if (d < own) elements *= count[d];
    }
    if (NN_ALLOCATE(&all, elements, "rows of an enumeration") != NN_OK) return false;
    bool read = NN_ALLOCATE(&picked, wanted, "rows of an enumeration") == NN_OK &&
                nn_store_field_read(&self->field, start, count, H5T_NATIVE_INT64, all) &&
                nn_store_driver_error() == 0;
    if (!read) nn_store_hdf5_reason(reason);
    if (read) nn_store_field_pick(&self->field, &array->info, start, count, sizeof *all, all, picked);
    for (int64_t i = 0; i < wanted && read; i++) picked[i] = enumeration_number(self, picked[i]);
    if (read) nn_store_put_integers(type, wanted, picked, values);
    nn_free(picked);
    nn_free(all);
    return read;
}

static nn_status enumeration_gaps(nn_store_array *array, struct nn_store_gaps *gaps)
{
    const enumeration *self = array->state;
    array->id = self->field.dataset;
    nn_status status = nn_gaps_find_dataset(array, gaps);
    array->id = H5I_INVALID_HID;
    return status;
}

static nn_status enumeration_classes(const nn_store_array *array, nn_text_list *names)
{
    const enumeration *self = array->state;
    nn_status status = NN_OK;
    nn_store_lock();
    for (int i = 0; i < self->count && status == NN_OK; i++) {
        char *name = H5Tget_member_name(self->field.type, self->members[i].index);
        status = nn_list_add(names, name ? name : "");
        H5free_memory(name);
    }
    nn_store_unlock();
    return status;
}

const nn_store_layout nn_layout_enumeration = {
    .name = "enumeration",
    .recognise = enumeration_recognise,
    .open = enumeration_open,
    .close = enumeration_close,
    .read = enumeration_read,
    .gaps = enumeration_gaps,
    .classes = enumeration_classes,
};
