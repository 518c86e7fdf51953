/* Tables of text, one sample per row: inputs x and targets y from columns. */
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "base/memory.h"
#include "import/csv_targets.h"
#include "import/like.h"
#include "import/sources.h"

#define CSV_COUNTS_LEAST 10 /* this many successive numbers in a column are taken as a row counter */

typedef struct csv_options {
    nn_csv_options csv;
    nn_text_list x;
    nn_csv_target_options targets;
} csv_options;

static const nn_option csv_option_table[] = {
    {"x", NN_OPTION_TEXT_LIST, offsetof(csv_options, x), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "columns of the inputs, by name or number from 1: --x open,close (default: all except y)"},
    NN_CSV_TARGET_OPTION_ROWS(offsetof(csv_options, targets)),
    NN_CSV_OPTION_ROWS(offsetof(csv_options, csv)),
    {.name = NULL}};

typedef struct csv_state {
    nn_csv_table table;
    nn_csv_outputs x;
    nn_csv_targets y;
} csv_state;

/* ---- columns ---- */

/* Without --y: the last column that is not dropped, or, with --like, that is not an input there. */
static nn_status csv_default_y(const nn_import *import, const csv_state *state, size_t *column)
{
    const nn_csv_table *table = &state->table;
    nn_text_list inputs = {0};
    NN_TRY(nn_import_like_names(import->like, "x_columns", &inputs));
    *column = table->column_count;
    for (size_t i = 0; i < table->column_count; i++) {
        bool input = false;
        for (size_t k = 0; k < inputs.count; k++)
            input |= strcmp(inputs.items[k], table->columns[i].title) == 0;
        if (!input && !table->columns[i].dropped) *column = i;
    }
    nn_list_release(&inputs);
    return NN_OK;
}

/* The targets: --y, or the column that is the default. */
static nn_status csv_choose_y(const nn_import *import, const csv_options *options, csv_state *state)
{
    size_t column = 0;
    NN_TRY(csv_default_y(import, state, &column));
    return nn_csv_targets_choose(import, &options->targets, &state->table, column, &state->y);
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
    NN_TRY(nn_csv_targets_decide(&options->targets, &state->table, &state->y));
    nn_csv_append_report(&state->table, &import->report);
    NN_TRY(nn_import_add_table(import, NULL, state->table.rows, &rows));
    NN_TRY(csv_add_x(import, state, rows));
    return nn_csv_targets_add(import, &state->table, &state->y, rows);
}

static nn_status csv_read(nn_import *import, int table_index, int64_t first, int64_t rows,
                          void *const *values)
{
    csv_state *state = import->state;
    double *x = values[0];
    (void)table_index;
    (void)first;
    for (int64_t row = 0; row < rows; row++) {
        nn_csv_record record;
        NN_TRY(nn_csv_table_next(&state->table, &record));
        NN_TRY(nn_csv_outputs_read(&state->table, &state->x, &record, x + (size_t)row * state->x.count));
        NN_TRY(nn_csv_targets_read(&state->table, &state->y, &record, row, values[1]));
    }
    return NN_OK;
}

static void csv_close(nn_import *import)
{
    csv_state *state = import->state;
    if (!state) return;
    nn_csv_table_release(&state->table);
    nn_csv_outputs_release(&state->x);
    nn_csv_outputs_release(&state->y.outputs);
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
