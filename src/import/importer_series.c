/* A table of text as one series: one row per point in time. */
#include <string.h>

#include "base/memory.h"
#include "import/csv_table.h"

typedef struct series_options {
    nn_csv_options csv;
    nn_text_list columns;
    char *time;
} series_options;

static const nn_option series_option_table[] = {
    {"columns", NN_OPTION_TEXT_LIST, offsetof(series_options, columns), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "columns to import, by name or number from 1: --columns open,close (default: all except --time)"},
    {"time", NN_OPTION_TEXT, offsetof(series_options, time), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "column of the time: checked for increasing order, not imported"},
    NN_CSV_OPTION_ROWS(offsetof(series_options, csv)),
    {.name = NULL}};

typedef struct series_state {
    nn_csv_table table;
    nn_csv_outputs columns;
} series_state;

static nn_status series_choose(const nn_import *import, const series_options *options, series_state *state)
{
    nn_csv_table *table = &state->table;
    const nn_text_list *words = &options->columns;
    size_t time = table->column_count;
    if (options->time) {
        NN_TRY(nn_csv_table_find(table, "time", options->time, &time));
        table->columns[time].used = table->columns[time].time = true;
    }
    NN_TRY(nn_csv_outputs_find(table, "columns", words, &state->columns));
    for (size_t i = 0; words->count == 0 && i < table->column_count; i++)
        if (i != time && !table->columns[i].dropped) NN_TRY(nn_csv_outputs_add(table, i, &state->columns));
    if (state->columns.count == 0)
        NN_FAIL(NN_ERROR_DATA, "%s: there is no column except the time (see --delimiter)", table->paths[0]);
    for (size_t i = 0; i < state->columns.count; i++)
        if (state->columns.items[i].column == time)
            NN_FAIL(NN_ERROR_USAGE, "column '%s' is in both --columns and --time", options->time);
    return nn_csv_outputs_like(import, table, "series", &state->columns);
}

/* Words have no order: as numbers in a series they would mislead. */
static nn_status series_check(const series_state *state)
{
    for (size_t i = 0; i < state->columns.count; i++) {
        const nn_csv_column *column = &state->table.columns[state->columns.items[i].column];
        if (column->kind == NN_CSV_NAMES && !column->named && !column->fixed)
            NN_FAIL(NN_ERROR_DATA,
                    "column '%s' holds words ('%s'): choose others with --columns, give it to --time if it "
                    "is the time, or number its words with --categorical '%s'",
                    column->title, column->names.items[0], column->title);
    }
    return NN_OK;
}

static nn_status series_open(nn_import *import)
{
    const series_options *options = import->options;
    nn_import_table *rows;
    nn_import_field *field;
    series_state *state;
    NN_TRY(NN_ALLOCATE(&state, 1, "an import of a series"));
    import->state = state;
    NN_TRY(nn_csv_outputs_open(import, "series", &options->csv, &state->table));
    state->table.series = options->time == NULL;
    NN_TRY(series_choose(import, options, state));
    NN_TRY(nn_csv_table_scan(&state->table));
    NN_TRY(series_check(state));
    nn_shape shape = {.dimensions = 1, .extents = {(int64_t)state->columns.count}};
    NN_TRY(nn_import_add_table(import, NULL, state->table.rows, &rows));
    NN_TRY(nn_import_add_field(rows, "series", NN_STORE_F64, shape, &field));
    rows->ordered = true;
    nn_csv_append_report(&state->table, &import->report);
    return nn_csv_outputs_describe(import, &state->table, &state->columns, field);
}

static nn_status series_read(nn_import *import, int table_index, int64_t first, int64_t rows,
                             void *const *values)
{
    series_state *state = import->state;
    double *series = values[0];
    (void)table_index;
    (void)first;
    for (int64_t row = 0; row < rows; row++, series += state->columns.count) {
        nn_csv_record record;
        NN_TRY(nn_csv_table_next(&state->table, &record));
        NN_TRY(nn_csv_outputs_read(&state->table, &state->columns, &record, series));
    }
    return NN_OK;
}

static void series_close(nn_import *import)
{
    series_state *state = import->state;
    if (!state) return;
    nn_csv_table_release(&state->table);
    nn_csv_outputs_release(&state->columns);
    nn_free(state);
    import->state = NULL;
}

const nn_importer nn_importer_series = {
    .name = "series",
    .summary = "a time series as a table of text (.csv, .tsv, .gz): one point in time per row",
    .example = "nntrain import series prices.csv --time date --test 0.1 --chronological -o prices.h5",
    .writes = "series: rows x columns, float32 (float64 where a column needs it)\n  series_columns: names of "
              "the columns\n"
              "  series_categories/COLUMN: the names for the numbers of a column",
    .options = series_option_table,
    .options_size = sizeof(series_options),
    .open = series_open,
    .read = series_read,
    .close = series_close,
};
