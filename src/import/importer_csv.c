/* Tables of text, one sample a row: inputs x and targets y from columns. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "import/csv_table.h"

/* A column of so few different whole numbers is taken for classes. */
#define CSV_CLASSES_AUTO 20
#define CSV_CLASSES_MAX 65536

enum { TARGET_AUTO, TARGET_CLASS, TARGET_VALUE };
static const char *const csv_targets[] = {"auto", "class", "value", NULL};

typedef struct csv_options {
    nn_csv_options csv;
    nn_text_list x, y;
    int target;
} csv_options;

static const nn_option csv_option_table[] = {
    {"x", NN_OPTION_TEXT_LIST, offsetof(csv_options, x), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "columns of the inputs, by name or number from 1: --x open,close (default: all but those of y)"},
    {"y", NN_OPTION_TEXT_LIST, offsetof(csv_options, y), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "columns of the targets (default: the last one); none: there are no targets"},
    {"target", NN_OPTION_CHOICE, offsetof(csv_options, target), "auto", 0, 0, csv_targets, NN_EFFECT_RESULT,
     "what y holds; auto: classes where it has names, or at most 20 different whole numbers, else values"},
    NN_CSV_OPTION_ROWS(offsetof(csv_options, csv)),
    {.name = NULL}};

typedef struct csv_state {
    nn_csv_table table;
    size_t *x, *y; /* columns */
    size_t x_count, y_count;
    bool label;
} csv_state;

/* ---- columns ---- */

static nn_status csv_find_all(const nn_csv_table *table, const char *option, const nn_text_list *words,
                              size_t **columns, size_t *count)
{
    NN_TRY(NN_ALLOCATE(columns, words->count + 1, "columns"));
    for (size_t i = 0; i < words->count; i++)
        NN_TRY(nn_csv_table_find(table, option, words->items[i], &(*columns)[i]));
    *count = words->count;
    return NN_OK;
}

static nn_status csv_choose_y(const csv_options *options, csv_state *state)
{
    const nn_csv_table *table = &state->table;
    bool none = options->y.count == 1 && strcmp(options->y.items[0], "none") == 0;
    const nn_text_list no_words = {0};
    NN_TRY(csv_find_all(table, "y", none ? &no_words : &options->y, &state->y, &state->y_count));
    if (!none && state->y_count == 0) state->y[state->y_count++] = table->column_count - 1;
    if (options->target == TARGET_CLASS && state->y_count > 1)
        NN_FAIL(NN_ERROR_USAGE, "--target class: y has %zu columns; classes are one", state->y_count);
    for (size_t i = 0; i < state->y_count; i++) {
        nn_csv_column *column = &state->table.columns[state->y[i]];
        column->used = column->target = true;
        if (state->y_count > 1 || options->target == TARGET_VALUE) continue;
        column->kinds_max = options->target == TARGET_CLASS ? CSV_CLASSES_MAX : CSV_CLASSES_AUTO;
    }
    return NN_OK;
}

static nn_status csv_choose_x(const csv_options *options, csv_state *state)
{
    nn_csv_table *table = &state->table;
    if (options->x.count > 0) {
        NN_TRY(csv_find_all(table, "x", &options->x, &state->x, &state->x_count));
    } else {
        NN_TRY(NN_ALLOCATE(&state->x, table->column_count, "columns"));
        for (size_t i = 0; i < table->column_count; i++)
            if (!table->columns[i].target) state->x[state->x_count++] = i;
    }
    if (state->x_count == 0)
        NN_FAIL(NN_ERROR_DATA,
                "%s: no column is left for x: the delimiter found is '%c' (see --delimiter, --x, --y)",
                table->paths[0], table->delimiter);
    for (size_t i = 0; i < state->x_count; i++) {
        nn_csv_column *column = &table->columns[state->x[i]];
        if (column->target)
            NN_FAIL(NN_ERROR_USAGE, "column '%s' stands in both --x and --y: a target is no input",
                    column->title);
        column->used = true;
    }
    return NN_OK;
}

/* ---- targets ---- */

/* Whether y are classes; a failure where they cannot be what the user says. */
static nn_status csv_decide_label(const csv_options *options, csv_state *state)
{
    for (size_t i = 0; i < state->y_count; i++) {
        const nn_csv_column *column = &state->table.columns[state->y[i]];
        bool classes = column->kind == NN_CSV_NAMES || (column->whole && !column->many);
        if (column->kind == NN_CSV_NAMES && state->y_count > 1)
            NN_FAIL(NN_ERROR_DATA,
                    "column '%s' holds names ('%s'): as classes it must be the only one of --y",
                    column->title, column->names.items[0]);
        if (column->kind == NN_CSV_NAMES && options->target == TARGET_VALUE)
            NN_FAIL(NN_ERROR_DATA, "--target value: column '%s' holds names ('%s')", column->title,
                    column->names.items[0]);
        if (options->target == TARGET_CLASS && !classes)
            NN_FAIL(NN_ERROR_DATA, "--target class: column '%s' holds %s", column->title,
                    column->whole ? "too many different numbers" : "numbers that are not whole");
        /* Few rows of different values each are no classes. */
        bool repeated = (int64_t)column->names.count * 2 <= state->table.rows;
        state->label = classes && column->names.count > 0 &&
                       (repeated || options->target == TARGET_CLASS || column->kind == NN_CSV_NAMES);
    }
    return NN_OK;
}

/* Whole numbers from 0 up without a gap are their own codes. */
static bool csv_is_coded(const nn_csv_column *column)
{
    const nn_csv_names *names = &column->names;
    if (column->kind != NN_CSV_NUMBERS) return false;
    return strcmp(names->items[0], "0") == 0 &&
           (size_t)strtoull(names->items[names->count - 1], NULL, 10) == names->count - 1;
}

static nn_status csv_add_names(const nn_csv_column *column, nn_text_list *names)
{
    for (size_t i = 0; i < column->names.count; i++)
        NN_TRY(nn_import_add_name(names, column->names.items[i]));
    return NN_OK;
}

static nn_status csv_add_y(const csv_state *state, nn_import_table *rows)
{
    nn_import_field *field;
    nn_shape shape = {.dimensions = state->y_count > 1, .extents = {(int64_t)state->y_count}};
    const nn_csv_column *column = &state->table.columns[state->y[0]];
    nn_store_type type = !state->label                ? NN_STORE_F64
                         : column->names.count <= 256 ? NN_STORE_U8
                                                      : NN_STORE_I32;
    NN_TRY(nn_import_add_field(rows, "y", type, shape, &field));
    field->label = state->label;
    field->narrow = !state->label;
    if (state->label) return csv_is_coded(column) ? NN_OK : csv_add_names(column, &field->classes);
    for (size_t i = 0; i < state->y_count; i++)
        NN_TRY(nn_import_add_name(&field->columns, state->table.columns[state->y[i]].title));
    return NN_OK;
}

/* ---- inputs ---- */

/* The names behind the numbers of an input column. '/' would open a group, and '.' stands for one. */
static nn_status csv_add_categories(nn_import *import, const nn_csv_column *column)
{
    nn_text dataset = {0};
    nn_text_list *names;
    nn_text_append(&dataset, "x_categories/%s", column->title);
    if (dataset.failed) NN_FAIL(NN_ERROR_MEMORY, "no memory for the names of column '%s'", column->title);
    for (char *at = dataset.bytes + strlen("x_categories/"); *at; at++)
        if (*at == '/' || *at == '.') *at = '_';
    nn_status status = nn_import_add_names(import, dataset.bytes, &names);
    nn_text_free(&dataset);
    NN_TRY(status);
    return csv_add_names(column, names);
}

static nn_status csv_add_x(nn_import *import, const csv_state *state, nn_import_table *rows)
{
    nn_import_field *field;
    nn_shape shape = {.dimensions = 1, .extents = {(int64_t)state->x_count}};
    NN_TRY(nn_import_add_field(rows, "x", NN_STORE_F64, shape, &field));
    field->narrow = true;
    for (size_t i = 0; i < state->x_count; i++) {
        const nn_csv_column *column = &state->table.columns[state->x[i]];
        NN_TRY(nn_import_add_name(&field->columns, column->title));
        if (column->kind == NN_CSV_NAMES) NN_TRY(csv_add_categories(import, column));
    }
    return NN_OK;
}

/* One stray word at the top of a column makes names of the numbers below it, and a date is a name too: rarely
 * meant, and not seen in the output. */
static void csv_warn_of_names(const nn_csv_column *column)
{
    const nn_csv_names *names = &column->names;
    const char *word = "";
    size_t numbers = 0;
    double number;
    if (!column->used || column->named || column->kind != NN_CSV_NAMES) return;
    for (size_t i = 0; i < names->count; i++) {
        nn_csv_field field = {.text = names->items[i], .length = strlen(names->items[i])};
        bool is_number = nn_csv_number(&field, &number);
        numbers += is_number;
        if (!is_number) word = names->items[i];
    }
    if (numbers * 2 >= names->count)
        nn_log_warning(
            "column '%s' is taken as names because of words such as '%.40s', though it holds numbers "
            "too: count such words as missing with --missing-values, or say --categorical '%s'",
            column->title, word, column->title);
    else if (!column->target && (int64_t)names->count == column->values && column->values > 1)
        nn_log_warning(
            "column '%s' has another word in each row, such as '%.40s', which says nothing about new "
            "rows: --x chooses the columns to take",
            column->title, word);
}

/* ---- the importer ---- */

static nn_status csv_open(nn_import *import)
{
    const csv_options *options = import->options;
    nn_import_table *rows;
    csv_state *state;
    NN_TRY(NN_ALLOCATE(&state, 1, "an import of text"));
    import->state = state;
    NN_TRY(nn_csv_table_open(import->sources, import->source_count, &options->csv, &state->table));
    NN_TRY(csv_choose_y(options, state));
    NN_TRY(csv_choose_x(options, state));
    NN_TRY(nn_csv_table_scan(&state->table));
    for (size_t i = 0; i < state->table.column_count; i++) csv_warn_of_names(&state->table.columns[i]);
    NN_TRY(csv_decide_label(options, state));
    NN_TRY(nn_import_add_table(import, NULL, state->table.rows, &rows));
    NN_TRY(csv_add_x(import, state, rows));
    return state->y_count > 0 ? csv_add_y(state, rows) : NN_OK;
}

static nn_status csv_read_y(const csv_state *state, const nn_csv_record *record, int64_t row, void *values)
{
    const nn_csv_table *table = &state->table;
    int64_t class;
    double *reals = values;
    for (size_t i = 0; !state->label && i < state->y_count; i++)
        NN_TRY(nn_csv_column_value(table, &table->columns[state->y[i]], &record->fields[state->y[i]],
                                   record->line, &reals[(size_t)row * state->y_count + i]));
    if (!state->label || state->y_count == 0) return NN_OK;
    const nn_csv_column *column = &table->columns[state->y[0]];
    NN_TRY(nn_csv_column_class(table, column, &record->fields[state->y[0]], record->line, &class));
    if (column->names.count <= 256)
        ((uint8_t *)values)[row] = (uint8_t) class;
    else
        ((int32_t *)values)[row] = (int32_t) class;
    return NN_OK;
}

static nn_status csv_read(nn_import *import, int table_index, int64_t first, int64_t rows,
                          void *const *values)
{
    csv_state *state = import->state;
    nn_csv_table *table = &state->table;
    double *x = values[0];
    (void)table_index;
    (void)first;
    for (int64_t row = 0; row < rows; row++) {
        nn_csv_record record;
        NN_TRY(nn_csv_table_next(table, &record));
        for (size_t i = 0; i < state->x_count; i++)
            NN_TRY(nn_csv_column_value(table, &table->columns[state->x[i]], &record.fields[state->x[i]],
                                       record.line, &x[(size_t)row * state->x_count + i]));
        NN_TRY(csv_read_y(state, &record, row, values[1]));
    }
    return NN_OK;
}

static void csv_close(nn_import *import)
{
    csv_state *state = import->state;
    if (!state) return;
    nn_csv_table_release(&state->table);
    nn_free(state->x);
    nn_free(state->y);
    nn_free(state);
    import->state = NULL;
}

const nn_importer nn_importer_csv = {
    .name = "csv",
    .summary = "tables of text (.csv, .tsv, .gz): one sample a row",
    .example = "nntrain import csv houses.csv --y price --test 0.1 -o houses.h5",
    .writes =
        "x: rows x columns, float32; y: rows, class labels (uint8, int32) or values (float32)\n"
        "  x_columns: names of the columns; y_classes: names of the classes, if they have any\n"
        "  x_categories/COLUMN: the names that the numbers 0, 1, ... of an input column stand for, sorted",
    .options = csv_option_table,
    .options_size = sizeof(csv_options),
    .open = csv_open,
    .read = csv_read,
    .close = csv_close,
};
