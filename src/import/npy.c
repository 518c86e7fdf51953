/* The .npy format: magic, version, length, a Python dictionary as text, the values. */
#include "import/npy.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { NPY_LONGEST_HEADER = 1 << 20 };

int64_t nn_npy_header_bytes(const unsigned char first[NN_NPY_FIRST])
{
    if (memcmp(first, "\x93NUMPY", 6) != 0) return 0;
    if (first[6] == 1) return 10 + (first[8] | first[9] << 8);
    int64_t length = first[8] | (int64_t)first[9] << 8 | (int64_t)first[10] << 16 | (int64_t)first[11] << 24;
    return (first[6] == 2 || first[6] == 3) && length < NPY_LONGEST_HEADER ? 12 + length : 0;
}

/* The text after "key": or 'key': in the dictionary; NULL if the key is absent. */
static const char *npy_find(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    if (!at) return NULL;
    at += strlen(key);
    while (*at == '\'' || *at == '"' || *at == ':' || isspace((unsigned char)*at)) at++;
    return at;
}

static bool npy_is_little(void)
{
    const int one = 1;
    return *(const char *)&one == 1;
}

/* What to do about arrays that do not hold plain numbers. */
static const struct {
    char kind;
    const char *advice;
} npy_advice[] = {
    {'c', "complex numbers: save np.stack([a.real, a.imag], -1)"},
    {'O', "Python objects: save numbers of one type and one length, np.array(a, dtype='float32')"},
    {'U', "strings: save their numbers, np.unique(a, return_inverse=True)[1]"},
    {'S', "strings: save their numbers, np.unique(a, return_inverse=True)[1]"},
    {'M', "dates: save them as numbers, a.astype('int64')"},
    {'m', "time spans: save them as numbers, a.astype('int64')"},
    {'V', "records: save each field as a separate array"},
};

static nn_status npy_refuse(const char *place, const char *type)
{
    for (size_t i = 0; i < sizeof(npy_advice) / sizeof(npy_advice[0]); i++)
        if (type[0] == npy_advice[i].kind) NN_FAIL(NN_ERROR_DATA, "%s holds %s", place, npy_advice[i].advice);
    NN_FAIL(NN_ERROR_DATA, "%s: values of type '%.*s' cannot be read: save a.astype('float32')", place,
            (int)strcspn(type, "'\""), type);
}

/* "<f4": byte order, kind, size in bytes. */
static nn_status npy_parse_type(const char *place, const char *text, nn_npy_header *header)
{
    static const struct {
        const char *name;
        nn_store_type type;
        bool half;
    } types[] = {{"b1", NN_STORE_U8, false},  {"u1", NN_STORE_U8, false},  {"i1", NN_STORE_I8, false},
                 {"u2", NN_STORE_U16, false}, {"i2", NN_STORE_I16, false}, {"u4", NN_STORE_U32, false},
                 {"i4", NN_STORE_I32, false}, {"u8", NN_STORE_U64, false}, {"i8", NN_STORE_I64, false},
                 {"f2", NN_STORE_F32, true},  {"f4", NN_STORE_F32, false}, {"f8", NN_STORE_F64, false}};
    if (*text == '[') return npy_refuse(place, "V");
    char order = strchr("<>|=", *text) ? *text++ : '=';
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strncmp(text, types[i].name, 2) != 0 || isdigit((unsigned char)text[2])) continue;
        header->type = types[i].type;
        header->half = types[i].half;
        header->element = (size_t)(text[1] - '0');
        header->swapped =
            header->element > 1 && ((order == '<' && !npy_is_little()) || (order == '>' && npy_is_little()));
        return NN_OK;
    }
    return npy_refuse(place, text);
}

/* "(5, 3)", "(5,)", "()" */
static nn_status npy_parse_shape(const char *place, const char *text, nn_npy_header *header)
{
    header->values = 1;
    header->dimensions = 0;
    if (*text++ != '(') NN_FAIL(NN_ERROR_DATA, "%s: the header is damaged: save it again", place);
    while (*text && *text != ')') {
        char *end;
        long long extent = strtoll(text, &end, 10);
        if (end == text || extent < 0)
            NN_FAIL(NN_ERROR_DATA, "%s: the header is damaged: save it again", place);
        if (header->dimensions == NN_NPY_DIMENSIONS)
            NN_FAIL(NN_ERROR_DATA, "%s has more than %d dimensions: reshape it", place, NN_NPY_DIMENSIONS);
        if (extent > 0 && header->values > INT64_MAX / 16 / extent)
            NN_FAIL(NN_ERROR_DATA, "%s: the header is damaged: the extents are too large", place);
        header->extents[header->dimensions++] = extent;
        header->values *= extent;
        text = end + strspn(end, "L, ");
    }
    return NN_OK;
}

nn_status nn_npy_parse(const char *place, const unsigned char *bytes, int64_t size, nn_npy_header *header)
{
    char *text;
    nn_status status;
    int64_t prefix = bytes[6] == 1 ? 10 : 12;
    NN_TRY(NN_ALLOCATE(&text, size - prefix + 1, "the header of an array"));
    memcpy(text, bytes + prefix, (size_t)(size - prefix));
    const char *type = npy_find(text, "descr"), *order = npy_find(text, "fortran_order");
    const char *shape = npy_find(text, "shape");
    *header = (nn_npy_header){.begin = size};
    if (type && order && shape) {
        status = npy_parse_type(place, type, header);
        if (status == NN_OK) status = npy_parse_shape(place, shape, header);
        header->fortran = *order == 'T' && header->dimensions > 1;
    } else {
        status = nn_fail(NN_ERROR_DATA, "%s: the header is damaged: save it again", place);
    }
    nn_free(text);
    return status;
}

/* IEEE 754 binary16; its subnormal numbers are normal in binary32. */
static float npy_from_half(unsigned half)
{
    unsigned exponent = half >> 10 & 31, fraction = half & 1023;
    uint32_t sign = (uint32_t)(half >> 15) << 31, bits;
    float value;
    if (exponent == 0) {
        value = (float)fraction * 0x1p-24F;
        return sign ? -value : value;
    }
    bits = sign | (exponent == 31 ? 255U : exponent + 112U) << 23 | fraction << 13;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static void npy_swap(unsigned char *bytes, size_t element, int64_t count)
{
    for (int64_t i = 0; i < count; i++, bytes += element)
        for (size_t low = 0, high = element - 1; low < high; low++, high--) {
            unsigned char byte = bytes[low];
            bytes[low] = bytes[high];
            bytes[high] = byte;
        }
}

void nn_npy_to_native(const nn_npy_header *header, void *values, int64_t count)
{
    unsigned char *bytes = values;
    if (header->half) bytes += 2 * count;
    if (header->swapped) npy_swap(bytes, header->element, count);
    for (int64_t i = 0; header->half && i < count; i++) {
        uint16_t half;
        memcpy(&half, bytes + 2 * i, sizeof(half));
        ((float *)values)[i] = npy_from_half(half);
    }
}
