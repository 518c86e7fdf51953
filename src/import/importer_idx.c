/* IDX, the format of the MNIST family: two zero bytes, type, number of dimensions, extents, values; all
 * big-endian. Often compressed with gzip; zlib's gzFile reads both forms. */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "base/list.h"
#include "base/memory.h"
#include "import/sources.h"

enum { IDX_DIMENSIONS = NN_MAX_DIMENSIONS + 1, IDX_READ = 1 << 30 };

typedef struct idx_options {
    nn_text_list classes;
} idx_options;

static const nn_option idx_table[] = {{"classes", NN_OPTION_TEXT_LIST, offsetof(idx_options, classes), "", 0,
                                       0, NULL, NN_EFFECT_OUTPUT,
                                       "names of the classes, in order of their numbers from 0"},
                                      {.name = NULL}};

typedef struct idx_file {
    const char *path; /* borrowed from the list of paths */
    gzFile stream;
    nn_store_type type;
    size_t element; /* bytes of a value */
    nn_shape shape; /* of one row */
    int64_t rows, row_bytes;
    int table, field; /* destination of its values */
} idx_file;

typedef struct idx_state {
    nn_text_list paths;
    idx_file *files; /* as many as paths */
} idx_state;

static bool idx_takes(const char *folder, const char *name)
{
    (void)folder;
    return name[0] != '.' && (strstr(name, "-idx") || strstr(name, ".idx"));
}

static nn_status idx_damaged(const idx_file *file)
{
    int code;
    const char *text = gzerror(file->stream, &code);
    if (code == Z_ERRNO) NN_FAIL(NN_ERROR_IO, "'%s' cannot be read: %s", file->path, strerror(errno));
    if (code == Z_BUF_ERROR) NN_FAIL(NN_ERROR_DATA, "'%s' is cut short: download it again", file->path);
    NN_FAIL(NN_ERROR_DATA, "'%s' is damaged: download it again (gzip: %s)", file->path, text);
}

/* Reads `size` bytes; *got is smaller at the end of the file. */
static nn_status idx_read_bytes(idx_file *file, void *bytes, int64_t size, int64_t *got)
{
    *got = 0;
    while (*got < size) {
        unsigned wanted = (unsigned)(size - *got < IDX_READ ? size - *got : IDX_READ);
        int count = gzread(file->stream, (char *)bytes + *got, wanted);
        if (count < 0) return idx_damaged(file);
        *got += count;
        if ((unsigned)count < wanted) break;
    }
    int code;
    gzerror(file->stream, &code);
    return code == Z_OK || code == Z_STREAM_END ? NN_OK : idx_damaged(file);
}

static nn_status idx_type(idx_file *file, unsigned char code)
{
    static const struct {
        unsigned char code;
        nn_store_type type;
    } types[] = {{0x08, NN_STORE_U8},  {0x09, NN_STORE_I8},  {0x0B, NN_STORE_I16},
                 {0x0C, NN_STORE_I32}, {0x0D, NN_STORE_F32}, {0x0E, NN_STORE_F64}};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (types[i].code == code) {
            file->type = types[i].type;
            file->element = nn_store_type_size(file->type);
            return NN_OK;
        }
    NN_FAIL(NN_ERROR_DATA, "'%s' is not an IDX file: unknown element type 0x%02x", file->path, code);
}

static nn_status idx_extents(idx_file *file, const unsigned char *bytes, int dimensions)
{
    file->row_bytes = (int64_t)file->element;
    file->shape.dimensions = dimensions - 1;
    for (int d = 0; d < dimensions; d++, bytes += 4) {
        int64_t extent =
            (int64_t)bytes[0] << 24 | (int64_t)bytes[1] << 16 | (int64_t)bytes[2] << 8 | (int64_t)bytes[3];
        if (extent == 0) NN_FAIL(NN_ERROR_DATA, "'%s' is empty: dimension %d is 0", file->path, d);
        if (d == 0) {
            file->rows = extent;
            continue;
        }
        if (file->row_bytes > INT64_MAX / extent)
            NN_FAIL(NN_ERROR_DATA, "'%s' is not an IDX file: its extents are too large", file->path);
        file->shape.extents[d - 1] = extent;
        file->row_bytes *= extent;
    }
    if (file->row_bytes > (INT64_MAX - 64) / file->rows)
        NN_FAIL(NN_ERROR_DATA, "'%s' is not an IDX file: its extents are too large", file->path);
    return NN_OK;
}

/* The length of a plain file is known at once; that of a compressed file, only at its end. */
static nn_status idx_check_length(const idx_file *file, int64_t header)
{
    struct stat status;
    if (!gzdirect(file->stream) || stat(file->path, &status) != 0 || !S_ISREG(status.st_mode)) return NN_OK;
    int64_t expected = header + file->rows * file->row_bytes;
    if ((int64_t)status.st_size == expected) return NN_OK;
    NN_FAIL(NN_ERROR_DATA,
            "'%s' has %" PRId64 " bytes, but %" PRId64 " according to its header (%" PRId64
            " rows of %" PRId64 "): it is %s: download it again",
            file->path, (int64_t)status.st_size, expected, file->rows, file->row_bytes,
            (int64_t)status.st_size < expected ? "cut short" : "too long");
}

static nn_status idx_read_header(idx_file *file)
{
    unsigned char bytes[4 * IDX_DIMENSIONS];
    int64_t got;
    NN_TRY(idx_read_bytes(file, bytes, 4, &got));
    if (nn_import_source_ends(file->path, ".gz") && gzdirect(file->stream))
        NN_FAIL(NN_ERROR_DATA, "'%s' is not a gzip file, despite its name: download it again", file->path);
    int dimensions = bytes[3];
    if (got < 4 || bytes[0] != 0 || bytes[1] != 0 || dimensions == 0)
        NN_FAIL(NN_ERROR_DATA, "'%s' is not an IDX file: it does not begin with 00 00 TYPE DIMENSIONS",
                file->path);
    NN_TRY(idx_type(file, bytes[2]));
    if (dimensions > IDX_DIMENSIONS)
        NN_FAIL(NN_ERROR_DATA, "'%s' has %d dimensions; the maximum is %d", file->path, dimensions,
                IDX_DIMENSIONS);
    NN_TRY(idx_read_bytes(file, bytes, 4 * dimensions, &got));
    if (got < 4 * dimensions) NN_FAIL(NN_ERROR_DATA, "'%s' is cut short in its header", file->path);
    NN_TRY(idx_extents(file, bytes, dimensions));
    return idx_check_length(file, 4 + 4 * dimensions);
}

static nn_status idx_open_file(const char *path, idx_file *file)
{
    file->path = path;
    int descriptor;
    NN_TRY(nn_import_source_open(path, &descriptor));
    file->stream = gzdopen(descriptor, "rb");
    if (!file->stream) {
        close(descriptor);
        NN_FAIL(NN_ERROR_MEMORY, "out of memory for opening '%s'", path);
    }
    (void)gzbuffer(file->stream, 1 << 18);
    return idx_read_header(file);
}

/* Files with one dimension are labels. */
static nn_status idx_add(nn_import *import, idx_state *state, size_t index)
{
    const idx_options *options = import->options;
    idx_file *file = &state->files[index];
    const char *name = file->shape.dimensions == 0 ? "y" : "x";
    const char *part = nn_import_source_part(nn_import_source_base(file->path)).part;
    NN_TRY(nn_import_source_table(import, file->path, part, file->rows, &file->table));
    nn_import_table *table = &import->tables[file->table];
    for (size_t i = 0; i < state->paths.count; i++)
        if (&state->files[i] != file && state->files[i].field >= 0 && state->files[i].table == file->table &&
            strcmp(table->fields[state->files[i].field].name, name) == 0)
            NN_FAIL(NN_ERROR_DATA, "'%s' and '%s' are both %s of the same part%s%s: import them one by one",
                    state->files[i].path, file->path, name[0] == 'y' ? "labels" : "samples", part ? " " : "",
                    part ? part : "");
    nn_import_field *field;
    NN_TRY(nn_import_add_field(table, name, file->type, file->shape, &field));
    file->field = table->field_count - 1;
    field->label = name[0] == 'y' && nn_store_type_is_integer(file->type);
    for (size_t i = 0; field->label && i < options->classes.count; i++)
        NN_TRY(nn_list_add(&field->classes, options->classes.items[i]));
    return NN_OK;
}

static nn_status idx_open(nn_import *import)
{
    idx_state *state;
    NN_TRY(NN_ALLOCATE(&state, 1, "the IDX importer"));
    import->state = state;
    NN_TRY(nn_import_source_files(import, idx_takes, "IDX files (*-idx3-ubyte, *.gz)", &state->paths));
    NN_TRY(NN_ALLOCATE(&state->files, state->paths.count, "the list of IDX files"));
    for (size_t i = 0; i < state->paths.count; i++) {
        state->files[i].field = -1;
        NN_TRY(idx_open_file(state->paths.items[i], &state->files[i]));
    }
    for (int labels = 0; labels < 2; labels++) /* samples first */
        for (size_t i = 0; i < state->paths.count; i++)
            if ((state->files[i].shape.dimensions == 0) == labels) NN_TRY(idx_add(import, state, i));
    return NN_OK;
}

static void idx_to_native(const idx_file *file, unsigned char *bytes, int64_t size)
{
    const int one = 1;
    bool little = *(const char *)&one == 1;
    size_t element = file->element;
    for (int64_t at = 0; little && element > 1 && at < size; at += (int64_t)element)
        for (size_t i = 0; i < element / 2; i++) {
            unsigned char byte = bytes[at + (int64_t)i];
            bytes[at + (int64_t)i] = bytes[at + (int64_t)(element - 1 - i)];
            bytes[at + (int64_t)(element - 1 - i)] = byte;
        }
}

static nn_status idx_check_classes(const idx_file *file, const nn_import_field *field, int64_t first,
                                   int64_t rows, const unsigned char *labels)
{
    for (int64_t i = 0; i < rows && file->type == NN_STORE_U8; i++)
        if (labels[i] >= field->classes.count)
            NN_FAIL(NN_ERROR_DATA, "'%s', row %" PRId64 ": class %d has no name: --classes gives %zu",
                    file->path, first + i, labels[i], field->classes.count);
    return NN_OK;
}

static nn_status idx_read_file(idx_file *file, const nn_import_table *table, int64_t first, int64_t rows,
                               void *values)
{
    int64_t size = rows * file->row_bytes, got;
    NN_TRY(idx_read_bytes(file, values, size, &got));
    if (got < size)
        NN_FAIL(NN_ERROR_DATA,
                "'%s' is cut short: it ends in row %" PRId64 " of %" PRId64 ": download it again", file->path,
                first + got / file->row_bytes, file->rows);
    char surplus;
    if (first + rows == file->rows) { /* also makes zlib verify the checksum at the end */
        NN_TRY(idx_read_bytes(file, &surplus, 1, &got));
        if (got > 0)
            NN_FAIL(NN_ERROR_DATA,
                    "'%s' is too long: it continues after its %" PRId64 " rows: download it again",
                    file->path, file->rows);
    }
    idx_to_native(file, values, size);
    const nn_import_field *field = &table->fields[file->field];
    return field->classes.count ? idx_check_classes(file, field, first, rows, values) : NN_OK;
}

static nn_status idx_read(nn_import *import, int table, int64_t first, int64_t rows, void *const *values)
{
    idx_state *state = import->state;
    for (size_t i = 0; i < state->paths.count; i++) {
        idx_file *file = &state->files[i];
        if (file->table == table)
            NN_TRY(idx_read_file(file, &import->tables[table], first, rows, values[file->field]));
    }
    return NN_OK;
}

static void idx_close(nn_import *import)
{
    idx_state *state = import->state;
    if (!state) return;
    for (size_t i = 0; state->files && i < state->paths.count; i++)
        if (state->files[i].stream) gzclose(state->files[i].stream);
    nn_free(state->files);
    nn_list_release(&state->paths);
    nn_free(state);
    import->state = NULL;
}

const nn_importer nn_importer_idx = {
    .name = "idx",
    .summary = "IDX files, as of MNIST, plain or compressed (.gz), or a folder of them",
    .example = "nntrain import idx /usr/share/datasets/fashion-mnist -o fashion.h5",
    .writes =
        "x: samples x the extents in the file; y: class labels, from files with one dimension; types as in "
        "the files. x_train, x_test, ... if the names of the files say train or test (t10k)",
    .options = idx_table,
    .options_size = sizeof(idx_options),
    .open = idx_open,
    .read = idx_read,
    .close = idx_close,
};
