/* The format safetensors: 8 bytes with the length of a header, the header, which is JSON, and the values. The
 * header is {"NAME": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ..., "__metadata__": {...}};
 * the values of all tensors follow one another without gaps. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/least.h"
#include "base/memory.h"
#include "config/json_reader.h"
#include "host/pulse.h"
#include "host/system.h"
#include "model/foreign_internal.h"

#define SAFETENSORS_HEADER_MAX 100000000 /* as the format says */
#define SAFETENSORS_CHUNK ((int64_t)1 << 22)

/* ---- types ---- */

static double safetensors_float64(const unsigned char *bytes)
{
    uint64_t bits = 0;
    double value;
    for (int i = 7; i >= 0; i--) bits = bits << 8 | bytes[i];
    memcpy(&value, &bits, sizeof value);
    return value;
}

static double safetensors_from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

static double safetensors_float32(const unsigned char *bytes)
{
    return safetensors_from_bits(bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                                 (uint32_t)bytes[3] << 24);
}

static double safetensors_bfloat16(const unsigned char *bytes)
{
    return safetensors_from_bits((uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 24);
}

static double safetensors_float16(const unsigned char *bytes)
{
    unsigned bits = bytes[0] | (unsigned)bytes[1] << 8, exponent = bits >> 10 & 31, fraction = bits & 1023;
    double value = exponent == 0    ? ldexp(fraction, -24)
                   : exponent == 31 ? (fraction ? (double)NAN : (double)INFINITY)
                                    : ldexp(1024 + fraction, (int)exponent - 25);
    return bits & 0x8000 ? -value : value;
}

/* convert NULL: not the type of weights. */
static const struct {
    const char *name;
    int64_t bytes;
    double (*convert)(const unsigned char *bytes);
} safetensors_types[] = {
    {"F32", 4, safetensors_float32},
    {"F64", 8, safetensors_float64},
    {"F16", 2, safetensors_float16},
    {"BF16", 2, safetensors_bfloat16},
    {"BOOL", 1, NULL},
    {"U8", 1, NULL},
    {"I8", 1, NULL},
    {"F8_E4M3", 1, NULL},
    {"F8_E5M2", 1, NULL},
    {"I16", 2, NULL},
    {"U16", 2, NULL},
    {"I32", 4, NULL},
    {"U32", 4, NULL},
    {"I64", 8, NULL},
    {"U64", 8, NULL},
    {"C64", 8, NULL},
};

/* Index of a type; -1: a newer one, whose size is not known. */
static int safetensors_type(const char *name)
{
    for (size_t i = 0; i < sizeof safetensors_types / sizeof *safetensors_types; i++)
        if (strcmp(safetensors_types[i].name, name) == 0) return (int)i;
    return -1;
}

/* ---- bytes ---- */

/* Reads bytes [at, at + size) of the file. */
static nn_status safetensors_pread(const nn_foreign *foreign, int64_t at, int64_t size, unsigned char *bytes)
{
    nn_patience patience = {0};
    for (int64_t done = 0; done < size;) {
        ssize_t got = pread(foreign->descriptor, bytes + done,
                            (size_t)nn_smaller(size - done, SAFETENSORS_CHUNK), (off_t)(at + done));
        if (got < 0 && nn_patience_lasts(&patience, errno, foreign->path)) continue;
        if (got < 0) return nn_system_fail(NN_ERROR_IO, errno, "cannot read %s", foreign->path);
        if (got == 0) NN_FAIL(NN_ERROR_DATA, "%s has become shorter while it was read", foreign->path);
        done += got;
        nn_pulse();
    }
    return NN_OK;
}

nn_status nn_foreign_read_safetensors(const nn_foreign *foreign, const nn_foreign_tensor *tensor,
                                      double *values)
{
    int type = safetensors_type(tensor->type);
    int64_t width = safetensors_types[type].bytes, count = nn_shape_count(tensor->shape);
    unsigned char *bytes;
    NN_TRY(nn_allocate((void **)&bytes, (size_t)nn_smaller(count * width, SAFETENSORS_CHUNK), 1,
                       "the values of a tensor"));
    nn_status status = NN_OK;
    for (int64_t done = 0; done < count && status == NN_OK;) {
        int64_t part = nn_smaller(count - done, SAFETENSORS_CHUNK / width);
        status = safetensors_pread(foreign, foreign->data_begin + tensor->begin + done * width, part * width,
                                   bytes);
        for (int64_t i = 0; i < part && status == NN_OK; i++)
            values[done + i] = safetensors_types[type].convert(bytes + i * width);
        done += part;
    }
    nn_free(bytes);
    return status;
}

/* ---- the header ---- */

/* A list of sizes up to its end; *count: how many there are, of which `most` are kept. */
static nn_status safetensors_list(nn_json *json, const char *tensor, int most, int64_t *numbers, int *count)
{
    nn_json_value value;
    NN_TRY(nn_json_expect(json, NN_JSON_LIST, "a list", &value));
    *count = 0;
    for (;;) {
        NN_TRY(nn_json_next(json, &value));
        if (value.kind == NN_JSON_END) return NN_OK;
        char *end = NULL;
        errno = 0;
        bool digit =
            value.kind == NN_JSON_SCALAR && !value.quoted && value.text[0] >= '0' && value.text[0] <= '9';
        long long number = digit ? strtoll(value.text, &end, 10) : 0;
        if (!digit || errno || *end)
            NN_FAIL(NN_ERROR_DATA, "tensor %s: its shape and offsets must be whole numbers", tensor);
        if (*count < most) numbers[*count] = number;
        if (*count < most + 1) (*count)++;
    }
}

/* What a tensor's mapping has given. */
typedef struct safetensors_entry {
    bool has_type, has_shape, has_offsets;
    int dimensions, offsets;
    int64_t range[2];
} safetensors_entry;

static nn_status safetensors_key(nn_json *json, const char *key, nn_foreign_tensor *tensor,
                                 safetensors_entry *entry)
{
    nn_json_value value;
    char name[32];
    snprintf(name, sizeof name, "%s", key);
    if (strcmp(name, "dtype") == 0) {
        NN_TRY(nn_json_expect(json, NN_JSON_SCALAR, "a dtype", &value));
        snprintf(tensor->type, sizeof tensor->type, "%s", value.text);
        entry->has_type = true;
    } else if (strcmp(name, "shape") == 0) {
        NN_TRY(safetensors_list(json, tensor->name, NN_MAX_DIMENSIONS, tensor->shape.extents,
                                &entry->dimensions));
        entry->has_shape = true;
    } else if (strcmp(name, "data_offsets") == 0) {
        NN_TRY(safetensors_list(json, tensor->name, 2, entry->range, &entry->offsets));
        entry->has_offsets = true;
    } else {
        NN_TRY(nn_json_next(json, &value));
        NN_TRY(nn_json_skip(json, &value));
    }
    return NN_OK;
}

/* Whether the range of bytes has the size that type and shape give. */
static nn_status safetensors_check(nn_foreign_tensor *tensor, const safetensors_entry *entry, int64_t size)
{
    int type = safetensors_type(tensor->type);
    char shape[NN_SHAPE_TEXT];
    if (!entry->has_type || !entry->has_shape || entry->offsets != 2)
        NN_FAIL(NN_ERROR_DATA, "tensor %s lacks dtype, shape or two data_offsets", tensor->name);
    tensor->begin = entry->range[0];
    tensor->end = entry->range[1];
    if (tensor->begin > tensor->end || tensor->end > size)
        NN_FAIL(NN_ERROR_DATA,
                "tensor %s is said to be at bytes %lld to %lld of %lld: the file is cut short or damaged",
                tensor->name, (long long)tensor->begin, (long long)tensor->end, (long long)size);
    if (entry->dimensions > NN_MAX_DIMENSIONS)
        snprintf(tensor->type, sizeof tensor->type, "more than %d dimensions", NN_MAX_DIMENSIONS);
    if (entry->dimensions > NN_MAX_DIMENSIONS || type < 0) return NN_OK;
    tensor->shape.dimensions = entry->dimensions;
    int64_t count = nn_shape_count(tensor->shape), width = safetensors_types[type].bytes;
    if (count > INT64_MAX / width || count * width != tensor->end - tensor->begin)
        NN_FAIL(NN_ERROR_DATA, "tensor %s of shape %s and type %s does not take the %lld bytes that it has",
                tensor->name, nn_shape_text(shape, tensor->shape), tensor->type,
                (long long)(tensor->end - tensor->begin));
    tensor->readable = safetensors_types[type].convert != NULL;
    return NN_OK;
}

static nn_status safetensors_tensor(nn_foreign *foreign, nn_json *json, const char *name, int64_t size)
{
    nn_json_value value;
    nn_foreign_tensor *tensor;
    safetensors_entry entry = {0};
    NN_TRY(nn_foreign_add(foreign, name, &tensor));
    NN_TRY(nn_json_expect(json, NN_JSON_MAPPING, "a mapping for each tensor", &value));
    for (;;) {
        NN_TRY(nn_json_next(json, &value));
        if (value.kind == NN_JSON_END) return safetensors_check(tensor, &entry, size);
        if (value.kind != NN_JSON_SCALAR)
            NN_FAIL(NN_ERROR_DATA, "tensor %s: a key is not a text", tensor->name);
        NN_TRY(safetensors_key(json, value.text, tensor, &entry));
    }
}

static nn_status safetensors_note(nn_foreign *foreign, nn_json *json, const char *key)
{
    size_t count = (size_t)foreign->note_count;
    nn_json_value value;
    NN_TRY(nn_reallocate((void **)&foreign->note_keys, count, count + 1, sizeof *foreign->note_keys,
                         "the metadata of a file"));
    NN_TRY(nn_reallocate((void **)&foreign->notes, count, count + 1, sizeof *foreign->notes,
                         "the metadata of a file"));
    NN_TRY(nn_copy_text(key, &foreign->note_keys[count]));
    foreign->note_count++; /* its value is NULL, should the next call fail */
    NN_TRY(nn_json_expect(json, NN_JSON_SCALAR, "a text as metadata", &value));
    return nn_copy_text(value.text, &foreign->notes[count]);
}

static nn_status safetensors_notes(nn_foreign *foreign, nn_json *json)
{
    nn_json_value value;
    NN_TRY(nn_json_expect(json, NN_JSON_MAPPING, "a mapping as metadata", &value));
    for (;;) {
        NN_TRY(nn_json_next(json, &value));
        if (value.kind == NN_JSON_END) return NN_OK;
        if (value.kind != NN_JSON_SCALAR) NN_FAIL(NN_ERROR_DATA, "a key of the metadata is not a text");
        NN_TRY(safetensors_note(foreign, json, value.text));
    }
}

static nn_status safetensors_parse(nn_foreign *foreign, nn_json *json, int64_t size)
{
    nn_json_value value;
    NN_TRY(nn_json_expect(json, NN_JSON_MAPPING, "a mapping", &value));
    for (;;) {
        NN_TRY(nn_json_next(json, &value));
        if (value.kind == NN_JSON_END) break;
        if (value.kind != NN_JSON_SCALAR) NN_FAIL(NN_ERROR_DATA, "the name of a tensor is not a text");
        if (strcmp(value.text, "__metadata__") == 0)
            NN_TRY(safetensors_notes(foreign, json));
        else
            NN_TRY(safetensors_tensor(foreign, json, value.text, size));
    }
    return nn_json_expect(json, NN_JSON_END, "nothing after the closing bracket", &value);
}

/* ---- the file ---- */

static int safetensors_compare(const void *a, const void *b)
{
    const nn_foreign_tensor *left = a, *right = b;
    if (left->begin != right->begin) return left->begin < right->begin ? -1 : 1;
    return (left->end > right->end) - (left->end < right->end);
}

/* That the tensors follow one another and fill the file. */
static nn_status safetensors_check_ranges(nn_foreign *foreign, int64_t size)
{
    int64_t reached = 0;
    if (foreign->count > 0)
        qsort(foreign->tensors, (size_t)foreign->count, sizeof *foreign->tensors, safetensors_compare);
    for (int64_t t = 0; t < foreign->count; t++) {
        const nn_foreign_tensor *tensor = &foreign->tensors[t];
        if (tensor->begin != reached)
            NN_FAIL(NN_ERROR_DATA, "%s: tensor %s %s: the file is damaged", foreign->path, tensor->name,
                    tensor->begin < reached ? "overlaps another" : "follows a gap");
        reached = tensor->end;
    }
    if (reached != size)
        NN_FAIL(NN_ERROR_DATA, "%s: %lld bytes follow the last tensor: the file is damaged", foreign->path,
                (long long)(size - reached));
    return NN_OK;
}

/* *length: of the header; *size: of the values. */
static nn_status safetensors_measure(nn_foreign *foreign, int64_t *length, int64_t *size)
{
    struct stat facts;
    unsigned char first[8];
    uint64_t header = 0;
    if (fstat(foreign->descriptor, &facts) != 0)
        return nn_system_fail(NN_ERROR_IO, errno, "cannot read %s", foreign->path);
    int64_t all = (int64_t)facts.st_size;
    if (all < 10)
        NN_FAIL(NN_ERROR_DATA, "%s has only %lld bytes: it is empty or cut short", foreign->path,
                (long long)all);
    NN_TRY(safetensors_pread(foreign, 0, 8, first));
    for (int i = 7; i >= 0; i--) header = header << 8 | first[i];
    if (header > SAFETENSORS_HEADER_MAX)
        NN_FAIL(NN_ERROR_DATA,
                "%s is neither a safetensors file (its header would have %" PRIu64
                " bytes) nor a .weights.h5 of Keras 3; a run or checkpoint is named by init_from.run",
                foreign->path, header);
    if ((int64_t)header > all - 8)
        NN_FAIL(NN_ERROR_DATA,
                "%s is cut short, or not a safetensors file: its header would end at byte %" PRIu64
                " of %lld",
                foreign->path, header + 8, (long long)all);
    *length = (int64_t)header;
    *size = all - 8 - *length;
    return NN_OK;
}

nn_status nn_foreign_open_safetensors(nn_foreign *foreign)
{
    int64_t length = 0, size = 0;
    unsigned char *header;
    nn_json *json = NULL;
    NN_TRY(safetensors_measure(foreign, &length, &size));
    foreign->data_begin = 8 + length;
    NN_TRY(nn_allocate((void **)&header, (size_t)length + 1, 1, "the header of a safetensors file"));
    nn_status status = safetensors_pread(foreign, 8, length, header);
    if (status == NN_OK) status = nn_json_open((const char *)header, (size_t)length, &json);
    if (status == NN_OK) status = safetensors_parse(foreign, json, size);
    nn_json_close(json);
    nn_free(header);
    if (status != NN_OK) return nn_fail_context(status, "the safetensors file %s", foreign->path);
    NN_TRY(safetensors_check_ranges(foreign, size));
    return nn_foreign_sort(foreign);
}
