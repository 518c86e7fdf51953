/*
 * A sparse matrix, as a group with `data`, `indices` and `indptr`: CSR and CSC, as AnnData (scanpy), h5sparse
 * and 10x write them; or `data`, `ir` and `jc`, as MATLAB does. The shape is in an attribute or a dataset; so
 * is the format, unless the number of pointers decides it. Rows of CSR are made dense as they are read,
 * columns of CSC too; rows of CSC are turned around in memory first, once while the array is open.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/least.h"
#include "base/memory.h"
#include "store/layout.h"

/* Stored values read at a time, and how many bytes of a matrix may be turned around if nothing is asked. */
#define SPARSE_VALUES ((int64_t)1 << 17)
#define SPARSE_MEMORY ((int64_t)256 << 20)

typedef struct sparse {
    bool columns; /* CSC: pointers belong to columns */
    bool matlab;  /* members have MATLAB's names */
    nn_store_array *data, *indices, *pointers;
    int64_t stored; /* values */
    /* CSC turned around, by row; NULL: not yet needed. Owned. */
    int64_t *begins;
    int32_t *places;
    char *values; /* of the type of `data` */
} sparse;

/* ---- recognising ---- */

static bool sparse_has(nn_store_file *file, const char *group, const char *member)
{
    nn_text path = {0};
    nn_text_append(&path, "%s/%s", nn_store_bare_name(group), member);
    bool has = !path.failed && nn_store_has_dataset(file, path.bytes);
    nn_text_free(&path);
    return has;
}

/* MATLAB's names for the same, by columns; an attribute has the number of rows. */
static bool sparse_is_matlab(nn_store_file *file, const char *name)
{
    return *name && nn_store_has_group(file, name) && sparse_has(file, name, "jc") &&
           sparse_has(file, name, "ir") && sparse_has(file, name, "data") &&
           H5Aexists_by_name(file->id, name, "MATLAB_sparse", H5P_DEFAULT) > 0;
}

static bool sparse_recognise(nn_store_file *file, const nn_store_spec *spec)
{
    const char *name = nn_store_bare_name(spec->dataset);
    if (sparse_is_matlab(file, name)) return true;
    return *name && nn_store_has_group(file, name) && sparse_has(file, name, "indptr") &&
           sparse_has(file, name, "indices") && sparse_has(file, name, "data");
}

/* ---- opening ---- */

static nn_status sparse_open_member(nn_store_array *array, nn_store_file *file, const char *member,
                                    nn_store_array **opened)
{
    nn_text path = {0};
    nn_text_append(&path, "%s/%s", array->name, member);
    nn_status status = path.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a name")
                                   : nn_store_array_open(file, path.bytes, opened);
    if (status == NN_OK &&
        ((*opened)->info.dimensions != 1 || !nn_store_type_is_numeric((*opened)->info.type) ||
         (opened != &((sparse *)array->state)->data && !nn_store_type_is_integer((*opened)->info.type))))
        status =
            nn_fail(NN_ERROR_DATA,
                    "\"%s\" of %s is not part of a sparse matrix: it is %s of %d dimensions, but must be "
                    "one-dimensional, and pointers and indices integers",
                    path.bytes, file->path, (*opened)->info.type_name, (*opened)->info.dimensions);
    nn_text_free(&path);
    return status == NN_OK ? nn_layout_check_part(*opened) : status;
}

/* Integers from an attribute of the group; false if there are none, or another number of them. */
static bool sparse_read_attribute(hid_t group, const char *name, int count, int64_t *values)
{
    bool read = false;
    if (H5Aexists(group, name) <= 0) return false;
    hid_t attribute = H5Aopen(group, name, H5P_DEFAULT);
    hid_t space = attribute >= 0 ? H5Aget_space(attribute) : H5I_INVALID_HID;
    if (space >= 0 && H5Sget_simple_extent_npoints(space) == count)
        read = H5Aread(attribute, H5T_NATIVE_INT64, values) >= 0;
    if (space >= 0) H5Sclose(space);
    if (attribute >= 0) nn_store_note_close(H5Aclose(attribute));
    return read;
}

static nn_status sparse_read_shape(nn_store_array *array, nn_store_file *file, int64_t *shape)
{
    nn_text path = {0};
    hid_t group = H5Gopen2(file->id, array->name, H5P_DEFAULT);
    bool known = group >= 0 && (sparse_read_attribute(group, "shape", 2, shape) ||
                                sparse_read_attribute(group, "h5sparse_shape", 2, shape));
    const sparse *self = array->state;
    if (group >= 0 && self->matlab) {
        known = sparse_read_attribute(group, "MATLAB_sparse", 1, shape);
        shape[1] = self->pointers->info.extents[0] - 1;
    }
    if (group >= 0) nn_store_note_close(H5Gclose(group));
    nn_status status = NN_OK;
    if (!known && sparse_has(file, array->name, "shape")) {
        nn_text_append(&path, "%s/shape", array->name);
        status = path.failed ? NN_ERROR_MEMORY : nn_store_read(file, path.bytes, NN_STORE_I64, 2, shape);
        nn_text_free(&path);
        known = status == NN_OK;
    }
    NN_TRY(status);
    if (!known)
        NN_FAIL(NN_ERROR_DATA,
                "the sparse matrix \"%s\" of %s has no shape: write it, in Python with h5py: "
                "f['%s'].attrs['shape'] = [ROWS, COLUMNS]",
                array->name, file->path, array->name);
    if (shape[0] > 0 && shape[1] > 0 && shape[1] <= INT32_MAX && shape[0] <= INT32_MAX) return NN_OK;
    NN_FAIL(NN_ERROR_DATA, "the sparse matrix \"%s\" of %s has the impossible shape %" PRId64 " x %" PRId64,
            array->name, file->path, shape[0], shape[1]);
}

/* 'r': CSR, 'c': CSC, 0: the file does not say. */
static nn_status sparse_read_format(nn_store_array *array, nn_store_file *file, char *format)
{
    static const char *const names[] = {"encoding-type", "h5sparse_format", "format"};
    *format = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names && *format == 0; i++) {
        char *text = NULL;
        NN_TRY(nn_store_read_text_of(file, array->name, names[i], &text));
        if (text && strncmp(text, "csr", 3) == 0) *format = 'r';
        if (text && strncmp(text, "csc", 3) == 0) *format = 'c';
        nn_free(text);
    }
    return NN_OK;
}

static nn_status sparse_find_format(nn_store_array *array, nn_store_file *file, const int64_t *shape)
{
    sparse *self = array->state;
    int64_t pointers = self->pointers->info.extents[0];
    char format;
    NN_TRY(sparse_read_format(array, file, &format));
    if (self->matlab) format = 'c';
    if (format == 0 && shape[0] == shape[1])
        NN_FAIL(NN_ERROR_DATA,
                "the sparse matrix \"%s\" of %s is square, and does not say whether it is stored by rows or "
                "columns: write it, in Python with h5py: f['%s'].attrs['encoding-type'] = 'csr_matrix' (or "
                "csc_matrix)",
                array->name, file->path, array->name);
    self->columns = format ? format == 'c' : pointers == shape[1] + 1;
    if (pointers == shape[self->columns] + 1) return NN_OK;
    NN_FAIL(NN_ERROR_DATA,
            "the sparse matrix \"%s\" of %s, %" PRId64 " x %" PRId64 ", has %" PRId64
            " pointers in \"indptr\", but needs %" PRId64 ": it is damaged; write it again",
            array->name, file->path, shape[0], shape[1], pointers, shape[self->columns] + 1);
}

static nn_status sparse_check_ends(const nn_store_array *array)
{
    sparse *self = array->state;
    int64_t first, last, count = self->indices->info.extents[0];
    self->stored = self->data->info.extents[0];
    NN_TRY(nn_store_read_rows(self->pointers, 0, 1, NN_STORE_I64, &first));
    NN_TRY(nn_store_read_rows(self->pointers, self->pointers->info.extents[0] - 1, 1, NN_STORE_I64, &last));
    if (first == 0 && last == self->stored && count == self->stored) return NN_OK;
    NN_FAIL(NN_ERROR_DATA,
            "the sparse matrix \"%s\" of %s has %" PRId64 " values and %" PRId64
            " indices, but its pointers lead from %" PRId64 " to %" PRId64
            ": it is damaged or cut short; write it again",
            array->name, array->file->path, self->stored, count, first, last);
}

/* Whole rows, or columns, of about as many values as are read at a time. */
static void sparse_set_chunk(nn_store_array *array)
{
    const sparse *self = array->state;
    nn_store_info *info = &array->info;
    int64_t lines = info->extents[self->columns], each = nn_larger(self->stored / lines, 1);
    int64_t together = self->data->info.chunked ? self->data->info.chunk[0] : 1;
    info->chunked = true;
    info->chunk[0] = info->extents[0];
    info->chunk[1] = info->extents[1];
    info->chunk[self->columns] = nn_smaller(nn_larger(together / each, 1), lines);
}

static nn_status sparse_check_memory(const nn_store_array *array, const nn_store_spec *spec)
{
    const sparse *self = array->state;
    int64_t most = spec->memory > 0 ? spec->memory : SPARSE_MEMORY;
    int64_t each = (int64_t)(sizeof(int32_t) + nn_store_type_size(array->info.type));
    if (!self->columns || spec->axis == 1 || self->stored <= most / each) return NN_OK;
    NN_FAIL(NN_ERROR_DATA,
            "the sparse matrix \"%s\" of %s is stored by columns (CSC): to read rows, its %" PRId64
            " values would have to be turned around in memory, %" PRId64
            " MiB, more than data.memory: store it by rows, in Python with anndata: a = "
            "anndata.read_h5ad(FILE); a.X = a.X.tocsr(); a.write_h5ad(NEW_FILE), or set data.memory",
            array->name, array->file->path, self->stored, self->stored * each / (1 << 20) + 1);
}

static nn_status sparse_open(nn_store_array *array, nn_store_file *file, const nn_store_spec *spec)
{
    sparse *self;
    int64_t shape[2];
    NN_TRY(NN_ALLOCATE(&self, 1, "a sparse matrix"));
    array->state = self;
    NN_TRY(sparse_open_member(array, file, "data", &self->data));
    self->matlab = sparse_is_matlab(file, array->name);
    NN_TRY(sparse_open_member(array, file, self->matlab ? "ir" : "indices", &self->indices));
    NN_TRY(sparse_open_member(array, file, self->matlab ? "jc" : "indptr", &self->pointers));
    NN_TRY(sparse_read_shape(array, file, shape));
    NN_TRY(sparse_find_format(array, file, shape));
    NN_TRY(sparse_check_ends(array));
    array->info = (nn_store_info){.type = self->data->info.type, .dimensions = 2, .written = true};
    array->info.extents[0] = shape[0];
    array->info.extents[1] = shape[1];
    array->info.storage_bytes = self->data->info.storage_bytes + self->indices->info.storage_bytes +
                                self->pointers->info.storage_bytes;
    snprintf(array->info.type_name, sizeof array->info.type_name, "sparse %.40s", self->data->info.type_name);
    sparse_set_chunk(array);
    return sparse_check_memory(array, spec);
}

static void sparse_close(nn_store_array *array)
{
    sparse *self = array->state;
    if (!self) return;
    nn_store_array_close(self->data);
    nn_store_array_close(self->indices);
    nn_store_array_close(self->pointers);
    nn_free(self->begins);
    nn_free(self->places);
    nn_free(self->values);
    nn_free(self);
}

/* ---- reading ---- */

static bool sparse_read_some(nn_store_array *member, int64_t first, int64_t count, nn_store_type type,
                             void *to, char *reason)
{
    return count == 0 || nn_store_read_block(member, &first, &count, type, to, reason);
}

/* The stored values of some lines (rows of CSR, columns of CSC), as many as fit. */
typedef struct sparse_lines {
    int64_t first, count;
    int64_t *pointers; /* count + 1 */
    int32_t *indices;
    char *values;
} sparse_lines;

static void sparse_release(sparse_lines *lines)
{
    nn_free(lines->pointers);
    nn_free(lines->indices);
    nn_free(lines->values);
    *lines = (sparse_lines){0};
}

/* Indices within a line may be in any order, but each must be there once. `marks` has a number for each
 * index, different from all lines before the first call. */
static bool sparse_check(const nn_store_array *array, const sparse_lines *lines, int64_t *marks, char *reason)
{
    const sparse *self = array->state;
    const char *line = self->columns ? "column" : "row", *index = self->columns ? "row" : "column";
    int64_t most = array->info.extents[!self->columns], base = lines->pointers[0];
    for (int64_t l = 0; l < lines->count; l++)
        for (int64_t i = lines->pointers[l] - base; i < lines->pointers[l + 1] - base; i++) {
            int32_t at = lines->indices[i];
            bool inside = at >= 0 && at < most;
            if (inside && marks[at] != lines->first + l + 1) {
                marks[at] = lines->first + l + 1;
                continue;
            }
            if (inside)
                snprintf(reason, NN_STORE_REASON,
                         "%s %" PRId32 " occurs twice in %s %" PRId64
                         ": add up the values, in Python with scipy: X.sum_duplicates()",
                         index, at, line, lines->first + l);
            else
                snprintf(reason, NN_STORE_REASON,
                         "index %" PRId64 " of \"indices\", in %s %" PRId64 ", is %" PRId32
                         ", but there are %" PRId64 " %ss",
                         base + i, line, lines->first + l, at, most, index);
            return false;
        }
    return true;
}

static bool sparse_load_pointers(const nn_store_array *array, int64_t most, sparse_lines *lines, char *reason)
{
    const sparse *self = array->state;
    const char *line = self->columns ? "column" : "row";
    if (NN_ALLOCATE(&lines->pointers, most + 1, "a sparse matrix") != NN_OK) {
        snprintf(reason, NN_STORE_REASON, "out of memory");
        return false;
    }
    if (!sparse_read_some(self->pointers, lines->first, most + 1, NN_STORE_I64, lines->pointers, reason))
        return false;
    for (int64_t l = 0; l < most; l++) {
        int64_t from = lines->pointers[l], to = lines->pointers[l + 1];
        if (from >= 0 && to >= from && to <= self->stored) continue;
        snprintf(reason, NN_STORE_REASON,
                 "the pointers of %s %" PRId64 " in \"indptr\" are %" PRId64 " and %" PRId64
                 ", but must not decrease, nor exceed the %" PRId64 " values",
                 line, lines->first + l, from, to, self->stored);
        return false;
    }
    while (lines->count < most &&
           (lines->count == 0 || lines->pointers[lines->count + 1] - lines->pointers[0] <= SPARSE_VALUES))
        lines->count++;
    return true;
}

/* Loads lines from `first` on, up to `most` of them. sparse_release in any case. */
static bool sparse_load(const nn_store_array *array, int64_t first, int64_t most, nn_store_type type,
                        sparse_lines *lines, char *reason)
{
    const sparse *self = array->state;
    *lines = (sparse_lines){.first = first};
    if (!sparse_load_pointers(array, most, lines, reason)) return false;
    int64_t from = lines->pointers[0], count = lines->pointers[lines->count] - from;
    if (NN_ALLOCATE(&lines->indices, nn_larger(count, 1), "a sparse matrix") != NN_OK ||
        nn_allocate((void **)&lines->values, (size_t)nn_larger(count, 1), nn_store_type_size(type),
                    "a sparse matrix") != NN_OK) {
        snprintf(reason, NN_STORE_REASON, "out of memory");
        return false;
    }
    return sparse_read_some(self->indices, from, count, NN_STORE_I32, lines->indices, reason) &&
           sparse_read_some(self->data, from, count, type, lines->values, reason);
}

/* A block of lines: each value goes to its place in the dense block. */
static bool sparse_read_lines(nn_store_array *array, const int64_t *start, const int64_t *count,
                              nn_store_type type, char *to, int64_t *marks, char *reason)
{
    const sparse *self = array->state;
    int along = self->columns, across = !self->columns;
    size_t size = nn_store_type_size(type);
    int64_t end = start[along] + count[along];
    bool read = true;
    for (int64_t first = start[along]; first < end && read;) {
        sparse_lines lines;
        read = sparse_load(array, first, nn_smaller(end - first, SPARSE_VALUES), type, &lines, reason) &&
               sparse_check(array, &lines, marks, reason);
        for (int64_t l = 0; l < lines.count && read; l++)
            for (int64_t i = lines.pointers[l]; i < lines.pointers[l + 1]; i++) {
                int64_t at[2], from = i - lines.pointers[0];
                at[along] = first + l - start[along];
                at[across] = lines.indices[from] - start[across];
                if (at[across] < 0 || at[across] >= count[across]) continue;
                memcpy(to + (size_t)(at[0] * count[1] + at[1]) * size, lines.values + (size_t)from * size,
                       size);
            }
        first += lines.count;
        sparse_release(&lines);
    }
    return read;
}

/* ---- CSC by rows ---- */

/* Where each row begins, from how many values it has. */
static bool sparse_count_rows(nn_store_array *array, int64_t *marks, char *reason)
{
    sparse *self = array->state;
    int64_t columns = array->info.extents[1], rows = array->info.extents[0];
    bool read = true;
    for (int64_t first = 0; first < columns && read;) {
        sparse_lines lines;
        read = sparse_load(array, first, nn_smaller(columns - first, SPARSE_VALUES), array->info.type, &lines,
                           reason) &&
               sparse_check(array, &lines, marks, reason);
        for (int64_t i = 0; read && i < lines.pointers[lines.count] - lines.pointers[0]; i++)
            self->begins[lines.indices[i] + 1]++;
        first += lines.count;
        sparse_release(&lines);
    }
    for (int64_t r = 0; r < rows; r++) self->begins[r + 1] += self->begins[r];
    return read;
}

static bool sparse_place_values(nn_store_array *array, int64_t *next, char *reason)
{
    sparse *self = array->state;
    size_t size = nn_store_type_size(array->info.type);
    int64_t columns = array->info.extents[1];
    bool read = true;
    memcpy(next, self->begins, (size_t)array->info.extents[0] * sizeof *next);
    for (int64_t first = 0; first < columns && read;) {
        sparse_lines lines;
        read = sparse_load(array, first, nn_smaller(columns - first, SPARSE_VALUES), array->info.type, &lines,
                           reason);
        for (int64_t l = 0; read && l < lines.count; l++)
            for (int64_t i = lines.pointers[l]; i < lines.pointers[l + 1]; i++) {
                int64_t from = i - lines.pointers[0], at = next[lines.indices[from]]++;
                self->places[at] = (int32_t)(first + l);
                memcpy(self->values + (size_t)at * size, lines.values + (size_t)from * size, size);
            }
        first += lines.count;
        sparse_release(&lines);
    }
    return read;
}

static void sparse_forget_rows(sparse *self)
{
    nn_free(self->begins);
    nn_free(self->places);
    nn_free(self->values);
    self->begins = NULL;
    self->places = NULL;
    self->values = NULL;
}

static bool sparse_turn(nn_store_array *array, int64_t *marks, char *reason)
{
    sparse *self = array->state;
    int64_t rows = array->info.extents[0], *next = NULL, stored = nn_larger(self->stored, 1);
    snprintf(reason, NN_STORE_REASON, "out of memory");
    bool done = NN_ALLOCATE(&self->begins, rows + 1, "a sparse matrix") == NN_OK &&
                NN_ALLOCATE(&next, rows, "a sparse matrix") == NN_OK &&
                NN_ALLOCATE(&self->places, stored, "a sparse matrix") == NN_OK &&
                nn_allocate((void **)&self->values, (size_t)stored, nn_store_type_size(array->info.type),
                            "a sparse matrix") == NN_OK &&
                sparse_count_rows(array, marks, reason) && sparse_place_values(array, next, reason);
    nn_free(next);
    if (!done) sparse_forget_rows(self);
    return done;
}

static bool sparse_read_turned(nn_store_array *array, const int64_t *start, const int64_t *count,
                               nn_store_type type, char *to, char *reason)
{
    const sparse *self = array->state;
    size_t size = nn_store_type_size(type), stored = nn_store_type_size(array->info.type);
    for (int64_t r = 0; r < count[0]; r++)
        for (int64_t i = self->begins[start[0] + r]; i < self->begins[start[0] + r + 1]; i++) {
            int64_t at = self->places[i] - start[1];
            double value; /* room for a value of any type, converted in place */
            if (at < 0 || at >= count[1]) continue;
            memcpy(&value, self->values + (size_t)i * stored, stored);
            if (type != array->info.type &&
                H5Tconvert(nn_store_memory_type(array->info.type), nn_store_memory_type(type), 1, &value,
                           NULL, H5P_DEFAULT) < 0) {
                nn_store_hdf5_reason(reason);
                return false;
            }
            memcpy(to + (size_t)(r * count[1] + at) * size, &value, size);
        }
    return true;
}

static bool sparse_read(nn_store_array *array, const int64_t *start, const int64_t *count, nn_store_type type,
                        void *values, char *reason)
{
    sparse *self = array->state;
    int64_t *marks = NULL;
    memset(values, 0, (size_t)(count[0] * count[1]) * nn_store_type_size(type));
    bool by_rows = self->columns && count[1] == array->info.extents[1] && count[0] < array->info.extents[0];
    if (by_rows && self->begins) return sparse_read_turned(array, start, count, type, values, reason);
    if (NN_ALLOCATE(&marks, array->info.extents[!self->columns], "a sparse matrix") != NN_OK) {
        snprintf(reason, NN_STORE_REASON, "out of memory");
        return false;
    }
    bool read = by_rows ? sparse_turn(array, marks, reason) &&
                              sparse_read_turned(array, start, count, type, values, reason)
                        : sparse_read_lines(array, start, count, type, values, marks, reason);
    nn_free(marks);
    return read;
}

static void sparse_describe(const nn_store_array *array, nn_text *text)
{
    const sparse *self = array->state;
    double all = (double)array->info.extents[0] * (double)array->info.extents[1];
    nn_text_append(text, "sparse, stored by %s: %" PRId64 " of %.0f values (%.3g %%)",
                   self->columns ? "columns (CSC)" : "rows (CSR)", self->stored, all,
                   100 * (double)self->stored / all);
    if (self->columns)
        nn_text_append(
            text,
            "; to read rows, each process turns it around in memory, %" PRId64
            " MiB: store it by rows (tocsr)",
            self->stored * (int64_t)(sizeof(int32_t) + nn_store_type_size(array->info.type)) / (1 << 20) + 1);
}

const nn_store_layout nn_layout_sparse = {
    .name = "sparse",
    .recognise = sparse_recognise,
    .open = sparse_open,
    .close = sparse_close,
    .read = sparse_read,
    .describe = sparse_describe,
};
