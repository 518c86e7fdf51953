/* HDF5's element types and ours. HDF5 itself converts byte order, half floats and widths. */
#include <stdio.h>
#include <string.h>

#include "store/store_internal.h"

static const struct {
    size_t size;
    bool integer, numeric;
} type_rows[] = {
    [NN_STORE_U8] = {1, true, true},     [NN_STORE_I8] = {1, true, true},
    [NN_STORE_U16] = {2, true, true},    [NN_STORE_I16] = {2, true, true},
    [NN_STORE_U32] = {4, true, true},    [NN_STORE_I32] = {4, true, true},
    [NN_STORE_U64] = {8, true, true},    [NN_STORE_I64] = {8, true, true},
    [NN_STORE_F32] = {4, false, true},   [NN_STORE_F64] = {8, false, true},
    [NN_STORE_TEXT] = {0, false, false}, [NN_STORE_UNSUPPORTED] = {0, false, false},
};

size_t nn_store_type_size(nn_store_type type)
{
    return type_rows[type].size;
}

bool nn_store_type_is_integer(nn_store_type type)
{
    return type_rows[type].integer;
}

bool nn_store_type_is_numeric(nn_store_type type)
{
    return type_rows[type].numeric;
}

nn_store_type nn_store_type_common(nn_store_type a, nn_store_type b)
{
    bool whole = nn_store_type_is_integer(a) && nn_store_type_is_integer(b);
    if (a == b) return a;
    return whole && a != NN_STORE_U64 && b != NN_STORE_U64 ? NN_STORE_I64 : NN_STORE_F64;
}

hid_t nn_store_memory_type(nn_store_type type)
{
    const hid_t native[] = {
        [NN_STORE_U8] = H5T_NATIVE_UINT8,   [NN_STORE_I8] = H5T_NATIVE_INT8,
        [NN_STORE_U16] = H5T_NATIVE_UINT16, [NN_STORE_I16] = H5T_NATIVE_INT16,
        [NN_STORE_U32] = H5T_NATIVE_UINT32, [NN_STORE_I32] = H5T_NATIVE_INT32,
        [NN_STORE_U64] = H5T_NATIVE_UINT64, [NN_STORE_I64] = H5T_NATIVE_INT64,
        [NN_STORE_F32] = H5T_NATIVE_FLOAT,  [NN_STORE_F64] = H5T_NATIVE_DOUBLE,
    };
    return nn_store_type_is_numeric(type) ? native[type] : H5I_INVALID_HID;
}

hid_t nn_store_half_type(void)
{
    hid_t type = H5Tcopy(H5T_IEEE_F32LE);
    if (type >= 0 && H5Tset_fields(type, 15, 10, 5, 0, 10) >= 0 && H5Tset_size(type, 2) >= 0 &&
        H5Tset_ebias(type, 15) >= 0)
        return type;
    if (type >= 0) nn_store_note_close(H5Tclose(type));
    return H5I_INVALID_HID;
}

hid_t nn_store_text_type(size_t size)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    if (type >= 0 && H5Tset_size(type, size) >= 0 && H5Tset_cset(type, H5T_CSET_UTF8) >= 0) return type;
    if (type >= 0) nn_store_note_close(H5Tclose(type));
    return H5I_INVALID_HID;
}

/* The smallest of our types that holds an integer of `size` bytes. */
static nn_store_type type_of_integer(size_t size, bool is_signed)
{
    static const nn_store_type by_width[][2] = {
        {NN_STORE_U8, NN_STORE_I8},
        {NN_STORE_U16, NN_STORE_I16},
        {NN_STORE_U32, NN_STORE_I32},
        {NN_STORE_U64, NN_STORE_I64},
    };
    for (size_t i = 0; i < sizeof by_width / sizeof *by_width; i++)
        if (size <= nn_store_type_size(by_width[i][is_signed])) return by_width[i][is_signed];
    return NN_STORE_UNSUPPORTED;
}

static const char *type_order(hid_t type, nn_store_info *info)
{
    info->big_endian = H5Tget_size(type) > 1 && H5Tget_order(type) == H5T_ORDER_BE;
    return info->big_endian ? " big-endian" : "";
}

static void type_describe_integer(hid_t type, const char *prefix, nn_store_info *info)
{
    bool is_signed = H5Tget_sign(type) == H5T_SGN_2;
    info->type = type_of_integer(H5Tget_size(type), is_signed);
    snprintf(info->type_name, sizeof info->type_name, "%s%s%zu%s", prefix, is_signed ? "int" : "uint",
             H5Tget_precision(type), type_order(type, info));
}

/* float16 and bfloat16 have the same size, but different mantissas. */
static void type_describe_float(hid_t type, nn_store_info *info)
{
    size_t sign, exponent, exponent_bits, mantissa, mantissa_bits = 0, precision = H5Tget_precision(type);
    H5Tget_fields(type, &sign, &exponent, &exponent_bits, &mantissa, &mantissa_bits);
    info->type = H5Tget_size(type) <= sizeof(float) ? NN_STORE_F32 : NN_STORE_F64;
    info->half = precision == 16 && mantissa_bits == 10;
    snprintf(info->type_name, sizeof info->type_name, "%sfloat%zu%s",
             precision == 16 && mantissa_bits == 7 ? "b" : "", precision, type_order(type, info));
}

/* numpy's bool as stored by h5py: FALSE and TRUE over 8 bits. */
static bool type_is_truth(hid_t type)
{
    int8_t value;
    return H5Tget_size(type) == 1 && H5Tget_nmembers(type) == 2 &&
           H5Tenum_valueof(type, "FALSE", &value) >= 0 && value == 0 &&
           H5Tenum_valueof(type, "TRUE", &value) >= 0 && value == 1;
}

/* Readable as the type beneath. */
static void type_describe_enumeration(hid_t type, nn_store_info *info)
{
    if (type_is_truth(type)) {
        info->type = NN_STORE_U8;
        snprintf(info->type_name, sizeof info->type_name, "bool");
        return;
    }
    hid_t base = H5Tget_super(type);
    if (base < 0) return;
    type_describe_integer(base, "enumeration of ", info);
    nn_store_note_close(H5Tclose(base));
}

static const char *type_name_of_class(H5T_class_t class)
{
    static const struct {
        H5T_class_t class;
        const char *name;
    } names[] = {
        {H5T_TIME, "time"},
        {H5T_BITFIELD, "bit field"},
        {H5T_OPAQUE, "opaque"},
        {H5T_COMPOUND, "compound"},
        {H5T_REFERENCE, "reference"},
        {H5T_ENUM, "enumeration"},
        {H5T_VLEN, "variable length"},
        {H5T_ARRAY, "array of arrays"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].class == class) return names[i].name;
    return "unknown";
}

/* "compound of a, b, c"; numpy's complex numbers are compounds of r and i. */
static void type_describe_compound(hid_t type, nn_store_info *info)
{
    int count = H5Tget_nmembers(type);
    size_t length = 0;
    char *const names[2] = {count > 0 ? H5Tget_member_name(type, 0) : NULL,
                            count > 1 ? H5Tget_member_name(type, 1) : NULL};
    if (count == 2 && names[0] && names[1] && strcmp(names[0], "r") == 0 && strcmp(names[1], "i") == 0)
        snprintf(info->type_name, sizeof info->type_name, "complex");
    H5free_memory(names[0]);
    H5free_memory(names[1]);
    if (strcmp(info->type_name, "complex") == 0) return;
    for (int i = 0; i < count && length < sizeof info->type_name; i++) {
        char *name = H5Tget_member_name(type, (unsigned)i);
        int put = snprintf(info->type_name + length, sizeof info->type_name - length, "%s%s",
                           i == 0 ? "compound of " : ", ", name ? name : "?");
        H5free_memory(name);
        if (put < 0) return;
        length += (size_t)put;
    }
    if (length >= sizeof info->type_name) memcpy(info->type_name + sizeof info->type_name - 4, "...", 4);
}

void nn_store_describe_type(hid_t type, nn_store_info *info)
{
    H5T_class_t class = H5Tget_class(type);
    info->type = NN_STORE_UNSUPPORTED;
    snprintf(info->type_name, sizeof info->type_name, "%s", type_name_of_class(class));
    if (class == H5T_INTEGER) {
        type_describe_integer(type, "", info);
    } else if (class == H5T_FLOAT) {
        type_describe_float(type, info);
    } else if (class == H5T_ENUM) {
        type_describe_enumeration(type, info);
    } else if (class == H5T_COMPOUND) {
        type_describe_compound(type, info);
    } else if (class == H5T_STRING) {
        info->type = NN_STORE_TEXT;
        snprintf(info->type_name, sizeof info->type_name, "%s",
                 H5Tis_variable_str(type) > 0 ? "text of variable length" : "text");
    }
}
