/* LIBSVM and SVMlight files as sparse rows: read once to learn what they hold, and again to write them. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "base/memory.h"
#include "import/csv_names.h"
#include "import/csv_targets.h"
#include "import/libsvm_row.h"
#include "import/like.h"
#include "import/line_reader.h"
#include "import/sources.h"

/* A label with at most this many different integers holds classes. */
#define LIBSVM_CLASSES_AUTO 20
#define LIBSVM_CLASSES_MAX 65536
#define LIBSVM_WHOLE_MAX 1e15

enum { BASE_AUTO, BASE_ZERO, BASE_ONE };
static const char *const libsvm_bases[] = {"auto", "zero", "one", NULL};

typedef struct libsvm_options {
    int base, target;
    int64_t columns;
} libsvm_options;

static const nn_option libsvm_table[] = {
    {"base", NN_OPTION_CHOICE, offsetof(libsvm_options, base), "auto", 0, 0, libsvm_bases, NN_EFFECT_RESULT,
     "the lowest index: zero or one; auto: zero if the index 0 occurs, otherwise one, for all sources "
     "together"},
    {"columns", NN_OPTION_INTEGER, offsetof(libsvm_options, columns), "0", 0, 2147483647, NULL,
     NN_EFFECT_RESULT, "number of columns; 0: up to the largest index"},
    {"target", NN_OPTION_CHOICE, offsetof(libsvm_options, target), "auto", 0, 0, nn_csv_target_choices,
     NN_EFFECT_RESULT,
     "what the labels are; auto: classes if they are at most 20 different integers, otherwise values"},
    {.name = NULL}};

/* Sources of the same part, one after another. */
typedef struct libsvm_part {
    const char *part; /* NULL: all */
    size_t *sources;  /* owned */
    size_t source_count, source;
    int64_t rows;
} libsvm_part;

typedef struct libsvm_state {
    libsvm_part parts[NN_IMPORT_TABLES];
    int part_count;
    nn_libsvm_row row;
    nn_line_reader *lines; /* of the source that is being read, */
    libsvm_part *reading;  /* and its part */
    int64_t line;
    /* After the first pass: */
    int64_t least, most, longest, stored; /* indices; values in a row, and in all */
    int64_t columns, base;
    bool empty; /* no row has a value */
    bool lists, queries, whole, many;
    int64_t labelled, without_label; /* rows with a label; line of the first row without one, 0: none, */
    int64_t without_query;           /* and of the first one without a qid */
    nn_csv_names names;              /* different integers of the labels */
    bool label;
    /* Rows of the last read(): */
    int32_t *indices;
    double *values;
    size_t value_count, capacity;
} libsvm_state;

/* ---- rows of a part ---- */

static const char *libsvm_path(const nn_import *import, const libsvm_part *part)
{
    return import->sources[part->sources[part->source]];
}

/* The next row of the part in state->row; *any: false at its end. */
static nn_status libsvm_next(const nn_import *import, libsvm_part *part, bool *any)
{
    libsvm_state *state = import->state;
    *any = false;
    if (state->reading != part) {
        nn_line_reader_close(state->lines);
        state->lines = NULL;
    }
    state->reading = part;
    while (part->source < part->source_count) {
        char *line;
        const char *path = libsvm_path(import, part);
        if (!state->lines) NN_TRY(nn_line_reader_open(path, &state->lines));
        NN_TRY(nn_line_reader_next(state->lines, &line, &state->line));
        if (!line) {
            nn_line_reader_close(state->lines);
            state->lines = NULL;
            part->source++;
            continue;
        }
        nn_status status = nn_libsvm_row_parse(&state->row, line, any);
        if (status != NN_OK) return nn_fail_context(status, "%s:%lld", path, (long long)state->line);
        if (*any) return NN_OK;
    }
    return NN_OK;
}

/* ---- the first pass ---- */

static nn_status libsvm_meet_labels(const nn_import *import, libsvm_state *state)
{
    const libsvm_options *options = import->options;
    size_t most =
        state->lists || options->target == NN_CSV_TARGET_CLASS ? LIBSVM_CLASSES_MAX : LIBSVM_CLASSES_AUTO;
    for (size_t i = 0; i < state->row.label_count; i++) {
        char text[32];
        double label = state->row.labels[i];
        state->whole &= label == floor(label) && fabs(label) < LIBSVM_WHOLE_MAX;
        if (!state->whole || state->many) continue;
        int length = snprintf(text, sizeof text, "%lld", (long long)label);
        NN_TRY(nn_csv_names_add(&state->names, text, (size_t)length));
        state->many = state->names.count > most;
    }
    return NN_OK;
}

static nn_status libsvm_meet(const nn_import *import, libsvm_state *state)
{
    const nn_libsvm_row *row = &state->row;
    state->lists |= row->comma;
    state->labelled += row->label_count > 0;
    if (row->label_count == 0 && state->without_label == 0) state->without_label = state->line;
    state->queries |= row->has_query;
    if (!row->has_query && state->without_query == 0) state->without_query = state->line;
    NN_TRY(libsvm_meet_labels(import, state));
    state->stored += (int64_t)row->count;
    if ((int64_t)row->count > state->longest) state->longest = (int64_t)row->count;
    if (row->count == 0) return NN_OK;
    if (state->empty || row->indices[0] < state->least) state->least = row->indices[0];
    if (state->empty || row->indices[row->count - 1] > state->most)
        state->most = row->indices[row->count - 1];
    state->empty = false;
    return NN_OK;
}

static nn_status libsvm_scan_part(const nn_import *import, libsvm_state *state, libsvm_part *part)
{
    for (;;) {
        bool any;
        NN_TRY(libsvm_next(import, part, &any));
        if (!any) break;
        nn_status status = libsvm_meet(import, state);
        if (status != NN_OK)
            return nn_fail_context(status, "%s:%lld", libsvm_path(import, part), (long long)state->line);
        part->rows++;
    }
    part->source = 0;
    return NN_OK;
}

/* ---- sources ---- */

/* Names of test files end with .t, as those of LIBSVM's collection do. */
static const char *libsvm_source_part(const char *path)
{
    char name[256];
    snprintf(name, sizeof name, "%s", nn_import_source_base(path));
    size_t length = strlen(name);
    if (nn_import_source_ends(name, ".gz")) name[length -= 3] = '\0';
    if (nn_import_source_ends(name, ".t")) return "test";
    if (nn_import_source_ends(name, ".tr")) return "train";
    return nn_import_source_part(name).part;
}

static nn_status libsvm_add_source(libsvm_state *state, const char *part, size_t source)
{
    int p = 0;
    while (p < state->part_count &&
           !(part ? state->parts[p].part && strcmp(part, state->parts[p].part) == 0 : !state->parts[p].part))
        p++;
    if (p == state->part_count) state->parts[state->part_count++].part = part;
    libsvm_part *to = &state->parts[p];
    NN_TRY(nn_reallocate((void **)&to->sources, to->source_count, to->source_count + 1, sizeof *to->sources,
                         "sources"));
    to->sources[to->source_count++] = source;
    return NN_OK;
}

/* A file for testing next to files without a word are those for training and testing. */
static nn_status libsvm_sort_sources(const nn_import *import, libsvm_state *state)
{
    bool some = false;
    for (size_t i = 0; i < import->source_count; i++)
        some |= import->source_count > 1 && libsvm_source_part(import->sources[i]);
    for (size_t i = 0; i < import->source_count; i++) {
        const char *part = some ? libsvm_source_part(import->sources[i]) : NULL;
        NN_TRY(libsvm_add_source(state, some && !part ? "train" : part, i));
    }
    return NN_OK;
}

/* ---- what the rows hold ---- */

static nn_status libsvm_choose_columns(nn_import *import, libsvm_state *state)
{
    const libsvm_options *options = import->options;
    nn_import_like_field earlier;
    bool like = nn_import_like_find(import->like, "x", &earlier) && earlier.shape.dimensions == 1;
    if (state->empty) NN_FAIL(NN_ERROR_DATA, "%s: no row has a value", import->sources[0]);
    if (like && options->base == BASE_AUTO)
        NN_FAIL(NN_ERROR_USAGE,
                "--like: say whether the indices begin at zero or one: add --base one (or zero), as "
                "they do in the earlier sources");
    state->base = options->base == BASE_AUTO ? state->least > 0 : options->base == BASE_ONE;
    if (state->least < state->base) NN_FAIL(NN_ERROR_DATA, "the index 0 occurs: remove --base one");
    state->columns = like ? earlier.shape.extents[0] : options->columns;
    int64_t needed = state->most - state->base + 1;
    if (state->columns > 0 && needed > state->columns)
        NN_FAIL(NN_ERROR_DATA, "the index %lld occurs, which is beyond the %lld columns of %s",
                (long long)state->most, (long long)state->columns,
                like ? nn_import_like_path(import->like) : "--columns");
    if (state->columns == 0) state->columns = needed;
    nn_text_append(&import->report,
                   "indices %lld to %lld, read as from %s; %lld columns; at most %lld values in a row\n",
                   (long long)state->least, (long long)state->most, state->base ? "one" : "zero",
                   (long long)state->columns, (long long)state->longest);
    return NN_OK;
}

/* The classes of an earlier import keep their numbers. */
static nn_status libsvm_take_names(const nn_import *import, libsvm_state *state, const char *dataset)
{
    nn_text_list earlier = {0};
    NN_TRY(nn_import_like_names(import->like, dataset, &earlier));
    nn_csv_names found = state->names;
    nn_status status = NN_OK;
    if (earlier.count == 0) return NN_OK;
    state->names = (nn_csv_names){0};
    for (size_t i = 0; i < earlier.count && status == NN_OK; i++)
        status = nn_csv_names_add(&state->names, earlier.items[i], strlen(earlier.items[i]));
    for (size_t i = 0; i < found.count && status == NN_OK; i++)
        if (nn_csv_names_find(&state->names, found.items[i], strlen(found.items[i])) < 0)
            status = nn_fail(NN_ERROR_DATA,
                             "the label %s occurs, which %s does not have: remove --like, or such rows",
                             found.items[i], nn_import_like_path(import->like));
    nn_csv_names_release(&found);
    nn_list_release(&earlier);
    return status;
}

static nn_status libsvm_decide_label(const nn_import *import, libsvm_state *state)
{
    const libsvm_options *options = import->options;
    bool classes = state->whole && !state->many;
    if (state->labelled > 0 && state->without_label > 0 && !state->lists)
        NN_FAIL(NN_ERROR_DATA,
                "the row in line %lld has no label, but others have one: add it, or remove the row",
                (long long)state->without_label);
    if (state->lists && !classes)
        NN_FAIL(NN_ERROR_DATA,
                "some rows have a list of labels, but the labels are not integers (at most %d "
                "different ones)",
                LIBSVM_CLASSES_MAX);
    if (state->lists && options->target == NN_CSV_TARGET_VALUE)
        NN_FAIL(NN_ERROR_USAGE, "--target value: some rows have a list of labels: remove it");
    if (!classes && options->target == NN_CSV_TARGET_CLASS)
        NN_FAIL(NN_ERROR_DATA, "--target class: the labels are %s",
                state->whole ? "too many different numbers" : "not integers");
    state->label = state->labelled > 0 && !state->lists && classes && options->target != NN_CSV_TARGET_VALUE;
    nn_csv_names_sort(&state->names, true);
    NN_TRY(state->lists ? libsvm_take_names(import, state, "y_columns") : NN_OK);
    return state->label ? libsvm_take_names(import, state, "y_classes") : NN_OK;
}

static nn_status libsvm_add_names(const libsvm_state *state, nn_text_list *names)
{
    for (size_t i = 0; i < state->names.count; i++) NN_TRY(nn_list_add(names, state->names.items[i]));
    return NN_OK;
}

static nn_status libsvm_add_y(const libsvm_state *state, nn_import_table *table)
{
    nn_import_field *field;
    if (state->labelled == 0) return NN_OK;
    nn_shape shape = {.dimensions = state->lists, .extents = {(int64_t)state->names.count}};
    bool small = state->lists || state->names.count <= 256;
    nn_store_type type = !state->lists && !state->label ? NN_STORE_F64 : small ? NN_STORE_U8 : NN_STORE_I32;
    NN_TRY(nn_import_add_field(table, "y", type, shape, &field));
    field->label = state->label;
    field->narrow = type == NN_STORE_F64;
    if (state->label) NN_TRY(libsvm_add_names(state, &field->classes));
    return state->lists ? libsvm_add_names(state, &field->columns) : NN_OK;
}

static nn_status libsvm_add_table(nn_import *import, const libsvm_state *state, const libsvm_part *part)
{
    nn_import_table *table;
    nn_import_field *field;
    nn_shape shape = {.dimensions = 1, .extents = {state->columns}};
    NN_TRY(nn_import_add_table(import, part->part, part->rows, &table));
    NN_TRY(nn_import_add_field(table, "x", NN_STORE_F64, shape, &field));
    field->narrow = field->sparse = true;
    field->sparse_most = state->longest;
    NN_TRY(libsvm_add_y(state, table));
    if (state->queries) NN_TRY(nn_import_add_field(table, "qid", NN_STORE_I64, (nn_shape){0}, NULL));
    return NN_OK;
}

/* ---- the importer ---- */

static nn_status libsvm_open(nn_import *import)
{
    libsvm_state *state;
    NN_TRY(NN_ALLOCATE(&state, 1, "an import of sparse rows"));
    import->state = state;
    state->whole = state->empty = true;
    NN_TRY(libsvm_sort_sources(import, state));
    for (int p = 0; p < state->part_count; p++) NN_TRY(libsvm_scan_part(import, state, &state->parts[p]));
    if (state->queries && state->without_query > 0)
        NN_FAIL(NN_ERROR_DATA,
                "some rows have a qid, but not the one in line %lld: give all rows one, or none",
                (long long)state->without_query);
    NN_TRY(libsvm_choose_columns(import, state));
    NN_TRY(libsvm_decide_label(import, state));
    for (int p = 0; p < state->part_count; p++)
        if (state->parts[p].rows > 0) NN_TRY(libsvm_add_table(import, state, &state->parts[p]));
    return NN_OK;
}

/* ---- the second pass ---- */

static nn_status libsvm_changed(const nn_import *import, const libsvm_part *part)
{
    NN_FAIL(NN_ERROR_IO, "%s: a file changed during the import: import it again",
            part->source < part->source_count ? libsvm_path(import, part) : import->sources[0]);
}

static nn_status libsvm_keep(libsvm_state *state)
{
    const nn_libsvm_row *row = &state->row;
    if (state->value_count + row->count > state->capacity) {
        size_t capacity = 2 * (state->value_count + row->count) + 1024;
        NN_TRY(nn_reallocate((void **)&state->indices, state->capacity, capacity, sizeof *state->indices,
                             "rows"));
        NN_TRY(
            nn_reallocate((void **)&state->values, state->capacity, capacity, sizeof *state->values, "rows"));
        state->capacity = capacity;
    }
    for (size_t i = 0; i < row->count; i++) {
        state->indices[state->value_count] = (int32_t)(row->indices[i] - state->base);
        state->values[state->value_count++] = row->values[i];
    }
    return NN_OK;
}

/* The labels of a row; false: one was not met before. */
static bool libsvm_put_labels(const libsvm_state *state, int64_t at, void *values)
{
    const nn_libsvm_row *row = &state->row;
    size_t width = state->names.count;
    if (state->lists) memset((uint8_t *)values + (size_t)at * width, 0, width);
    if (!state->lists && row->label_count != 1) return false;
    if (!state->lists && !state->label) ((double *)values)[at] = row->labels[0];
    for (size_t i = 0; (state->lists || state->label) && i < row->label_count; i++) {
        char text[32];
        int length = snprintf(text, sizeof text, "%lld", (long long)row->labels[i]);
        int64_t class = nn_csv_names_find(&state->names, text, (size_t)length);
        if (class < 0) return false;
        if (state->lists)
            ((uint8_t *)values)[(size_t)at * width + (size_t) class] = 1;
        else if (width <= 256)
            ((uint8_t *)values)[at] = (uint8_t) class;
        else
            ((int32_t *)values)[at] = (int32_t) class;
    }
    return true;
}

static nn_status libsvm_read(nn_import *import, int table, int64_t first, int64_t rows, void *const *values)
{
    libsvm_state *state = import->state;
    nn_import_sparse_row *x = values[0];
    libsvm_part *part = state->parts;
    for (int t = 0; part->rows == 0 || t < table; part++) t += part->rows > 0;
    (void)first;
    state->value_count = 0;
    for (int64_t i = 0; i < rows; i++) {
        bool any;
        NN_TRY(libsvm_next(import, part, &any));
        const nn_libsvm_row *row = &state->row;
        bool inside =
            any && (row->count == 0 || (row->indices[0] >= state->base &&
                                        row->indices[row->count - 1] - state->base < state->columns));
        if (!inside || (state->labelled > 0 && !libsvm_put_labels(state, i, values[1])))
            return libsvm_changed(import, part);
        if (state->queries) ((int64_t *)values[1 + (state->labelled > 0)])[i] = row->query;
        x[i] = (nn_import_sparse_row){.count = (int64_t)row->count};
        NN_TRY(libsvm_keep(state));
    }
    size_t at = 0;
    for (int64_t i = 0; i < rows; i++) {
        x[i].indices = state->indices + at;
        x[i].values = state->values + at;
        at += (size_t)x[i].count;
    }
    return NN_OK;
}

static void libsvm_close(nn_import *import)
{
    libsvm_state *state = import->state;
    if (!state) return;
    for (int p = 0; p < state->part_count; p++) nn_free(state->parts[p].sources);
    nn_line_reader_close(state->lines);
    nn_libsvm_row_release(&state->row);
    nn_csv_names_release(&state->names);
    nn_free(state->indices);
    nn_free(state->values);
    nn_free(state);
    import->state = NULL;
}

const nn_importer nn_importer_libsvm = {
    .name = "libsvm",
    .summary = "LIBSVM and SVMlight files (plain or .gz): sparse rows, LABEL INDEX:VALUE ...",
    .example = "nntrain import libsvm a9a a9a.t -o a9a.h5",
    .writes =
        "x: a sparse matrix, rows x columns, as a group with data, indices and indptr (CSR), float32; y: "
        "class "
        "labels, with the labels of the files as names, or values (float32); rows x labels of 0 and 1 where "
        "rows have lists of labels; qid: int64, if rows have one, for split: {by: group, group: qid}. "
        "Several files are parts if their names say train or test, or end with .t",
    .options = libsvm_table,
    .options_size = sizeof(libsvm_options),
    .open = libsvm_open,
    .read = libsvm_read,
    .close = libsvm_close,
};
