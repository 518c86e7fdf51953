/* Tables of text, one sample per row: inputs x and targets y from columns. */
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "base/memory.h"
#include "import/csv_table.h"
#include "import/like.h"
#include "import/sources.h"

/* A column with at most this many different whole numbers holds classes. */
#define CSV_CLASSES_AUTO 20
#define CSV_CLASSES_MAX 65536
#define CSV_COUNTS_LEAST 10 /* this many successive numbers in a column are taken as a row counter */

enum { TARGET_AUTO, TARGET_CLASS, TARGET_VALUE };
static const char *const csv_targets[] = {"auto", "class", "value", NULL};

typedef struct csv_options {
    nn_csv_options csv;
    nn_text_list x, y;
    int target;
} csv_options;

static const nn_option csv_option_table[] = {
    {"x", NN_OPTION_TEXT_LIST, offsetof(csv_options, x), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "columns of the inputs, by name or number from 1: --x open,close (default: all except y)"},
    {"y", NN_OPTION_TEXT_LIST, offsetof(csv_options, y), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "columns of the targets (default: the last one); none: no targets"},
    {"target", NN_OPTION_CHOICE, offsetof(csv_options, target), "auto", 0, 0, csv_targets, NN_EFFECT_RESULT,
     "what y holds; auto: classes if it has names or at most 20 different integers, otherwise values"},
    NN_CSV_OPTION_ROWS(offsetof(csv_options, csv)),
    {.name = NULL}};

typedef struct csv_state {
    nn_csv_table table;
    nn_csv_outputs x, y;
    bool label;
} csv_state;

/* ---- columns ---- */

/* Without --y: the last column that is not dropped, or, with --like, that is not an input there. */
static nn_status csv_default_y(const nn_import *import, csv_state *state)
{
    nn_csv_table *table = &state->table;
    nn_text_list inputs = {0};
    NN_TRY(nn_import_like_names(import->like, "x_columns", &inputs));
    size_t chosen = table->column_count;
    for (size_t i = 0; i < table->column_count; i++) {
        bool input = false;
        for (size_t k = 0; k < inputs.count; k++)
            input |= strcmp(inputs.items[k], table->columns[i].title) == 0;
        if (!input && !table->columns[i].dropped) chosen = i;
    }
    nn_list_release(&inputs);
    return chosen < table->column_count ? nn_csv_outputs_add(table, chosen, &state->y) : NN_OK;
}

/* The classes of an earlier import, if its y holds classes. */
static nn_status csv_like_y(const nn_import *import, csv_state *state)
{
    nn_import_like_field earlier;
    nn_text_list names = {0};
    if (state->y.count == 0 || !nn_import_like_find(import->like, "y", &earlier)) return NN_OK;
    nn_csv_column *column = &state->table.columns[state->y.items[0].column];
    NN_TRY(nn_import_like_names(import->like, "y_classes", &names));
    if (names.count == 0 && !nn_store_type_is_integer(earlier.type))
        return nn_csv_outputs_like(import, &state->table, "y", &state->y);
    nn_status status = NN_OK;
    bool whole = names.count > 0;
    for (size_t i = 0; i < names.count && status == NN_OK; i++) {
        whole &= strspn(names.items[i], "-0123456789") == strlen(names.items[i]);
        status = nn_csv_names_add(&column->names, names.items[i], strlen(names.items[i]));
    }
    column->fixed = true;
    column->coded = names.count == 0;
    column->kind = names.count == 0 || whole ? NN_CSV_NUMBERS : NN_CSV_NAMES;
    nn_list_release(&names);
    return status;
}

static nn_status csv_choose_y(const nn_import *import, const csv_options *options, csv_state *state)
{
    nn_csv_table *table = &state->table;
    bool none = options->y.count == 1 && strcmp(options->y.items[0], "none") == 0;
    if (!none && options->y.count > 0) NN_TRY(nn_csv_outputs_find(table, "y", &options->y, &state->y));
    if (!none && options->y.count == 0) NN_TRY(csv_default_y(import, state));
    if (options->target == TARGET_CLASS && state->y.count > 1)
        NN_FAIL(NN_ERROR_USAGE, "--target class: y has %zu columns, but classes need a single one",
                state->y.count);
    for (size_t i = 0; i < state->y.count; i++) {
        nn_csv_column *column = &table->columns[state->y.items[i].column];
        column->target = true;
        if (state->y.count > 1 || options->target == TARGET_VALUE || column->date) continue;
        column->kinds_max = options->target == TARGET_CLASS ? CSV_CLASSES_MAX : CSV_CLASSES_AUTO;
    }
    return csv_like_y(import, state);
}

static nn_status csv_choose_x(const nn_import *import, const csv_options *options, csv_state *state)
{
    nn_csv_table *table = &state->table;
    NN_TRY(nn_csv_outputs_find(table, "x", &options->x, &state->x));
    for (size_t i = 0; options->x.count == 0 && i < table->column_count; i++)
        if (!table->columns[i].target && !table->columns[i].dropped)
            NN_TRY(nn_csv_outputs_add(table, i, &state->x));
    if (state->x.count == 0)
        NN_FAIL(NN_ERROR_DATA,
                "%s: no column is left for x; the delimiter is '%c' (see --delimiter, --x, --y)",
                table->paths[0], table->delimiter);
    for (size_t i = 0; i < state->x.count; i++)
        if (table->columns[state->x.items[i].column].target)
            NN_FAIL(NN_ERROR_USAGE, "column '%s' is in both --x and --y: a target cannot be an input",
                    table->columns[state->x.items[i].column].title);
    return nn_csv_outputs_like(import, table, "x", &state->x);
}

/* ---- targets ---- */

/* Whether y holds classes; fails if it cannot hold what the user says. */
static nn_status csv_decide_label(const csv_options *options, csv_state *state)
{
    for (size_t i = 0; i < state->y.count; i++) {
        nn_csv_column *column = &state->table.columns[state->y.items[i].column];
        bool classes = column->kind == NN_CSV_NAMES || (column->whole && !column->many);
        if (column->kind == NN_CSV_NAMES && state->y.count > 1)
            NN_FAIL(NN_ERROR_DATA, "column '%s' holds names ('%s'): classes must be the only column of --y",
                    column->title, column->names.items[0]);
        if (column->kind == NN_CSV_NAMES && options->target == TARGET_VALUE)
            NN_FAIL(NN_ERROR_DATA, "--target value: column '%s' holds names ('%s')", column->title,
                    column->names.items[0]);
        if (options->target == TARGET_CLASS && !classes)
            NN_FAIL(NN_ERROR_DATA, "--target class: column '%s' holds %s", column->title,
                    column->whole ? "too many different numbers"
                    : column->long_numbers
                        ? "numbers with more than 15 digits: use --categorical to treat them as names"
                        : "numbers that are not whole");
        /* Values that are all different in few rows are not classes. */
        bool repeated = (int64_t)column->names.count * 2 <= state->table.rows;
        state->label =
            column->coded ||
            (classes && column->names.count > 0 && !column->date &&
             (repeated || column->fixed || options->target == TARGET_CLASS || column->kind == NN_CSV_NAMES));
        column->label = state->label;
    }
    return NN_OK;
}

/* Whole numbers from 0 without gaps are their own codes. */
static bool csv_is_coded(const nn_csv_column *column)
{
    const nn_csv_names *names = &column->names;
    if (column->coded) return true;
    if (column->kind != NN_CSV_NUMBERS || column->fixed) return false;
    return strcmp(names->items[0], "0") == 0 &&
           (size_t)strtoull(names->items[names->count - 1], NULL, 10) == names->count - 1;
}

static nn_status csv_add_y(nn_import *import, const csv_state *state, nn_import_table *rows)
{
    nn_import_field *field;
    nn_shape shape = {.dimensions = state->y.count > 1, .extents = {(int64_t)state->y.count}};
    const nn_csv_column *column = &state->table.columns[state->y.items[0].column];
    bool small = column->coded ? column->most < 256 : column->names.count <= 256;
    nn_store_type type = !state->label ? NN_STORE_F64 : small ? NN_STORE_U8 : NN_STORE_I32;
    NN_TRY(nn_import_add_field(rows, "y", type, shape, &field));
    field->label = state->label;
    if (!state->label) return nn_csv_outputs_describe(import, &state->table, &state->y, field);
    for (size_t i = 0; i < column->names.count && !csv_is_coded(column); i++)
        NN_TRY(nn_list_add(&field->classes, column->names.items[i]));
    return NN_OK;
}

/* ---- inputs ---- */

static nn_status csv_add_x(nn_import *import, const csv_state *state, nn_import_table *rows)
{
    nn_import_field *field;
    nn_shape shape = {.dimensions = 1, .extents = {(int64_t)state->x.count}};
    NN_TRY(nn_import_add_field(rows, "x", NN_STORE_F64, shape, &field));
    return nn_csv_outputs_describe(import, &state->table, &state->x, field);
}

/* Inputs that are rarely intended: a column with a different word in each row, and a row counter. */
static void csv_warn(const csv_options *options, const nn_csv_column *column)
{
    const nn_csv_names *names = &column->names;
    if (!column->used || column->named || column->target || options->x.count > 0 || column->fixed) return;
    if (column->kind == NN_CSV_NAMES && (int64_t)names->count == column->values && column->values > 1)
        nn_log_warning(
            "column '%s' has a different word in each row, such as '%.40s', and so says nothing about new "
            "rows: remove it with --drop '%s'",
            column->title, names->items[0], column->title);
    if (column->kind == NN_CSV_NUMBERS && column->counts && column->values >= CSV_COUNTS_LEAST)
        nn_log_warning("column '%s' counts the rows (%.9g, %.9g, ...), and so says nothing about new rows: "
                       "remove it with --drop '%s'",
                       column->title, column->least, column->least + 1, column->title);
}

/* ---- the importer ---- */

static nn_status csv_open(nn_import *import)
{
    const csv_options *options = import->options;
    nn_import_table *rows;
    csv_state *state;
    NN_TRY(NN_ALLOCATE(&state, 1, "an import of text"));
    import->state = state;
    NN_TRY(nn_csv_outputs_open(import, "x", &options->csv, &state->table));
    NN_TRY(csv_choose_y(import, options, state));
    NN_TRY(csv_choose_x(import, options, state));
    NN_TRY(nn_csv_table_scan(&state->table));
    nn_csv_warn_of_columns(&state->table);
    for (size_t i = 0; i < state->table.column_count; i++) {
        csv_warn(options, &state->table.columns[i]);
    }
    NN_TRY(csv_decide_label(options, state));
    nn_csv_append_report(&state->table, &import->report);
    NN_TRY(nn_import_add_table(import, NULL, state->table.rows, &rows));
    NN_TRY(csv_add_x(import, state, rows));
    return state->y.count > 0 ? csv_add_y(import, state, rows) : NN_OK;
}

static nn_status csv_read_label(const csv_state *state, const nn_csv_record *record, nn_store_type type,
                                int64_t row, void *values)
{
    int64_t class;
    size_t column = state->y.items[0].column;
    NN_TRY(nn_csv_column_class(&state->table, &state->table.columns[column], &record->fields[column],
                               record->line, &class));
    if (type == NN_STORE_U8)
        ((uint8_t *)values)[row] = (uint8_t) class;
    else
        ((int32_t *)values)[row] = (int32_t) class;
    return NN_OK;
}

static nn_status csv_read(nn_import *import, int table_index, int64_t first, int64_t rows,
                          void *const *values)
{
    csv_state *state = import->state;
    const nn_import_field *fields = import->tables[table_index].fields;
    double *x = values[0], *y = values[1];
    (void)first;
    for (int64_t row = 0; row < rows; row++) {
        nn_csv_record record;
        NN_TRY(nn_csv_table_next(&state->table, &record));
        NN_TRY(nn_csv_outputs_read(&state->table, &state->x, &record, x + (size_t)row * state->x.count));
        if (state->label)
            NN_TRY(csv_read_label(state, &record, fields[1].type, row, values[1]));
        else
            NN_TRY(nn_csv_outputs_read(&state->table, &state->y, &record, y + (size_t)row * state->y.count));
    }
    return NN_OK;
}

static void csv_close(nn_import *import)
{
    csv_state *state = import->state;
    if (!state) return;
    nn_csv_table_release(&state->table);
    nn_csv_outputs_release(&state->x);
    nn_csv_outputs_release(&state->y);
    nn_free(state);
    import->state = NULL;
}

const nn_importer nn_importer_csv = {
    .name = "csv",
    .summary = "tables of text (.csv, .tsv, .gz): one sample per row",
    .example = "nntrain import csv houses.csv --y price --test 0.1 -o houses.h5",
    .writes = "x: rows x columns, float32; y: rows, class labels (uint8, int32) or values (float32); float64 "
              "where the\n"
              "  numbers of a column differ too little for float32, as with times\n"
              "  x_columns: names of the columns; y_classes: names of the classes, if they have any\n"
              "  x_categories/COLUMN: the names numbered 0, 1, ... in an input column, sorted",
    .options = csv_option_table,
    .options_size = sizeof(csv_options),
    .open = csv_open,
    .read = csv_read,
    .close = csv_close,
};
