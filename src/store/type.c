/* HDF5's element types, and ours. HDF5 itself converts: byte order, half floats, widths. */
#include <stdio.h>

#include "store/internal.h"

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

/* The smallest type of ours that holds an integer of `size` bytes. */
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

static void type_describe_number(hid_t type, H5T_class_t class, const char *prefix, nn_store_info *info)
{
    size_t size = H5Tget_size(type);
    bool is_signed = class == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_2;
    const char *kind = class == H5T_FLOAT ? "float" : is_signed ? "int" : "uint";
    const char *order = size > 1 && H5Tget_order(type) == H5T_ORDER_BE ? " big-endian" : "";
    if (class == H5T_FLOAT)
        info->type = size <= sizeof(float) ? NN_STORE_F32 : NN_STORE_F64;
    else
        info->type = type_of_integer(size, is_signed);
    snprintf(info->type_name, sizeof info->type_name, "%s%s%zu%s", prefix, kind, H5Tget_precision(type),
             order);
}

/* h5py keeps booleans as an enumeration over int8: readable as what lies beneath. */
static void type_describe_enumeration(hid_t type, nn_store_info *info)
{
    hid_t base = H5Tget_super(type);
    if (base < 0) return;
    type_describe_number(base, H5T_INTEGER, "enumeration of ", info);
    H5Tclose(base);
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

void nn_store_describe_type(hid_t type, nn_store_info *info)
{
    H5T_class_t class = H5Tget_class(type);
    info->type = NN_STORE_UNSUPPORTED;
    snprintf(info->type_name, sizeof info->type_name, "%s", type_name_of_class(class));
    if (class == H5T_INTEGER || class == H5T_FLOAT) {
        type_describe_number(type, class, "", info);
    } else if (class == H5T_ENUM) {
        type_describe_enumeration(type, info);
    } else if (class == H5T_STRING) {
        info->type = NN_STORE_TEXT;
        snprintf(info->type_name, sizeof info->type_name, "%s",
                 H5Tis_variable_str(type) > 0 ? "text of variable length" : "text");
    }
}
