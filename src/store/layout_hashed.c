/* Texts as numbers that depend on the text alone, whatever others the file has: hashes, of 53 bits, which a
 * double holds. Two texts with one hash are one. An empty text is a missing value. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "store/layout.h"
#include "store/texts_walk.h"

#define HASHED_BITS 53

typedef struct hashed {
    nn_store_field field;
    int64_t width; /* nn_texts_width */
} hashed;

static bool hashed_recognise(nn_store_file *file, const nn_store_spec *spec)
{
    const char *name = nn_store_bare_name(spec->dataset);
    nn_store_field field;
    H5T_class_t class = spec->hashed ? nn_store_class_of(file, name) : H5T_INTEGER;
    if (class != H5T_NO_CLASS || !strpbrk(name, "./")) return class == H5T_STRING;
    bool is = nn_store_field_open(file, name, &field) == NN_OK && field.kind == NN_FIELD_TEXT;
    nn_store_field_close(&field);
    nn_error_clear();
    return is;
}

static nn_status hashed_open(nn_store_array *array, nn_store_file *file, const nn_store_spec *spec)
{
    hashed *self;
    NN_TRY(NN_ALLOCATE(&self, 1, "texts"));
    array->state = self;
    nn_store_field *field = &self->field;
    NN_TRY(nn_store_field_open(file, array->name, field));
    NN_TRY(nn_store_field_expect(field, field->kind == NN_FIELD_TEXT));
    NN_TRY(nn_store_describe(file, field->dataset, field->name, &array->info));
    array->id = field->dataset;
    nn_status status = nn_store_check_filters(array);
    if (status == NN_OK) status = nn_store_check_sources(array, spec->incomplete);
    array->id = H5I_INVALID_HID;
    NN_TRY(status);
    array->info.type = NN_STORE_F64;
    self->width = nn_texts_width(field, &array->info);
    if (self->width > 0) array->info.dimensions--;
    if (array->info.dimensions == 1 && field->values == 1) return NN_OK;
    NN_FAIL(NN_ERROR_DATA,
            "dataset \"%s\" of %s has %d dimensions of texts: store one text per sample, in one dimension",
            array->name, file->path, array->info.dimensions + field->inner);
}

static void hashed_close(nn_store_array *array)
{
    hashed *self = array->state;
    if (!self) return;
    nn_store_field_close(&self->field);
    nn_free(self);
}

static nn_status hashed_take(void *context, const char *word)
{
    double **next = context;
    uint64_t hash = nn_hash(word, strlen(word), 0) >> (64 - HASHED_BITS);
    *(*next)++ = *word ? (double)hash : (double)NAN;
    return NN_OK;
}

static bool hashed_read(nn_store_array *array, const int64_t *start, const int64_t *count, nn_store_type type,
                        void *values, char *reason)
{
    const hashed *self = array->state;
    double *numbers = NULL, *next;
    bool read = NN_ALLOCATE(&numbers, count[0], "texts") == NN_OK;
    if (!read) {
        snprintf(reason, NN_STORE_REASON, "out of memory");
        return false;
    }
    next = numbers;
    nn_status status = nn_texts_walk(&self->field, self->width, start, count, hashed_take, &next, &read);
    read = read && status == NN_OK &&
           H5Tconvert(H5T_NATIVE_DOUBLE, nn_store_memory_type(type), (size_t)count[0], numbers, NULL,
                      H5P_DEFAULT) >= 0;
    if (read)
        memcpy(values, numbers, (size_t)count[0] * nn_store_type_size(type));
    else
        nn_store_hdf5_reason(reason);
    nn_free(numbers);
    return read;
}

const nn_store_layout nn_layout_hashed = {
    .name = "hashed",
    .recognise = hashed_recognise,
    .open = hashed_open,
    .close = hashed_close,
    .read = hashed_read,
};
