/* The type that holds an array's values, and the name of the array in messages. */
#include "data/source_array.h"

/* A type that holds the values of both. 64-bit integers mixed with floats, or signed mixed with unsigned, are
 * rounded beyond 2^53. */
static nn_store_type array_common_type(nn_store_type a, nn_store_type b)
{
    bool whole = nn_store_type_is_integer(a) && nn_store_type_is_integer(b);
    if (a == b) return a;
    if (whole && a != NN_STORE_U64 && b != NN_STORE_U64) return NN_STORE_I64;
    return NN_STORE_F64;
}

void nn_array_join(nn_array *array, nn_store_type type)
{
    if (type == array->stored_type) return;
    array->stored_type = array_common_type(array->stored_type, type);
    array->stored_size = (size_t)array->stored_values * nn_store_type_size(array->stored_type);
    if (!array->label) array->type = array->stored_type;
    array->row_size = (size_t)array->values * nn_store_type_size(array->type);
}

void nn_array_widen(nn_array *array, int64_t largest)
{
    static const int64_t most[] = {[NN_STORE_U8] = UINT8_MAX,
                                   [NN_STORE_I8] = INT8_MAX,
                                   [NN_STORE_U16] = UINT16_MAX,
                                   [NN_STORE_I16] = INT16_MAX};
    if ((size_t)array->type >= sizeof most / sizeof *most || largest <= most[array->type]) return;
    array->type = NN_STORE_I32;
    array->row_size = (size_t)array->values * nn_store_type_size(array->type);
}

bool nn_array_may_miss(const nn_array *array)
{
    return !nn_store_type_is_integer(array->stored_type) ||
           !nn_store_packing_is_none(&array->packing, array->stored_type);
}

nn_status nn_array_context(const nn_array *array, nn_status status)
{
    if (status == NN_OK) return NN_OK;
    return nn_fail_context(status, "data.%s.%s: dataset \"%s\" of %s", array->part, array->key,
                           array->dataset, array->path);
}
