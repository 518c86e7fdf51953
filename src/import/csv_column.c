/* What a column holds. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "import/csv_table.h"

#define COLUMN_NAMES_MAX 65536
#define COLUMN_WHOLE_MAX 9007199254740992.0 /* 2^53 */
#define COLUMN_SHOWN 40

bool nn_csv_missing(const nn_csv_options *options, const nn_csv_field *field)
{
    if (field->length == 0) return true;
    for (size_t i = 0; i < options->missing_values.count; i++)
        if (strcmp(options->missing_values.items[i], field->text) == 0) return true;
    return false;
}

bool nn_csv_is_utf8(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at) {
        size_t follow = *at < 0x80 ? 0 : *at >= 0xf0 ? 3 : *at >= 0xe0 ? 2 : 1;
        if ((*at >= 0x80 && *at < 0xc2) || *at > 0xf4) return false;
        for (at++; follow > 0; follow--, at++)
            if ((*at & 0xc0) != 0x80) return false;
    }
    return true;
}

/* ---- first pass ---- */

static nn_status column_meet_name(nn_csv_column *column, const nn_csv_field *field, const char *path,
                                  int64_t line)
{
    if (nn_csv_names_find(&column->names, field->text, field->length) >= 0) return NN_OK;
    if (!nn_csv_is_utf8(field->text))
        NN_FAIL(NN_ERROR_DATA,
                "%s:%lld: column '%s': a name that is not UTF-8: convert the file, such as with iconv -f "
                "latin1 -t UTF-8",
                path, (long long)line, column->title);
    if (column->names.count == COLUMN_NAMES_MAX)
        NN_FAIL(NN_ERROR_DATA,
                "%s:%lld: column '%s' holds more than %d different words ('%.*s'): it cannot be used as a "
                "category; leave the column out",
                path, (long long)line, column->title, COLUMN_NAMES_MAX, COLUMN_SHOWN, field->text);
    return nn_csv_names_add(&column->names, field->text, field->length);
}

/* Different whole numbers, under one text each. */
static nn_status column_meet_whole(nn_csv_column *column, double number)
{
    char text[32];
    column->whole &= number == floor(number) && fabs(number) < COLUMN_WHOLE_MAX;
    if (!column->whole || column->many || column->kinds_max == 0) return NN_OK;
    int length = snprintf(text, sizeof text, "%lld", (long long)number);
    NN_TRY(nn_csv_names_add(&column->names, text, (size_t)length));
    column->many = column->names.count > (size_t)column->kinds_max;
    return NN_OK;
}

nn_status nn_csv_column_meet(nn_csv_column *column, const nn_csv_field *field, const char *path, int64_t line)
{
    double number = 0;
    bool is_number = column->kind != NN_CSV_NAMES && nn_csv_number(field, &number);
    if (column->kind == NN_CSV_UNKNOWN) column->kind = is_number ? NN_CSV_NUMBERS : NN_CSV_NAMES;
    if (column->values == 0) column->whole = is_number;
    column->values++;
    if (column->kind == NN_CSV_NAMES) return column_meet_name(column, field, path, line);
    if (!is_number)
        NN_FAIL(NN_ERROR_DATA,
                "%s:%lld: column '%s': '%.*s' is not a number, as the values above it are: correct it, count "
                "it as missing with --missing-values, or take all values as names with --categorical '%s'",
                path, (long long)line, column->title, COLUMN_SHOWN, field->text, column->title);
    column->sum += number;
    return column_meet_whole(column, number);
}

void nn_csv_column_settle(nn_csv_column *column)
{
    if (column->values > 0) column->mean = column->sum / (double)column->values;
    if (column->kind == NN_CSV_NUMBERS && (column->many || !column->whole))
        nn_csv_names_release(&column->names);
    nn_csv_names_sort(&column->names, column->kind == NN_CSV_NUMBERS);
}

/* ---- second pass ---- */

static nn_status column_changed(const nn_csv_table *table, const nn_csv_column *column, int64_t line)
{
    NN_FAIL(NN_ERROR_IO, "%s:%lld: column '%s': the file was changed while it was read: import it again",
            nn_csv_path(table->reader), (long long)line, column->title);
}

nn_status nn_csv_column_value(const nn_csv_table *table, const nn_csv_column *column,
                              const nn_csv_field *field, int64_t line, double *value)
{
    *value = column->mean;
    if (nn_csv_missing(table->options, field)) return NN_OK;
    if (column->kind == NN_CSV_NUMBERS)
        return nn_csv_number(field, value) ? NN_OK : column_changed(table, column, line);
    int64_t code = nn_csv_names_find(&column->names, field->text, field->length);
    *value = (double)code;
    return code >= 0 ? NN_OK : column_changed(table, column, line);
}

nn_status nn_csv_column_class(const nn_csv_table *table, const nn_csv_column *column,
                              const nn_csv_field *field, int64_t line, int64_t *class)
{
    double number;
    char text[32];
    if (column->kind == NN_CSV_NAMES) {
        *class = nn_csv_names_find(&column->names, field->text, field->length);
    } else {
        if (!nn_csv_number(field, &number) || fabs(number) >= COLUMN_WHOLE_MAX)
            return column_changed(table, column, line);
        int length = snprintf(text, sizeof text, "%lld", (long long)number);
        *class = nn_csv_names_find(&column->names, text, (size_t)length);
    }
    return *class >= 0 ? NN_OK : column_changed(table, column, line);
}
