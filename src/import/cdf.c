/* The header of NetCDF's classic formats. */
#include "import/cdf.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "host/system.h"
#include "import/sources.h"

#define CDF_BLOCK 65536
/* As NetCDF limits them. */
#define CDF_LONGEST_NAME 256
#define CDF_MOST 65536

enum { CDF_TAG_DIMENSION = 10, CDF_TAG_VARIABLE = 11, CDF_TAG_ATTRIBUTE = 12 };

/* A reader of the header, block by block. */
typedef struct cdf_header {
    nn_cdf *file;
    int64_t at, begin; /* in the file: the next byte; the block */
    size_t length;     /* of the block */
    unsigned char block[CDF_BLOCK];
} cdf_header;

static nn_status cdf_fail(const nn_cdf *file, const char *what)
{
    NN_FAIL(NN_ERROR_DATA, "'%s': %s: the file is damaged or cut short: copy or download it again",
            file->path, what);
}

/* ---- bytes ---- */

static nn_status cdf_get(cdf_header *header, void *bytes, int64_t count)
{
    nn_cdf *file = header->file;
    unsigned char *to = bytes;
    if (count < 0 || count > file->size - header->at) return cdf_fail(file, "its header ends too early");
    while (count > 0) {
        int64_t offset = header->at - header->begin;
        if (offset >= (int64_t)header->length) {
            ssize_t got = pread(file->descriptor, header->block, CDF_BLOCK, (off_t)header->at);
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0)
                return nn_system_fail(NN_ERROR_IO, got < 0 ? errno : EIO, "'%s' cannot be read", file->path);
            header->begin = header->at;
            header->length = (size_t)got;
            offset = 0;
        }
        int64_t some = (int64_t)header->length - offset;
        if (some > count) some = count;
        memcpy(to, header->block + offset, (size_t)some);
        to += some;
        header->at += some;
        count -= some;
    }
    return NN_OK;
}

static nn_status cdf_get_number(cdf_header *header, int bytes, int64_t *number)
{
    unsigned char raw[8] = {0};
    uint64_t value = 0;
    *number = 0;
    NN_TRY(cdf_get(header, raw, bytes));
    for (int i = 0; i < bytes; i++) value = value << 8 | raw[i];
    if (value > INT64_MAX) return cdf_fail(header->file, "its header has a number that is too large");
    *number = (int64_t)value;
    return NN_OK;
}

/* A count: of 64 bits in CDF-5. */
static nn_status cdf_get_count(cdf_header *header, int64_t *count)
{
    return cdf_get_number(header, header->file->version == 5 ? 8 : 4, count);
}

static nn_status cdf_skip_padding(cdf_header *header, int64_t bytes)
{
    unsigned char padding[4];
    return cdf_get(header, padding, (4 - bytes % 4) % 4);
}

static nn_status cdf_get_name(cdf_header *header, char **name)
{
    int64_t length = 0;
    *name = NULL;
    NN_TRY(cdf_get_count(header, &length));
    if (length < 1 || length > CDF_LONGEST_NAME)
        return cdf_fail(header->file, "a name in its header has no sound length");
    NN_TRY(nn_allocate((void **)name, (size_t)length + 1, 1, "a name"));
    NN_TRY(cdf_get(header, *name, length));
    if (strlen(*name) != (size_t)length || strchr(*name, '/'))
        return cdf_fail(header->file, "a name in its header is not one");
    return cdf_skip_padding(header, length);
}

/* The length of a list, which begins with its tag, or zero if it is empty. */
static nn_status cdf_get_list(cdf_header *header, int64_t tag, size_t *count)
{
    int64_t found = 0, length = 0;
    NN_TRY(cdf_get_number(header, 4, &found));
    NN_TRY(cdf_get_count(header, &length));
    if ((found != tag && (found != 0 || length != 0)) || length > CDF_MOST)
        return cdf_fail(header->file, "a list in its header is not one");
    *count = (size_t)length;
    return NN_OK;
}

/* ---- types ---- */

static const nn_store_type cdf_types[] = {
    [1] = NN_STORE_I8,  [2] = NN_STORE_U8,   [3] = NN_STORE_I16, [4] = NN_STORE_I32,
    [5] = NN_STORE_F32, [6] = NN_STORE_F64,  [7] = NN_STORE_U8,  [8] = NN_STORE_U16,
    [9] = NN_STORE_U32, [10] = NN_STORE_I64, [11] = NN_STORE_U64};

static nn_status cdf_get_type(cdf_header *header, nn_store_type *type, bool *characters)
{
    int64_t number = 0;
    *type = NN_STORE_UNSUPPORTED;
    *characters = false;
    NN_TRY(cdf_get_number(header, 4, &number));
    if (number < 1 || number > (header->file->version == 5 ? 11 : 6))
        return cdf_fail(header->file, "its header has a type that the format lacks");
    *type = cdf_types[number];
    *characters = number == 2;
    return NN_OK;
}

static void cdf_to_native(nn_store_type type, int64_t count, void *values)
{
    const uint16_t one = 1;
    size_t size = nn_store_type_size(type);
    unsigned char *bytes = values;
    if (*(const unsigned char *)&one == 0 || size == 1) return;
    for (int64_t i = 0; i < count; i++, bytes += size)
        for (size_t low = 0, high = size - 1; low < high; low++, high--) {
            unsigned char byte = bytes[low];
            bytes[low] = bytes[high];
            bytes[high] = byte;
        }
}

/* ---- attributes ---- */

static nn_status cdf_get_values(cdf_header *header, const char *name, nn_import_attributes *attributes)
{
    nn_store_type type;
    bool characters;
    int64_t count = 0;
    void *values;
    NN_TRY(cdf_get_type(header, &type, &characters));
    NN_TRY(cdf_get_count(header, &count));
    int64_t size = (int64_t)nn_store_type_size(type);
    if (count > (header->file->size - header->at) / size)
        return cdf_fail(header->file, "an attribute in its header is longer than the file");
    NN_TRY(nn_allocate(&values, (size_t)count, (size_t)size, "an attribute"));
    nn_status status = cdf_get(header, values, count * size);
    if (status == NN_OK) status = cdf_skip_padding(header, count * size);
    cdf_to_native(type, status == NN_OK ? count : 0, values);
    if (status == NN_OK && (count > 0 || characters))
        status = nn_import_add_attribute(attributes, name, characters ? NN_STORE_TEXT : type, count, values);
    nn_free(values);
    return status;
}

static nn_status cdf_get_attributes(cdf_header *header, nn_import_attributes *attributes)
{
    size_t count = 0;
    NN_TRY(cdf_get_list(header, CDF_TAG_ATTRIBUTE, &count));
    for (size_t i = 0; i < count; i++) {
        char *name;
        nn_status status = cdf_get_name(header, &name);
        if (status == NN_OK) status = cdf_get_values(header, name, attributes);
        nn_free(name);
        NN_TRY(status);
    }
    return NN_OK;
}

/* ---- dimensions and variables ---- */

static nn_status cdf_get_dimensions(cdf_header *header, int64_t records)
{
    nn_cdf *file = header->file;
    size_t count = 0;
    NN_TRY(cdf_get_list(header, CDF_TAG_DIMENSION, &count));
    NN_TRY(NN_ALLOCATE(&file->dimensions, count, "dimensions"));
    for (size_t i = 0; i < count; i++) {
        nn_cdf_dimension *dimension = &file->dimensions[i];
        file->dimension_count = i + 1;
        NN_TRY(cdf_get_name(header, &dimension->name));
        NN_TRY(cdf_get_count(header, &dimension->length));
        dimension->record = dimension->length == 0;
        if (dimension->record) dimension->length = records;
    }
    return NN_OK;
}

/* Rows, and the bytes of one. */
static nn_status cdf_measure(const nn_cdf *file, nn_cdf_variable *variable)
{
    variable->rows = variable->dimensions > 0 ? file->dimensions[variable->places[0]].length : 1;
    variable->record = variable->dimensions > 0 && file->dimensions[variable->places[0]].record;
    variable->row = (int64_t)nn_store_type_size(variable->type);
    for (int d = 1; d < variable->dimensions; d++) {
        const nn_cdf_dimension *dimension = &file->dimensions[variable->places[d]];
        if (dimension->record || dimension->length == 0 || variable->row > INT64_MAX / 16 / dimension->length)
            return cdf_fail(file, "a variable in its header has extents that cannot be");
        variable->row *= dimension->length;
    }
    return NN_OK;
}

static nn_status cdf_get_variable(cdf_header *header, nn_cdf_variable *variable)
{
    nn_cdf *file = header->file;
    int64_t count = 0, place = 0, size = 0;
    NN_TRY(cdf_get_name(header, &variable->name));
    NN_TRY(cdf_get_count(header, &count));
    if (count > NN_CDF_DIMENSIONS)
        NN_FAIL(NN_ERROR_DATA, "'%s': variable \"%s\" has %" PRId64 " dimensions, but at most %d are read",
                file->path, variable->name, count, NN_CDF_DIMENSIONS);
    variable->dimensions = (int)count;
    for (int d = 0; d < variable->dimensions; d++) {
        NN_TRY(cdf_get_count(header, &place));
        if (place >= (int64_t)file->dimension_count)
            return cdf_fail(file, "a variable in its header has a dimension that it lacks");
        variable->places[d] = (int)place;
    }
    NN_TRY(cdf_get_attributes(header, &variable->attributes));
    NN_TRY(cdf_get_type(header, &variable->type, &variable->characters));
    NN_TRY(cdf_get_count(header, &size)); /* follows from the extents, and is wrong for large variables */
    NN_TRY(cdf_get_number(header, file->version == 1 ? 4 : 8, &variable->begin));
    return cdf_measure(file, variable);
}

static nn_status cdf_get_variables(cdf_header *header)
{
    nn_cdf *file = header->file;
    size_t count = 0;
    NN_TRY(cdf_get_list(header, CDF_TAG_VARIABLE, &count));
    NN_TRY(NN_ALLOCATE(&file->variables, count, "variables"));
    for (size_t i = 0; i < count; i++) {
        file->variable_count = i + 1;
        NN_TRY(cdf_get_variable(header, &file->variables[i]));
    }
    return NN_OK;
}

/* Records are padded to 4 bytes per variable, unless there is only one variable in them. */
static nn_status cdf_measure_record(nn_cdf *file)
{
    int64_t padded = 0, single = 0;
    int count = 0;
    for (size_t i = 0; i < file->variable_count; i++) {
        if (!file->variables[i].record) continue;
        single = file->variables[i].row;
        if (padded > INT64_MAX / 2 - single) return cdf_fail(file, "its records are too long");
        padded += (single + 3) / 4 * 4;
        count++;
    }
    file->record_bytes = count == 1 ? single : padded;
    return NN_OK;
}

/* ---- the whole file ---- */

/* Where the value after a variable's last would be, -1 if that is not a position. */
static int64_t cdf_end(const nn_cdf *file, const nn_cdf_variable *variable, int64_t rows)
{
    int64_t step = variable->record ? file->record_bytes : variable->row;
    if (rows == 0) return variable->begin;
    if (rows - 1 > (INT64_MAX - variable->row - variable->begin) / (step > 0 ? step : 1)) return -1;
    return variable->begin + (rows - 1) * step + variable->row;
}

static nn_status cdf_check_size(const nn_cdf *file)
{
    for (size_t i = 0; i < file->variable_count; i++) {
        const nn_cdf_variable *variable = &file->variables[i];
        int64_t end = cdf_end(file, variable, variable->rows);
        if (end >= 0 && end <= file->size) continue;
        NN_FAIL(NN_ERROR_DATA,
                "'%s' is cut short: it has %" PRId64 " bytes, but the %" PRId64
                " rows of variable \"%s\" end at "
                "byte %" PRId64 ": copy or download it again",
                file->path, file->size, variable->rows, variable->name, end);
    }
    return NN_OK;
}

/* A file that was being written says no number of records: as many as are complete. */
static void cdf_count_records(nn_cdf *file)
{
    int64_t begin = INT64_MAX;
    for (size_t i = 0; i < file->variable_count; i++)
        if (file->variables[i].record && file->variables[i].begin < begin) begin = file->variables[i].begin;
    bool some = file->record_bytes > 0 && begin < file->size;
    int64_t records = some ? (file->size - begin) / file->record_bytes : 0;
    for (size_t d = 0; d < file->dimension_count; d++)
        if (file->dimensions[d].record) file->dimensions[d].length = records;
    for (size_t i = 0; i < file->variable_count; i++)
        if (file->variables[i].record) file->variables[i].rows = records;
}

static nn_status cdf_get_header(cdf_header *header)
{
    nn_cdf *file = header->file;
    unsigned char magic[4] = {0};
    int64_t records = 0;
    NN_TRY(cdf_get(header, magic, 4));
    file->version = magic[3];
    NN_TRY(cdf_get_number(header, 4, &records));
    bool streaming = records == UINT32_MAX;
    if (file->version == 5) {
        int64_t low = 0;
        NN_TRY(cdf_get_number(header, 4, &low));
        streaming = streaming && low == UINT32_MAX;
        if (!streaming && records > INT32_MAX)
            return cdf_fail(file, "its header has a number that is too large");
        records = streaming ? 0 : records << 32 | low;
    }
    NN_TRY(cdf_get_dimensions(header, streaming ? 0 : records));
    NN_TRY(cdf_get_attributes(header, &file->attributes));
    NN_TRY(cdf_get_variables(header));
    NN_TRY(cdf_measure_record(file));
    if (streaming) cdf_count_records(file);
    return cdf_check_size(file);
}

static nn_status cdf_check_format(const nn_cdf *file)
{
    char magic[8] = "";
    ssize_t got = pread(file->descriptor, magic, sizeof magic, 0);
    if (got < 0) return nn_system_fail(NN_ERROR_IO, errno, "'%s' cannot be read", file->path);
    if (got >= 4 && memcmp(magic, "CDF", 3) == 0 && (magic[3] == 1 || magic[3] == 2 || magic[3] == 5))
        return NN_OK;
    if (got == sizeof magic && memcmp(magic, "\x89HDF\r\n\x1a\n", sizeof magic) == 0)
        NN_FAIL(NN_ERROR_DATA,
                "'%s' is a NetCDF-4 file, which is HDF5 and needs no import: name it as data.file, and see "
                "`nntrain info '%s'`",
                file->path, file->path);
    NN_FAIL(NN_ERROR_DATA, "'%s' is not a NetCDF file: it does not begin with CDF and a version", file->path);
}

nn_status nn_cdf_open(const char *path, nn_cdf *file)
{
    struct stat found;
    cdf_header *header;
    *file = (nn_cdf){.path = path, .descriptor = -1};
    NN_TRY(nn_import_source_open(path, &file->descriptor));
    if (fstat(file->descriptor, &found) != 0)
        return nn_system_fail(NN_ERROR_IO, errno, "'%s' cannot be inspected", path);
    file->size = found.st_size;
    NN_TRY(cdf_check_format(file));
    NN_TRY(NN_ALLOCATE(&header, 1, "the header of a NetCDF file"));
    header->file = file;
    nn_status status = cdf_get_header(header);
    nn_free(header);
    return status;
}

void nn_cdf_close(nn_cdf *file)
{
    for (size_t i = 0; i < file->dimension_count; i++) nn_free(file->dimensions[i].name);
    for (size_t i = 0; i < file->variable_count; i++) {
        nn_free(file->variables[i].name);
        nn_import_release_attributes(&file->variables[i].attributes);
    }
    nn_free(file->dimensions);
    nn_free(file->variables);
    nn_import_release_attributes(&file->attributes);
    if (file->descriptor >= 0) close(file->descriptor);
    *file = (nn_cdf){.descriptor = -1};
}

/* ---- values ---- */

static nn_status cdf_read_bytes(const nn_cdf *file, int64_t begin, int64_t count, unsigned char *to)
{
    while (count > 0) {
        ssize_t got = pread(file->descriptor, to, (size_t)count, (off_t)begin);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return nn_system_fail(NN_ERROR_IO, errno, "'%s' cannot be read", file->path);
        if (got == 0) NN_FAIL(NN_ERROR_IO, "'%s' has become shorter while it was read", file->path);
        to += got;
        begin += got;
        count -= got;
    }
    return NN_OK;
}

nn_status nn_cdf_read(const nn_cdf *file, const nn_cdf_variable *variable, int64_t first, int64_t rows,
                      void *values)
{
    bool packed = !variable->record || file->record_bytes == variable->row;
    int64_t step = packed ? variable->row : file->record_bytes;
    unsigned char *to = values;
    if (packed) NN_TRY(cdf_read_bytes(file, variable->begin + first * step, rows * step, to));
    for (int64_t i = 0; !packed && i < rows; i++)
        NN_TRY(cdf_read_bytes(file, variable->begin + (first + i) * step, variable->row,
                              to + i * variable->row));
    cdf_to_native(variable->type, rows * variable->row / (int64_t)nn_store_type_size(variable->type), values);
    return NN_OK;
}
