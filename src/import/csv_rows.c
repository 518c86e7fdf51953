/* The rows of a table: the first pass inspects the values, the second pass delivers them. */
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "import/csv_table.h"

static nn_status rows_check_header(const nn_csv_table *table, const nn_csv_record *record)
{
    const char *path = table->paths[table->path];
    for (size_t i = 0; i < record->count && i < table->column_count; i++) {
        const nn_csv_field *field = &record->fields[i];
        if (field->length > 0 && strcmp(field->text, table->columns[i].title) != 0)
            NN_FAIL(NN_ERROR_DATA,
                    "%s:%lld: column %zu is named '%s', but '%s' in %s: the files must have "
                    "the same columns",
                    path, (long long)record->line, i + 1, field->text, table->columns[i].title,
                    table->paths[0]);
    }
    return NN_OK;
}

static nn_status rows_check_count(const nn_csv_table *table, const nn_csv_record *record)
{
    if (record->count == table->column_count) return NN_OK;
    NN_FAIL(NN_ERROR_DATA, "%s:%lld: %zu fields in a table of %zu columns; the delimiter is '%s'%s",
            table->paths[table->path], (long long)record->line, record->count, table->column_count,
            table->delimiter == '\t' ? "tab" : (const char[]){table->delimiter, '\0'},
            table->header ? "" : " and the columns have no names");
}

/* The next row of the open file, or of the next file; count 0 at the end of the last. */
static nn_status rows_next_row(nn_csv_table *table, nn_csv_record *record)
{
    for (;;) {
        if (table->reader) {
            NN_TRY(nn_csv_next(table->reader, record));
            if (record->count > 0) return rows_check_count(table, record);
            nn_csv_close(table->reader);
            table->reader = NULL;
            table->path++;
        }
        if (table->path == table->path_count) return NN_OK;
        NN_TRY(nn_csv_open(table->paths[table->path], table->delimiter, &table->reader));
        if (!table->header) continue;
        NN_TRY(nn_csv_next(table->reader, record));
        if (record->count > 0) NN_TRY(rows_check_count(table, record));
        NN_TRY(rows_check_header(table, record));
    }
}

/* The first column in use whose value is missing from the row, or column_count. */
static size_t rows_lacking(const nn_csv_table *table, const nn_csv_record *record)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].used && nn_csv_missing(table->options, &record->fields[i])) return i;
    return table->column_count;
}

static nn_status rows_fail_missing(const nn_csv_table *table, const nn_csv_record *record, size_t index)
{
    const char *text = record->fields[index].text;
    NN_FAIL(NN_ERROR_DATA,
            "%s:%lld: column '%s' has no value%s%s%s: --missing drop removes such rows, --missing mean uses "
            "the mean of the column, --drop '%s' removes the column",
            table->paths[table->path], (long long)record->line, table->columns[index].title,
            text[0] ? " ('" : "", text, text[0] ? "')" : "", table->columns[index].title);
}

/* The mean of a target would be made up. */
static nn_status rows_take_mean(nn_csv_table *table, const nn_csv_record *record)
{
    for (size_t i = 0; i < table->column_count; i++) {
        nn_csv_column *column = &table->columns[i];
        if (!column->used || !nn_csv_missing(table->options, &record->fields[i])) continue;
        if (column->target || column->time)
            NN_FAIL(NN_ERROR_DATA,
                    "%s:%lld: column '%s' has no value, and its mean cannot be used: use --missing drop",
                    table->paths[table->path], (long long)record->line, column->title);
        if (column->lacking == 0) column->lacking = record->line;
    }
    return NN_OK;
}

/* Checks what is known only at the end of the first pass. */
static nn_status rows_check_column(const nn_csv_table *table, const nn_csv_column *column)
{
    if (!column->used || column->time) return NN_OK;
    if (column->kind >= NN_CSV_DATES && column->lacking > 0)
        NN_FAIL(NN_ERROR_DATA,
                "column '%s' has no value in line %lld, and %s have no mean: use --missing drop",
                column->title, (long long)column->lacking, column->kind == NN_CSV_NAMES ? "names" : "dates");
    if (column->values == 0 && table->rows > 0 && column->fixed)
        NN_FAIL(NN_ERROR_DATA,
                "%s: column '%s' has no value in any row, so it has no mean: fill it in; the earlier "
                "import needs the column",
                table->paths[0], column->title);
    if (column->fixed && column->lacking > 0)
        nn_log_warning("column '%s': --missing mean uses the mean of these rows, %.9g, not that of the "
                       "earlier import",
                       column->title, column->mean);
    if (column->values == 0 && table->rows > 0)
        NN_FAIL(NN_ERROR_DATA, "%s: column '%s' has no value in any row: remove it with --drop '%s'",
                table->paths[0], column->title, column->title);
    return NN_OK;
}

/* All rows lack a value, usually in the same column. */
static nn_status rows_fail_dropped(const nn_csv_table *table)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].absent == table->dropped)
            NN_FAIL(NN_ERROR_DATA, "%s: column '%s' has no value in any row: remove it with --drop '%s'",
                    table->paths[0], table->columns[i].title, table->columns[i].title);
    NN_FAIL(
        NN_ERROR_DATA,
        "%s: each of the %lld rows lacks a value: --missing mean uses the mean of the column, --drop removes "
        "columns",
        table->paths[0], (long long)table->dropped);
}

static nn_status rows_check_time(nn_csv_table *table, const nn_csv_column *column, const nn_csv_field *field,
                                 int64_t line)
{
    double before, now;
    const char *last = table->last_time;
    const char *earlier = last;
    if (last) {
        bool numbers = column->date ? nn_csv_date(column->date, earlier, &before, NULL) &&
                                          nn_csv_date(column->date, field->text, &now, NULL)
                                    : nn_csv_number(&table->notation, earlier, &before) &&
                                          nn_csv_number(&table->notation, field->text, &now);
        if (numbers ? now < before : strcmp(field->text, last) < 0)
            NN_FAIL(
                NN_ERROR_DATA,
                "%s:%lld: column '%s' goes back from '%s' to '%s': sort the rows by time, give its format "
                "with --date '%s=FORMAT', or remove --time",
                table->paths[table->path], (long long)line, column->title, last, field->text, column->title);
    }
    nn_free(table->last_time);
    table->last_time = NULL;
    return nn_copy_text(field->text, &table->last_time);
}

static nn_status rows_meet(nn_csv_table *table, const nn_csv_record *record)
{
    for (size_t i = 0; i < table->column_count; i++) {
        nn_csv_column *column = &table->columns[i];
        const nn_csv_field *field = &record->fields[i];
        if (!column->used || nn_csv_missing(table->options, field)) continue;
        if (column->time) NN_TRY(rows_check_time(table, column, field, record->line));
        if (!column->time || column->date) NN_TRY(nn_csv_column_meet(table, column, field, record->line));
    }
    return NN_OK;
}

nn_status nn_csv_table_scan(nn_csv_table *table)
{
    nn_csv_record record;
    for (;;) {
        NN_TRY(rows_next_row(table, &record));
        if (record.count == 0) break;
        size_t lacking = rows_lacking(table, &record);
        bool lacks = lacking < table->column_count;
        for (size_t i = lacking; i < table->column_count; i++)
            table->columns[i].absent +=
                table->columns[i].used && nn_csv_missing(table->options, &record.fields[i]);
        if (lacks && table->options->missing == NN_CSV_MISSING_ERROR)
            return rows_fail_missing(table, &record, lacking);
        if (lacks && table->options->missing == NN_CSV_MISSING_DROP) {
            table->dropped++;
            continue;
        }
        if (lacks) NN_TRY(rows_take_mean(table, &record));
        NN_TRY(rows_meet(table, &record));
        table->rows++;
    }
    if (table->rows == 0 && table->dropped > 0) return rows_fail_dropped(table);
    NN_TRY(nn_csv_check_names(table));
    for (size_t i = 0; i < table->column_count; i++) nn_csv_column_settle(&table->columns[i]);
    for (size_t i = 0; i < table->column_count; i++) NN_TRY(rows_check_column(table, &table->columns[i]));
    if (table->dropped > 0)
        nn_log_warning("%lld of %lld rows lack a value and were dropped", (long long)table->dropped,
                       (long long)(table->rows + table->dropped));
    table->path = 0;
    return NN_OK;
}

nn_status nn_csv_table_next(nn_csv_table *table, nn_csv_record *record)
{
    do {
        NN_TRY(rows_next_row(table, record));
        if (record->count == 0)
            NN_FAIL(NN_ERROR_IO, "%s: a file changed during the import: import it again", table->paths[0]);
    } while (table->options->missing == NN_CSV_MISSING_DROP &&
             rows_lacking(table, record) < table->column_count);
    return NN_OK;
}
