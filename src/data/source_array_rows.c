/* Converts what is stored to rows of raw values, and raw values to double. */
#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "data/source_array.h"
#include "data/value_map.h"
#include "tensor/vectorize.h"

/* ---- numbers ---- */

NN_VECTORIZED
static void array_from_u8(const void *raw, int64_t count, double *values)
{
    const uint8_t *from = raw;
    for (int64_t i = 0; i < count; i++) values[i] = from[i];
}

NN_VECTORIZED
static void array_from_i8(const void *raw, int64_t count, double *values)
{
    const int8_t *from = raw;
    for (int64_t i = 0; i < count; i++) values[i] = from[i];
}

NN_VECTORIZED
static void array_from_u16(const void *raw, int64_t count, double *values)
{
    const uint16_t *from = raw;
    for (int64_t i = 0; i < count; i++) values[i] = from[i];
}

NN_VECTORIZED
static void array_from_i16(const void *raw, int64_t count, double *values)
{
    const int16_t *from = raw;
    for (int64_t i = 0; i < count; i++) values[i] = from[i];
}

NN_VECTORIZED
static void array_from_u32(const void *raw, int64_t count, double *values)
{
    const uint32_t *from = raw;
    for (int64_t i = 0; i < count; i++) values[i] = from[i];
}

NN_VECTORIZED
static void array_from_i32(const void *raw, int64_t count, double *values)
{
    const int32_t *from = raw;
    for (int64_t i = 0; i < count; i++) values[i] = from[i];
}

NN_VECTORIZED
static void array_from_u64(const void *raw, int64_t count, double *values)
{
    const uint64_t *from = raw;
    for (int64_t i = 0; i < count; i++) values[i] = (double)from[i];
}

NN_VECTORIZED
static void array_from_i64(const void *raw, int64_t count, double *values)
{
    const int64_t *from = raw;
    for (int64_t i = 0; i < count; i++) values[i] = (double)from[i];
}

NN_VECTORIZED
static void array_from_f32(const void *raw, int64_t count, double *values)
{
    const float *from = raw;
    for (int64_t i = 0; i < count; i++) values[i] = from[i];
}

NN_VECTORIZED
static void array_from_f64(const void *raw, int64_t count, double *values)
{
    const double *from = raw;
    for (int64_t i = 0; i < count; i++) values[i] = from[i];
}

static void (*const array_from[])(const void *raw, int64_t count, double *values) = {
    [NN_STORE_U8] = array_from_u8,   [NN_STORE_I8] = array_from_i8,   [NN_STORE_U16] = array_from_u16,
    [NN_STORE_I16] = array_from_i16, [NN_STORE_U32] = array_from_u32, [NN_STORE_I32] = array_from_i32,
    [NN_STORE_U64] = array_from_u64, [NN_STORE_I64] = array_from_i64, [NN_STORE_F32] = array_from_f32,
    [NN_STORE_F64] = array_from_f64,
};

void nn_array_numbers(nn_store_type type, const void *raw, int64_t count, double *values)
{
    array_from[type](raw, count, values);
}

void nn_array_convert(const nn_array *array, const unsigned char *row, int64_t first, int64_t count,
                      double *values)
{
    array_from[array->type](row + (size_t)first * nn_store_type_size(array->type), count, values);
    if (!array->label) nn_store_unpack(&array->packing, count, values);
}

/* ---- from stored values to rows ---- */

static void array_move(const nn_array *array, const int64_t *places, const unsigned char *from,
                       unsigned char *to)
{
    size_t size = nn_store_type_size(array->stored_type);
    for (int64_t i = 0; i < array->values; i++) {
        int64_t place = places ? places[i] : i;
        double value;
        if (place < 0) { /* a column that the file lacks and nobody uses */
            memset(to + (size_t)i * nn_store_type_size(array->type), 0, nn_store_type_size(array->type));
            continue;
        }
        if (array->type == array->stored_type) {
            memcpy(to + (size_t)i * size, from + (size_t)place * size, size);
            continue;
        }
        array_from[array->stored_type](from + (size_t)place * size, 1, &value);
        nn_array_put(array, to, i, (int32_t)value);
    }
}

void nn_array_put(const nn_array *array, unsigned char *row, int64_t i, int32_t number)
{
    unsigned char *to = row + (size_t)i * nn_store_type_size(array->type);
    const float single = (float)number;
    const double value = number;
    const int64_t wide = number;
    /* Little-endian: the low bytes of an integer are the same number in a smaller type. */
    if (array->type == NN_STORE_F32)
        memcpy(to, &single, sizeof single);
    else if (array->type == NN_STORE_F64)
        memcpy(to, &value, sizeof value);
    else
        memcpy(to, &wide, nn_store_type_size(array->type));
}

static int32_t array_listed_label(const nn_array *array, double value)
{
    for (int64_t i = 0; i < array->listed_count; i++)
        if ((double)array->listed[i] == value) return (int32_t)i;
    return NN_LABEL_BAD;
}

int32_t nn_array_group(double number)
{
    if (!(fabs(number) < 0x1p53) || number != floor(number)) return NN_LABEL_BAD;
    if (number >= 0 && number <= NN_LABEL_MAX) return (int32_t)number;
    int32_t label = (int32_t)(nn_hash(&number, sizeof number, 0) >> 33);
    return (double)label <= NN_LABEL_MAX ? label : 0;
}

/* The class of a label, or NN_LABEL_BAD. */
static int32_t array_label(const nn_array *array, double value)
{
    double label = value - (double)array->first_label;
    if (isnan(value)) return array->masks ? NN_LABEL_IGNORED : NN_LABEL_MISSING;
    if (array->ignores && value == (double)array->ignored_label) return NN_LABEL_IGNORED;
    if (array->group) return nn_array_group(value);
    if (array->listed) return array_listed_label(array, value);
    return label >= 0 && label <= NN_LABEL_MAX && label == floor(label) ? (int32_t)label : NN_LABEL_BAD;
}

/* The class of label number `at`: the numbers of its classes follow one another in the row. */
static int32_t array_one_hot(const nn_array *array, const int64_t *places, const double *values, int64_t at)
{
    int64_t hot = -1, first = at * array->one_hot;
    for (int64_t i = 0; i < array->one_hot; i++) {
        double value = values[places ? places[first + i] : first + i];
        if (isnan(value)) return array->masks ? NN_LABEL_IGNORED : NN_LABEL_MISSING;
        if (value == 0) continue;
        if (value != 1 || hot >= 0) return NN_LABEL_BAD;
        hot = i;
    }
    return hot >= 0 && hot <= (int64_t)NN_LABEL_MAX ? (int32_t)hot : NN_LABEL_BAD;
}

static void array_find_labels(const nn_array *array, const int64_t *places, const unsigned char *from,
                              double *values, int32_t *labels)
{
    array_from[array->stored_type](from, array->stored_values, values);
    for (int64_t i = 0; i < array->values; i++)
        labels[i] = array->one_hot > 0 ? array_one_hot(array, places, values, i)
                                       : array_label(array, values[places ? places[i] : i]);
}

bool nn_array_is_plain(const nn_array *array)
{
    return !array->places && !array->label && array->type == array->stored_type;
}

nn_status nn_array_unpack(const nn_array *array, const nn_value_map *map, int64_t rows,
                          const unsigned char *stored, unsigned char *raw)
{
    double *values = NULL;
    const int64_t *places = map && map->places ? map->places : array->places;
    nn_status status = NN_OK;
    if (array->label) NN_TRY(NN_ALLOCATE(&values, array->stored_values, "a label"));
    for (int64_t row = 0; row < rows && status == NN_OK; row++) {
        const unsigned char *from = stored + (size_t)row * array->stored_size;
        unsigned char *to = raw + (size_t)row * array->row_size;
        if (array->label) {
            array_find_labels(array, places, from, values, (int32_t *)(void *)to);
            if (map) status = nn_value_map_labels(map, array->values, (int32_t *)(void *)to);
        } else {
            array_move(array, places, from, to);
            if (map) status = nn_value_map_values(map, array, to);
        }
    }
    nn_free(values);
    return status;
}
