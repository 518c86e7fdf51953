/* Reads the attributes of the NetCDF conventions. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "store/gaps_internal.h"
#include "store/layout.h"
#include "store/packing.h"

#define PACKING_TEXT 64

/* An attribute with numbers. */
typedef struct packing_attribute {
    int count; /* 0: the attribute does not exist */
    double values[NN_STORE_MOST_FILLS];
    bool real; /* its type is floating-point */
} packing_attribute;

/* ---- reading attributes ---- */

static nn_status packing_fail(const nn_store_array *array, const char *name, const char *what)
{
    NN_FAIL(
        NN_ERROR_DATA,
        "attribute %s of dataset \"%s\" of %s %s: correct it, or set attributes: ignore for the field, which "
        "ignores all attributes of its dataset",
        name, array->name, array->file->path, what);
}

/* A text of fixed or variable length; empty if it is longer. */
static void packing_read_text(hid_t attribute, hid_t type, char *text)
{
    char *held = NULL;
    memset(text, 0, PACKING_TEXT);
    if (H5Tis_variable_str(type) > 0) {
        if (H5Aread(attribute, type, &held) < 0 || !held) return;
        if (strlen(held) < PACKING_TEXT) memcpy(text, held, strlen(held));
        H5free_memory(held);
    } else if (H5Tget_size(type) < PACKING_TEXT && H5Aread(attribute, type, text) < 0) {
        *text = '\0';
    }
}

/* A number stored as text. */
static nn_status packing_parse(const nn_store_array *array, const char *name, hid_t attribute, hid_t type,
                               packing_attribute *found)
{
    char text[PACKING_TEXT], *end;
    packing_read_text(attribute, type, text);
    found->values[0] = strtod(text, &end);
    if (end == text || end[strspn(end, " ")]) return packing_fail(array, name, "is not a number");
    found->count = 1;
    found->real = true;
    return NN_OK;
}

static nn_status packing_take(const nn_store_array *array, const char *name, hid_t attribute, hid_t type,
                              hid_t space, packing_attribute *found)
{
    hssize_t count = H5Sget_simple_extent_npoints(space);
    H5T_class_t class = H5Tget_class(type);
    if (class == H5T_STRING && count == 1) return packing_parse(array, name, attribute, type, found);
    if (class != H5T_INTEGER && class != H5T_FLOAT) return packing_fail(array, name, "is not a number");
    if (count > NN_STORE_MOST_FILLS) return packing_fail(array, name, "has more than 32 values");
    if (count > 0 && H5Aread(attribute, H5T_NATIVE_DOUBLE, found->values) < 0)
        return nn_store_fail_hdf5(NN_ERROR_DATA, "attribute %s of dataset \"%s\" of %s cannot be read", name,
                                  array->name, array->file->path);
    found->count = (int)count;
    found->real = class == H5T_FLOAT;
    return NN_OK;
}

static nn_status packing_find(const nn_store_array *array, const char *name, int wanted,
                              packing_attribute *found)
{
    *found = (packing_attribute){0};
    if (H5Aexists(array->id, name) <= 0) return NN_OK;
    hid_t attribute = H5Aopen(array->id, name, H5P_DEFAULT);
    hid_t type = attribute >= 0 ? H5Aget_type(attribute) : H5I_INVALID_HID;
    hid_t space = attribute >= 0 ? H5Aget_space(attribute) : H5I_INVALID_HID;
    nn_status status =
        type >= 0 && space >= 0
            ? packing_take(array, name, attribute, type, space, found)
            : nn_store_fail_hdf5(NN_ERROR_DATA, "attribute %s of dataset \"%s\" of %s cannot be opened", name,
                                 array->name, array->file->path);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) nn_store_note_close(H5Tclose(type));
    if (attribute >= 0) nn_store_note_close(H5Aclose(attribute));
    if (status == NN_OK && wanted > 0 && found->count != 0 && found->count != wanted)
        return packing_fail(array, name,
                            wanted == 1 ? "has several values, but needs one"
                                        : "needs two values, the minimum and the maximum");
    return status;
}

/* _Unsigned: the bits of integers are to be read with the other signedness. */
static void packing_find_sign(const nn_store_array *array, nn_store_packing *packing)
{
    static const nn_store_type pairs[][2] = {{NN_STORE_I8, NN_STORE_U8},
                                             {NN_STORE_I16, NN_STORE_U16},
                                             {NN_STORE_I32, NN_STORE_U32},
                                             {NN_STORE_I64, NN_STORE_U64}};
    char text[PACKING_TEXT] = "";
    if (H5Aexists(array->id, "_Unsigned") <= 0) return;
    hid_t attribute = H5Aopen(array->id, "_Unsigned", H5P_DEFAULT);
    hid_t type = attribute >= 0 ? H5Aget_type(attribute) : H5I_INVALID_HID;
    if (type >= 0 && H5Tget_class(type) == H5T_STRING) packing_read_text(attribute, type, text);
    if (type >= 0) nn_store_note_close(H5Tclose(type));
    if (attribute >= 0) nn_store_note_close(H5Aclose(attribute));
    int to = strcasecmp(text, "true") == 0 ? 1 : strcasecmp(text, "false") == 0 ? 0 : -1;
    for (size_t i = 0; to >= 0 && i < sizeof pairs / sizeof *pairs; i++)
        if (packing->type == pairs[i][1 - to]) {
            packing->type = pairs[i][to];
            break;
        }
}

/* ---- values of the file's type ---- */

/* An attribute's value as the dataset would store it, rounded if floating-point; false if it cannot. */
static bool packing_store(hid_t stored, const nn_store_packing *packing, nn_store_type type, double *value)
{
    double kept = *value;
    H5T_class_t class = H5Tget_class(stored);
    unsigned char room[64] = {0};
    if (packing->type != type) return nn_packing_turn_sign(packing, value);
    if (class != H5T_INTEGER && class != H5T_FLOAT) return true;
    if (H5Tget_size(stored) > sizeof room || isnan(kept)) return false;
    memcpy(room, &kept, sizeof kept);
    if (H5Tconvert(H5T_NATIVE_DOUBLE, stored, 1, room, NULL, H5P_DEFAULT) < 0 ||
        H5Tconvert(stored, H5T_NATIVE_DOUBLE, 1, room, NULL, H5P_DEFAULT) < 0)
        return false;
    memcpy(value, room, sizeof *value);
    return class == H5T_INTEGER ? *value == kept : isinf(kept) || !isinf(*value);
}

static void packing_add_fill(nn_store_packing *packing, double fill)
{
    for (int i = 0; i < packing->fill_count; i++)
        if (packing->fills[i] == fill) return;
    if (packing->fill_count < NN_STORE_MOST_FILLS) packing->fills[packing->fill_count++] = fill;
}

static void packing_add_fills(hid_t stored, nn_store_type type, const packing_attribute *found,
                              nn_store_packing *packing)
{
    for (int i = 0; i < found->count; i++) {
        double value = found->values[i];
        if (packing_store(stored, packing, type, &value)) packing_add_fill(packing, value);
    }
}

/* Whether NetCDF-4 wrote a dataset: HDF5 files of other programs may have dimension scales. */
static bool packing_is_netcdf(const nn_store_array *array)
{
    return H5Aexists_by_name(array->id, "/", "_NCProperties", H5P_DEFAULT) > 0 &&
           (H5Aexists(array->id, "DIMENSION_LIST") > 0 || H5Aexists(array->id, "_Netcdf4Dimid") > 0);
}

/* What the NetCDF library gives values that were not written: a type of bytes has no such value. */
static void packing_add_default_fill(const nn_store_array *array, hid_t stored, nn_store_packing *packing)
{
    static const double fills[] = {
        [NN_STORE_U16] = 65535,      [NN_STORE_I16] = -32767,
        [NN_STORE_U32] = 4294967295, [NN_STORE_I32] = -2147483647,
        [NN_STORE_U64] = 0x1p64,     [NN_STORE_I64] = -0x1p63, /* to the next double */
        [NN_STORE_F32] = 0x1.ep+122, [NN_STORE_F64] = 0x1.ep+122};
    nn_store_type type = array->info.type;
    double value = fills[type];
    if (nn_store_type_size(type) == 1 || !packing_is_netcdf(array)) return;
    if (type == NN_STORE_U64 || packing_store(stored, packing, type, &value))
        packing_add_fill(packing, value);
}

/* The value that HDF5 reads where nothing was written, if it was set when the dataset was created. */
static void packing_add_set_fill(const nn_store_array *array, hid_t stored, nn_store_packing *packing)
{
    H5D_fill_value_t kind = H5D_FILL_VALUE_ERROR;
    double value = 0;
    hid_t creation = H5Dget_create_plist(array->id);
    if (creation >= 0 && H5Pfill_value_defined(creation, &kind) >= 0 && kind == H5D_FILL_VALUE_USER_DEFINED &&
        H5Pget_fill_value(creation, H5T_NATIVE_DOUBLE, &value) >= 0 && value != 0 &&
        packing_store(stored, packing, array->info.type, &value))
        packing_add_fill(packing, value);
    if (creation >= 0) H5Pclose(creation);
    if (kind == H5D_FILL_VALUE_DEFAULT) packing_add_default_fill(array, stored, packing);
}

/* A limit whose type is wider than the packed integers applies to unpacked values. */
static void packing_limit(hid_t stored, nn_store_type type, const packing_attribute *found, int which,
                          bool least, nn_store_packing *packing)
{
    if (which >= found->count || isnan(found->values[which])) return;
    double value = found->values[which];
    if (found->real && nn_store_type_is_integer(type) && nn_store_packing_scales(packing)) {
        /* Allows for rounding: values are multiples of the scale. */
        double half = fabs(packing->scale) / 2;
        if (least && value - half > packing->unpacked_least) packing->unpacked_least = value - half;
        if (!least && value + half < packing->unpacked_most) packing->unpacked_most = value + half;
        return;
    }
    if (packing->type != type || !nn_store_type_is_integer(type))
        packing_store(stored, packing, type, &value);
    if (least && value > packing->least) packing->least = value;
    if (!least && value < packing->most) packing->most = value;
}

/* ---- all attributes ---- */

static nn_status packing_read_scale(const nn_store_array *array, nn_store_packing *packing)
{
    packing_attribute scale, offset;
    NN_TRY(packing_find(array, "scale_factor", 1, &scale));
    NN_TRY(packing_find(array, "add_offset", 1, &offset));
    if (scale.count > 0) packing->scale = scale.values[0];
    if (offset.count > 0) packing->offset = offset.values[0];
    if (!isfinite(packing->scale) || packing->scale == 0)
        return packing_fail(array, "scale_factor", "is 0 or not finite");
    if (!isfinite(packing->offset)) return packing_fail(array, "add_offset", "is not finite");
    return NN_OK;
}

static nn_status packing_read(const nn_store_array *array, hid_t stored, bool bytes,
                              nn_store_packing *packing)
{
    packing_attribute fill, missing, least, most, range;
    nn_store_type type = array->info.type;
    packing_find_sign(array, packing);
    NN_TRY(packing_read_scale(array, packing));
    NN_TRY(packing_find(array, "_FillValue", 0, &fill));
    NN_TRY(packing_find(array, "missing_value", 0, &missing));
    NN_TRY(packing_find(array, "valid_min", 1, &least));
    NN_TRY(packing_find(array, "valid_max", 1, &most));
    NN_TRY(packing_find(array, "valid_range", 2, &range));
    packing_add_fills(stored, type, &fill, packing);
    packing_add_fills(stored, type, &missing, packing);
    if (fill.count == 0 && (bytes || nn_store_type_size(type) > 1))
        packing_add_set_fill(array, stored, packing);
    packing_limit(stored, type, &least, 0, true, packing);
    packing_limit(stored, type, &most, 0, false, packing);
    packing_limit(stored, type, &range, 0, true, packing);
    packing_limit(stored, type, &range, 1, false, packing);
    return NN_OK;
}

static nn_status packing_read_own(const nn_store_array *array, bool bytes, nn_store_packing *packing)
{
    *packing = nn_store_packing_none(array->info.type);
    hid_t stored = H5Dget_type(array->id);
    if (stored < 0)
        return nn_store_fail_hdf5(NN_ERROR_DATA, "dataset \"%s\" of %s cannot be opened", array->name,
                                  array->file->path);
    nn_status status = packing_read(array, stored, bytes, packing);
    nn_store_note_close(H5Tclose(stored));
    return status;
}

/* ---- virtual datasets ---- */

/* The attributes of the sources of a virtual dataset. */
typedef struct packing_sources {
    const nn_store_array *array; /* virtual */
    bool bytes;
    int count;
    nn_store_packing common;
} packing_sources;

static nn_status packing_visit(void *context, nn_store_array *source)
{
    packing_sources *sources = context;
    nn_store_packing packing;
    NN_TRY(packing_read_own(source, sources->bytes, &packing));
    bool turned = packing.type != source->info.type;
    bool fits = !turned || source->info.type == sources->array->info.type;
    if (!turned) packing.type = sources->array->info.type;
    if (sources->count++ == 0) sources->common = packing;
    if (fits && nn_store_packing_equal(&packing, &sources->common)) return NN_OK;
    NN_FAIL(
        NN_ERROR_DATA,
        "the sources of the virtual dataset \"%s\" of %s differ in their attributes for missing and "
        "packed values, \"%s\" of %s from the first: give the files themselves as one data set, as a list or "
        "pattern, or set attributes: ignore for the field",
        sources->array->name, sources->array->file->path, source->name, source->file->path);
}

static nn_status packing_inherit(nn_store_array *array, bool bytes, nn_store_packing *packing)
{
    packing_sources sources = {.array = array, .bytes = bytes};
    nn_text cause = {0};
    hid_t missing;
    const nn_gaps_search search = {.dataset = array->id,
                                   .info = &array->info,
                                   .file = array->file,
                                   .name = array->name,
                                   .cause = &cause,
                                   .visit = packing_visit,
                                   .context = &sources};
    nn_status status = nn_gaps_select(&search, &missing);
    if (status == NN_OK && missing >= 0) H5Sclose(missing);
    if (status == NN_OK && sources.count > 0) *packing = sources.common;
    nn_text_free(&cause);
    return status;
}

nn_status nn_packing_read_dataset(nn_store_array *array, bool bytes, nn_store_packing *packing)
{
    NN_TRY(packing_read_own(array, bytes, packing));
    bool inherits = array->info.is_virtual && nn_store_packing_is_none(packing, array->info.type);
    return inherits ? packing_inherit(array, bytes, packing) : NN_OK;
}

nn_status nn_store_packing_read(nn_store_array *array, bool bytes, nn_store_packing *packing)
{
    *packing = nn_store_packing_none(array->info.type);
    if (!nn_store_type_is_numeric(array->info.type) || !array->layout->packing) return NN_OK;
    return NN_STORE_LOCKED(array->layout->packing(array, bytes, packing));
}
