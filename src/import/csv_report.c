/* Reports how each column was read. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "import/csv_table.h"

#define REPORT_COLUMNS_MAX 30
#define REPORT_NAMES_MAX 6
#define REPORT_SHOWN 24

static void report_kind(const nn_csv_table *table, const nn_csv_column *column, nn_text *text)
{
    if (column->dropped)
        nn_text_append(text, "left out");
    else if (!column->used)
        nn_text_append(text, "not used");
    else if (column->time && !column->date)
        nn_text_append(text, "time, left out");
    else if (column->kind == NN_CSV_DATES)
        nn_text_append(text, "%s, %s %s", column->time ? "time, left out" : "dates", column->date,
                       column->time                                  ? ""
                       : table->options->dates == NN_CSV_DATES_PARTS ? "as parts"
                                                                     : "as seconds");
    else if (column->label && column->names.count > 0)
        nn_text_append(text, "%zu classes", column->names.count);
    else if (column->label)
        nn_text_append(text, "classes");
    else if (column->kind == NN_CSV_NAMES)
        nn_text_append(text, "%zu categories", column->names.count);
    else
        nn_text_append(text, "%snumbers", column->whole ? "whole " : "");
}

static void report_time(double seconds, nn_text *text)
{
    char shown[32];
    time_t whole = (time_t)floor(seconds);
    struct tm parts;
    if (gmtime_r(&whole, &parts) && strftime(shown, sizeof shown, "%Y-%m-%d %H:%M:%S", &parts) > 0)
        nn_text_append(text, "%s", seconds >= 0 && seconds < 86400 ? shown + strlen("1970-01-01 ") : shown);
}

static void report_values(const nn_csv_column *column, nn_text *text)
{
    if (!column->used || column->values == 0 || (column->time && !column->date)) return;
    if (column->kind == NN_CSV_DATES) {
        report_time(column->least, text);
        nn_text_append(text, " to ");
        report_time(column->most, text);
    } else if (column->kind == NN_CSV_NUMBERS && (!column->label || column->names.count == 0)) {
        nn_text_append(text, "%.9g to %.9g", column->least, column->most);
    } else {
        for (size_t i = 0; i < column->names.count && i < REPORT_NAMES_MAX; i++)
            nn_text_append(text, "%s%.*s", i > 0 ? ", " : "", REPORT_SHOWN, column->names.items[i]);
        if (column->names.count > REPORT_NAMES_MAX) nn_text_append(text, ", ...");
    }
}

static void report_row(const nn_csv_table *table, const nn_csv_column *column, int width, nn_text *text)
{
    nn_text kind = {0}, values = {0};
    report_kind(table, column, &kind);
    nn_text_append(&values, "%s", "");
    report_values(column, &values);
    if (!kind.failed && !values.failed)
        nn_text_append(text, "  %-*.*s  %-28s  %7lld  %s\n", width, REPORT_SHOWN, column->title, kind.bytes,
                       (long long)column->absent, values.bytes);
    text->failed |= kind.failed || values.failed;
    nn_text_free(&kind);
    nn_text_free(&values);
}

static void report_delimiter(const nn_csv_table *table, nn_text *text)
{
    const char *name = table->delimiter == '\t' ? "tab" : table->delimiter == ' ' ? "blanks" : NULL;
    nn_text_append(text, "columns (delimiter %s%s%s, %s):\n", name ? "" : "'",
                   name ? name : (const char[]){table->delimiter, '\0'}, name ? "" : "'",
                   table->header ? "named by the first row" : "without names in the file");
}

/* ---- warnings ---- */

static void report_warn_of_digits(const nn_csv_column *column)
{
    if (column->long_numbers)
        nn_log_warning("column '%s' has integers beyond 2^53, whose last digits are lost: use --categorical "
                       "'%s' to treat them as names, or --drop '%s'",
                       column->title, column->title, column->title);
    if (column->zeros && !column->fixed)
        nn_log_warning("column '%s' has numbers with leading zeros, like codes, which are lost: use "
                       "--categorical '%s' to treat them as names, or --drop '%s'",
                       column->title, column->title, column->title);
}

/* The number, from 1, of the first column with this column's title; its own if there is none before it. */
static size_t report_first_titled(const nn_csv_table *table, size_t index)
{
    size_t first = 0;
    while (strcmp(table->columns[first].title, table->columns[index].title) != 0) first++;
    return first + 1;
}

void nn_csv_warn_of_columns(const nn_csv_table *table)
{
    for (size_t i = 0; i < table->column_count; i++) {
        const nn_csv_column *column = &table->columns[i];
        size_t first = report_first_titled(table, i);
        if (first != i + 1 && !column->dropped && !table->columns[first - 1].dropped)
            nn_log_warning("columns %zu and %zu are both named '%s': rename one in the header, or drop it by "
                           "its number with --drop %zu",
                           first, i + 1, column->title, i + 1);
        if (column->used && column->kind == NN_CSV_NUMBERS) report_warn_of_digits(column);
    }
}

void nn_csv_append_report(const nn_csv_table *table, nn_text *text)
{
    int width = 4;
    size_t shown = 0, left = 0;
    for (size_t i = 0; i < table->column_count; i++) {
        size_t length = strlen(table->columns[i].title);
        if ((int)length > width) width = length < REPORT_SHOWN ? (int)length : REPORT_SHOWN;
    }
    report_delimiter(table, text);
    nn_text_append(text, "  %-*s  %-28s  %7s  %s\n", width, "name", "read as", "missing", "range or names");
    for (size_t i = 0; i < table->column_count; i++) {
        const nn_csv_column *column = &table->columns[i];
        bool plain = column->used && column->kind == NN_CSV_NUMBERS && !column->target && column->absent == 0;
        if (plain && shown >= REPORT_COLUMNS_MAX) {
            left++;
            continue;
        }
        report_row(table, column, width, text);
        shown++;
    }
    if (left > 0) nn_text_append(text, "  and %zu more columns of numbers without missing values\n", left);
}
