/* What an array is, and how its values become numbers. */
#include "data/array.h"

#include "tensor/vectorize.h"

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

void nn_array_convert(const nn_array *array, int64_t row, int64_t first, int64_t count, double *values)
{
    size_t value_size = array->row_size / (size_t)array->values;
    const unsigned char *raw = array->raw + (size_t)row * array->row_size + (size_t)first * value_size;
    array_from[array->type](raw, count, values);
}

/* The shape of a sample; a row of a single number is one value. */
static nn_shape array_shape(const nn_store_info *info)
{
    nn_shape shape = {.dimensions = 1, .extents = {1}};
    if (info->dimensions == 1) return shape;
    shape.dimensions = info->dimensions - 1;
    for (int d = 0; d < shape.dimensions; d++) shape.extents[d] = info->extents[d + 1];
    return shape;
}

static nn_status array_check_info(const nn_store_info *info)
{
    if (info->type >= NN_STORE_TEXT)
        NN_FAIL(NN_ERROR_DATA, "elements of type %s cannot be used: store them as integers or floats",
                info->type_name);
    if (info->dimensions == 0)
        NN_FAIL(NN_ERROR_DATA, "holds a single number: store one sample a row, N x ...");
    if (info->dimensions - 1 > NN_MAX_DIMENSIONS)
        NN_FAIL(NN_ERROR_DATA, "samples of %d dimensions are too many: reshape them to %d at most",
                info->dimensions - 1, NN_MAX_DIMENSIONS);
    if (info->extents[0] == 0) NN_FAIL(NN_ERROR_DATA, "is empty: a part needs one sample at least");
    return NN_OK;
}

nn_status nn_array_describe(nn_array *array, bool labels)
{
    char text[NN_SHAPE_TEXT];
    const nn_store_info *info = nn_store_array_info(array->stored);
    NN_TRY(array_check_info(info));
    array->type = info->type;
    array->shape = array_shape(info);
    array->rows = info->extents[0];
    array->values = nn_shape_count(array->shape);
    array->chunk_rows = info->chunked ? info->chunk[0] : 1;
    if (array->values == 0) NN_FAIL(NN_ERROR_DATA, "its samples have no values: an extent is 0");
    size_t value_size = nn_store_type_size(array->type);
    if ((uint64_t)array->rows > PTRDIFF_MAX / value_size / (uint64_t)array->values)
        NN_FAIL(NN_ERROR_DATA, "is larger than any memory: check its extents");
    array->row_size = (size_t)array->values * value_size;
    if (labels && array->values != 1)
        NN_FAIL(
            NN_ERROR_DATA,
            "has %s values a sample where the loss needs one class label: store the number of the class, "
            "0 for the first (of one-hot rows, the place of the 1), or use a loss for values, such as mse",
            nn_shape_text(text, array->shape));
    return NN_OK;
}

nn_status nn_array_context(const nn_array *array, nn_status status)
{
    if (status == NN_OK) return NN_OK;
    return nn_fail_context(status, "data.%s.%s: dataset \"%s\" of %s", array->part, array->key,
                           array->dataset, array->path);
}
