/* The contents of a column. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "import/csv_table.h"

#define COLUMN_NAMES_MAX 65536
#define COLUMN_WHOLE_MAX 9007199254740992.0 /* 2^53 */
#define COLUMN_CODE_MAX 2147483647.0
#define COLUMN_SHOWN 40
#define COLUMN_NAMES_SHOWN 12
#define COLUMN_NAMES_LOOK 4096

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

static nn_status column_unknown_name(const nn_csv_table *table, const nn_csv_column *column,
                                     const nn_csv_field *field, int64_t line)
{
    nn_text known = {0};
    for (size_t i = 0; i < column->names.count && i < COLUMN_NAMES_SHOWN; i++)
        nn_text_append(&known, "%s%s", i > 0 ? ", " : "", column->names.items[i]);
    if (column->names.count > COLUMN_NAMES_SHOWN) nn_text_append(&known, ", ...");
    nn_status status =
        nn_fail(NN_ERROR_DATA,
                "%s:%lld: column '%s': '%.*s' is not one of the %zu names of the earlier import (%s): "
                "remove such rows, count it as missing with --missing-values, or import the earlier "
                "data again together with these",
                table->paths[table->path], (long long)line, column->title, COLUMN_SHOWN, field->text,
                column->names.count, known.failed ? "" : known.bytes);
    nn_text_free(&known);
    return status;
}

static nn_status column_meet_name(const nn_csv_table *table, nn_csv_column *column, const nn_csv_field *field,
                                  int64_t line)
{
    const char *path = table->paths[table->path];
    if (nn_csv_names_find(&column->names, field->text, field->length) >= 0) return NN_OK;
    if (column->fixed) return column_unknown_name(table, column, field, line);
    if (!nn_csv_is_utf8(field->text))
        NN_FAIL(NN_ERROR_DATA,
                "%s:%lld: column '%s': a name is not UTF-8: convert the file, for example with iconv -f "
                "latin1 -t UTF-8",
                path, (long long)line, column->title);
    if (column->names.count == COLUMN_NAMES_MAX) {
        NN_TRY(nn_csv_check_names(table));
        NN_FAIL(NN_ERROR_DATA,
                "%s:%lld: column '%s' contains more than %d different words ('%.*s') and cannot be used as a "
                "category; leave it out with --drop '%s'",
                path, (long long)line, column->title, COLUMN_NAMES_MAX, COLUMN_SHOWN, field->text,
                column->title);
    }
    return nn_csv_names_add(&column->names, field->text, field->length);
}

/* Notes a whole number; different spellings of it count once. */
static nn_status column_meet_whole(nn_csv_column *column, double number)
{
    char text[32];
    column->whole &= number == floor(number) && fabs(number) < COLUMN_WHOLE_MAX;
    if (!column->whole || column->many || column->kinds_max == 0 || column->fixed) return NN_OK;
    int length = snprintf(text, sizeof text, "%lld", (long long)number);
    NN_TRY(nn_csv_names_add(&column->names, text, (size_t)length));
    column->many = column->names.count > (size_t)column->kinds_max;
    return NN_OK;
}

static nn_status column_not_a_number(const nn_csv_table *table, const nn_csv_column *column,
                                     const nn_csv_field *field, int64_t line)
{
    nn_csv_diagnosis diagnosis = {0};
    char *words[] = {(char *)field->text};
    bool known = nn_csv_diagnose(&table->notation, words, 1, column->title, &diagnosis);
    /* The values above have already shown which decimal mark is in use. */
    known = known && diagnosis.remedy.length > 0 && !(diagnosis.decimal && !column->whole && !column->fixed);
    nn_status status = nn_fail(
        NN_ERROR_DATA,
        "%s:%lld: column '%s': '%.*s' is not a number, unlike the values %s: %s%s%scorrect it%s count it as "
        "missing with --missing-values '%.*s'%s%s%s",
        table->paths[table->path], (long long)line, column->title, COLUMN_SHOWN, field->text,
        column->fixed ? "of the earlier import" : "above it", known ? "add " : "",
        known ? diagnosis.remedy.bytes : "", known ? ", " : "", column->fixed ? ", or" : ",", COLUMN_SHOWN,
        field->text, column->fixed ? "" : ", or treat all values as names with --categorical '",
        column->fixed ? "" : column->title, column->fixed ? "" : "'");
    nn_csv_diagnosis_release(&diagnosis);
    return status;
}

/* Digits that a double cannot hold; numbers such as 1e20 are meant as they are read. */
static bool column_loses_digits(const char *text, double number)
{
    return fabs(number) >= COLUMN_WHOLE_MAX && strspn(text, "+-0123456789") == strlen(text);
}

/* "01234", not "0", "0.5" or "00". */
static bool column_is_code(const char *text)
{
    return text[0] == '0' && text[1] && strspn(text, "0123456789") == strlen(text) &&
           strspn(text, "0") < strlen(text);
}

static nn_status column_meet_number(const nn_csv_table *table, nn_csv_column *column, double number)
{
    if (column->values == 1) {
        column->least = column->most = number;
        column->counts = (number == 0 || number == 1) && table->rows == 0;
    } else {
        column->counts &= number == column->last + 1;
    }
    if (number < column->least) column->least = number;
    if (number > column->most) column->most = number;
    column->last = number;
    column->sum += number;
    return column_meet_whole(column, number);
}

/* A number that is the code or the name of a class in the earlier import. */
static nn_status column_check_class(const nn_csv_table *table, const nn_csv_column *column,
                                    const nn_csv_field *field, int64_t line, double number)
{
    int64_t class;
    if (!column->target || !column->fixed || (!column->coded && column->names.count == 0)) return NN_OK;
    if (!column->coded && number != floor(number)) return column_unknown_name(table, column, field, line);
    if (column->coded && (number < 0 || number > COLUMN_CODE_MAX || number != floor(number)))
        NN_FAIL(
            NN_ERROR_DATA,
            "%s:%lld: column '%s': %.15g is not a class; in the earlier import, classes are integers from 0",
            table->paths[table->path], (long long)line, column->title, number);
    if (nn_csv_column_class(table, column, field, line, &class) == NN_OK) return NN_OK;
    nn_error_clear();
    return column_unknown_name(table, column, field, line);
}

static nn_status column_meet_date(const nn_csv_table *table, nn_csv_column *column, const nn_csv_field *field,
                                  int64_t line)
{
    double seconds;
    if (nn_csv_date(column->date, field->text, &seconds, NULL))
        return column_meet_number(table, column, seconds);
    NN_FAIL(NN_ERROR_DATA,
            "%s:%lld: column '%s': '%.*s' is not a date in the format '%s': correct it or the format in "
            "--date, or count "
            "it as missing with --missing-values '%.*s'",
            table->paths[table->path], (long long)line, column->title, COLUMN_SHOWN, field->text,
            column->date, COLUMN_SHOWN, field->text);
}

nn_status nn_csv_column_meet(const nn_csv_table *table, nn_csv_column *column, const nn_csv_field *field,
                             int64_t line)
{
    double number = 0;
    bool is_number = column->kind < NN_CSV_DATES && nn_csv_number(&table->notation, field->text, &number);
    if (column->kind == NN_CSV_UNKNOWN) column->kind = is_number ? NN_CSV_NUMBERS : NN_CSV_NAMES;
    if (column->values == 0) {
        column->whole = is_number;
        column->line = line;
        column->path = table->path;
    }
    column->values++;
    if (column->kind == NN_CSV_NAMES) return column_meet_name(table, column, field, line);
    if (column->kind == NN_CSV_DATES) return column_meet_date(table, column, field, line);
    if (!is_number) return column_not_a_number(table, column, field, line);
    NN_TRY(column_check_class(table, column, field, line, number));
    column->zeros |= column_is_code(field->text);
    column->long_numbers |= column_loses_digits(field->text, number);
    return column_meet_number(table, column, number);
}

void nn_csv_column_settle(nn_csv_column *column)
{
    if (column->values > 0) column->mean = column->sum / (double)column->values;
    if (column->fixed) return;
    if (column->kind == NN_CSV_NUMBERS && (column->many || !column->whole))
        nn_csv_names_release(&column->names);
    nn_csv_names_sort(&column->names, column->kind == NN_CSV_NUMBERS);
}

bool nn_csv_column_is_fine(const nn_csv_column *column)
{
    double size = fmax(fabs(column->least), fabs(column->most)), range = column->most - column->least;
    if (column->kind == NN_CSV_DATES) return size * FLT_EPSILON > 1; /* float32 would cut off seconds */
    return column->kind == NN_CSV_NUMBERS && size * FLT_EPSILON > range * 1e-3 && range > 0;
}

/* ---- names that were probably not meant as names ---- */

/* Whether a column of names was probably meant as numbers or dates. */
static bool column_is_odd(const nn_csv_table *table, const nn_csv_column *column, nn_csv_diagnosis *diagnosis)
{
    bool chosen = column->used && !column->named && !column->fixed && !column->time;
    if (!chosen || column->kind != NN_CSV_NAMES || column->names.count == 0) return false;
    size_t count = column->names.count < COLUMN_NAMES_LOOK ? column->names.count : COLUMN_NAMES_LOOK;
    return nn_csv_diagnose(&table->notation, column->names.items, count, column->title, diagnosis);
}

static void column_append_others(const nn_csv_table *table, size_t after, nn_text *text)
{
    size_t shown = 0;
    for (size_t i = after + 1; i < table->column_count; i++) {
        nn_csv_diagnosis diagnosis = {0};
        if (column_is_odd(table, &table->columns[i], &diagnosis) && shown++ < COLUMN_NAMES_SHOWN)
            nn_text_append(text, "%s '%s' (%s)", shown > 1 ? "," : "; so are", table->columns[i].title,
                           diagnosis.remedy.length > 0 ? diagnosis.remedy.bytes : "in another notation");
        nn_csv_diagnosis_release(&diagnosis);
    }
}

nn_status nn_csv_check_names(const nn_csv_table *table)
{
    for (size_t i = 0; i < table->column_count; i++) {
        const nn_csv_column *column = &table->columns[i];
        nn_csv_diagnosis diagnosis = {0};
        if (!column_is_odd(table, column, &diagnosis)) {
            nn_csv_diagnosis_release(&diagnosis);
            continue;
        }
        nn_text others = {0};
        nn_text_append(&others, "%s", "");
        if (diagnosis.remedy.length == 0)
            nn_text_append(&diagnosis.remedy,
                           "them again with the decimal mark of the other columns, because "
                           "no option reads both");
        column_append_others(table, i, &others);
        nn_status status =
            nn_fail(NN_ERROR_DATA,
                    "%s:%lld: column '%s' would become names, but %s: %s %s%s%s%s, "
                    "--categorical '%s' to treat them as names, or "
                    "--drop '%s' to leave the column out%s",
                    table->paths[column->path], (long long)column->line, column->title, diagnosis.what.bytes,
                    diagnosis.remedy.bytes[0] == '-' ? "add" : "write", diagnosis.remedy.bytes,
                    table->series ? ", --time '" : "", table->series ? column->title : "",
                    table->series ? "' if it is the time of the rows" : "", column->title, column->title,
                    others.failed ? "" : others.bytes);
        nn_csv_diagnosis_release(&diagnosis);
        nn_text_free(&others);
        return status;
    }
    return NN_OK;
}

/* ---- second pass ---- */

static nn_status column_changed(const nn_csv_table *table, const nn_csv_column *column, int64_t line)
{
    NN_FAIL(NN_ERROR_IO, "%s:%lld: column '%s': the file changed during the import: import it again",
            table->paths[table->path], (long long)line, column->title);
}

nn_status nn_csv_column_value(const nn_csv_table *table, const nn_csv_column *column,
                              const nn_csv_field *field, int64_t line, double *value)
{
    *value = column->mean;
    if (nn_csv_missing(table->options, field)) return NN_OK;
    if (column->kind == NN_CSV_DATES)
        return nn_csv_date(column->date, field->text, value, NULL) ? NN_OK
                                                                   : column_changed(table, column, line);
    if (column->kind == NN_CSV_NUMBERS)
        return nn_csv_number(&table->notation, field->text, value) ? NN_OK
                                                                   : column_changed(table, column, line);
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
        return *class >= 0 ? NN_OK : column_changed(table, column, line);
    }
    if (!nn_csv_number(&table->notation, field->text, &number) || fabs(number) >= COLUMN_WHOLE_MAX)
        return column_changed(table, column, line);
    *class = (int64_t)number;
    if (column->coded) return NN_OK;
    int length = snprintf(text, sizeof text, "%lld", (long long)number);
    *class = nn_csv_names_find(&column->names, text, (size_t)length);
    return *class >= 0 ? NN_OK : column_changed(table, column, line);
}
