#include "import/cast.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The first value that float16 rounds to infinity. */
#define CAST_HALF_LIMIT 65520.0

/* Any value of any type. */
typedef struct cast_value {
    bool whole;
    int64_t integer; /* if integral */
    double real;     /* otherwise */
} cast_value;

static cast_value cast_whole(int64_t integer)
{
    return (cast_value){.whole = true, .integer = integer};
}

static cast_value cast_load(nn_store_type type, const void *values, int64_t i)
{
    switch (type) {
    case NN_STORE_U8:
        return cast_whole(((const uint8_t *)values)[i]);
    case NN_STORE_I8:
        return cast_whole(((const int8_t *)values)[i]);
    case NN_STORE_U16:
        return cast_whole(((const uint16_t *)values)[i]);
    case NN_STORE_I16:
        return cast_whole(((const int16_t *)values)[i]);
    case NN_STORE_U32:
        return cast_whole(((const uint32_t *)values)[i]);
    case NN_STORE_I32:
        return cast_whole(((const int32_t *)values)[i]);
    case NN_STORE_I64:
        return cast_whole(((const int64_t *)values)[i]);
    case NN_STORE_U64: {
        uint64_t value = ((const uint64_t *)values)[i];
        return value <= INT64_MAX ? cast_whole((int64_t)value) : (cast_value){.real = (double)value};
    }
    case NN_STORE_F32:
        return (cast_value){.real = ((const float *)values)[i]};
    case NN_STORE_F64:
        return (cast_value){.real = ((const double *)values)[i]};
    default:
        return (cast_value){.real = NAN};
    }
}

/* Limits of the integer types; those of uint64 are never needed, because dtype has no such choice. */
static bool cast_to_integer(cast_value value, int64_t minimum, int64_t maximum, int64_t *integer)
{
    if (!value.whole) {
        /* 2^63 is the first double that does not fit. */
        if (!(value.real >= -0x1p63 && value.real < 0x1p63) || value.real != floor(value.real)) return false;
        value.integer = (int64_t)value.real;
    }
    *integer = value.integer;
    return value.integer >= minimum && value.integer <= maximum;
}

static bool cast_to_real(cast_value value, double limit, double *real)
{
    *real = value.whole ? (double)value.integer : value.real;
    return !isfinite(*real) || fabs(*real) < limit;
}

static bool cast_store(nn_import_cast cast, cast_value value, void *values, int64_t i)
{
    int64_t integer = 0;
    double real = 0;
    bool fits;
    switch (cast.to) {
    case NN_STORE_U8:
        fits = cast_to_integer(value, 0, UINT8_MAX, &integer);
        ((uint8_t *)values)[i] = (uint8_t)integer;
        return fits;
    case NN_STORE_I16:
        fits = cast_to_integer(value, INT16_MIN, INT16_MAX, &integer);
        ((int16_t *)values)[i] = (int16_t)integer;
        return fits;
    case NN_STORE_I32:
        fits = cast_to_integer(value, INT32_MIN, INT32_MAX, &integer);
        ((int32_t *)values)[i] = (int32_t)integer;
        return fits;
    case NN_STORE_I64:
        return cast_to_integer(value, INT64_MIN, INT64_MAX, (int64_t *)values + i);
    case NN_STORE_F32:
        fits = cast_to_real(value, cast.half ? CAST_HALF_LIMIT : INFINITY, &real);
        ((float *)values)[i] = (float)real;
        return fits && (isinf(real) || !isinf(((float *)values)[i]));
    case NN_STORE_F64:
        return cast_to_real(value, INFINITY, (double *)values + i);
    default:
        return false;
    }
}

int64_t nn_import_cast_values(nn_import_cast cast, int64_t count, const void *from, void *to)
{
    if (cast.from == cast.to && !cast.half) {
        if (to != from) memcpy(to, from, (size_t)count * nn_store_type_size(cast.to));
        return -1;
    }
    for (int64_t i = 0; i < count; i++)
        if (!cast_store(cast, cast_load(cast.from, from, i), to, i)) return i;
    return -1;
}

char *nn_import_value_text(char *buffer, nn_store_type type, const void *values, int64_t index)
{
    cast_value value = cast_load(type, values, index);
    if (value.whole)
        snprintf(buffer, NN_IMPORT_VALUE_TEXT, "%lld", (long long)value.integer);
    else
        snprintf(buffer, NN_IMPORT_VALUE_TEXT, "%.9g", value.real);
    return buffer;
}

int64_t nn_import_value_label(nn_store_type type, const void *values, int64_t index)
{
    cast_value value = cast_load(type, values, index);
    int64_t label;
    return cast_to_integer(value, 0, INT64_MAX, &label) ? label : -1;
}

const char *nn_import_type_name(nn_store_type type, bool half)
{
    static const char *const names[] = {
        [NN_STORE_U8] = "uint8",    [NN_STORE_I8] = "int8",    [NN_STORE_U16] = "uint16",
        [NN_STORE_I16] = "int16",   [NN_STORE_U32] = "uint32", [NN_STORE_I32] = "int32",
        [NN_STORE_U64] = "uint64",  [NN_STORE_I64] = "int64",  [NN_STORE_F32] = "float32",
        [NN_STORE_F64] = "float64", [NN_STORE_TEXT] = "text",  [NN_STORE_UNSUPPORTED] = "unknown",
    };
    return half ? "float16" : names[type];
}
