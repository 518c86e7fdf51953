/* The columns that are written: those of the table, and the parts of its dates. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "import/csv_table.h"
#include "import/like.h"
#include "import/sources.h"

nn_status nn_csv_outputs_open(const nn_import *import, const char *field, const nn_csv_options *options,
                              nn_csv_table *table)
{
    char dataset[64];
    nn_text_list known = {0};
    snprintf(dataset, sizeof dataset, "%s_columns", field);
    nn_status status = nn_import_like_names(import->like, dataset, &known);
    if (status == NN_OK)
        status = nn_csv_table_open(import->sources, import->source_count, options, &known, table);
    nn_list_release(&known);
    return status;
}

void nn_csv_outputs_release(nn_csv_outputs *outputs)
{
    for (size_t i = 0; i < outputs->count; i++) nn_free(outputs->items[i].title);
    nn_free(outputs->items);
    *outputs = (nn_csv_outputs){0};
}

/* ---- choosing ---- */

static nn_status outputs_append(nn_csv_table *table, size_t column, int part, nn_csv_outputs *outputs)
{
    nn_text title = {0};
    NN_TRY(nn_reallocate((void **)&outputs->items, outputs->count, outputs->count + 1, sizeof *outputs->items,
                         "columns"));
    nn_csv_output *made = &outputs->items[outputs->count++];
    *made = (nn_csv_output){.column = column, .part = part};
    nn_text_append(&title, "%s%s%s", table->columns[column].title, part < 0 ? "" : "_",
                   part < 0 ? "" : nn_csv_date_parts[part]);
    nn_status status = title.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the names of columns")
                                    : nn_copy_text(title.bytes, &made->title);
    nn_text_free(&title);
    return status;
}

nn_status nn_csv_outputs_add(nn_csv_table *table, size_t column, nn_csv_outputs *outputs)
{
    const char *date = table->columns[column].date;
    if (table->columns[column].dropped)
        NN_FAIL(NN_ERROR_USAGE, "column '%s' is both selected and in --drop: remove one of them",
                table->columns[column].title);
    table->columns[column].used = true;
    if (!date || table->options->dates == NN_CSV_DATES_SECONDS)
        return outputs_append(table, column, -1, outputs);
    for (int part = 0; part < NN_CSV_DATE_PARTS; part++)
        if (nn_csv_date_has(date, part)) NN_TRY(outputs_append(table, column, part, outputs));
    return NN_OK;
}

nn_status nn_csv_outputs_find(nn_csv_table *table, const char *option, const nn_text_list *words,
                              nn_csv_outputs *outputs)
{
    for (size_t i = 0; i < words->count; i++) {
        size_t column;
        NN_TRY(nn_csv_table_find(table, option, words->items[i], &column));
        NN_TRY(nn_csv_outputs_add(table, column, outputs));
    }
    return NN_OK;
}

/* ---- matching an earlier import ---- */

/* What to do about a missing column. */
static const char *outputs_remedy(const nn_csv_table *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i].title, name) == 0)
            return "the options --x, --y, --drop and --dates must be those of the earlier import";
    return table->header
               ? "rename one in the header, use --dates as in the earlier import, or import without --like"
               : "its first row does not name the columns: add a row of names";
}

static nn_status outputs_fail_missing(const nn_import *import, const nn_csv_table *table,
                                      const nn_csv_outputs *outputs, const char *name)
{
    nn_text list = {0};
    for (size_t i = 0; i < outputs->count && i < 20; i++)
        nn_text_append(&list, "%s%s", i > 0 ? ", " : "", outputs->items[i].title);
    if (outputs->count > 20) nn_text_append(&list, ", ...");
    nn_status status = nn_fail(NN_ERROR_DATA, "%s has a column '%s', which is not among those of %s (%s): %s",
                               nn_import_like_path(import->like), name, import->sources[0],
                               list.failed || !list.bytes ? "none" : list.bytes, outputs_remedy(table, name));
    nn_text_free(&list);
    return status;
}

/* Moves the output with this title to `place`, from among those that follow. */
static bool outputs_move(nn_csv_outputs *outputs, const char *title, size_t place)
{
    for (size_t i = place; i < outputs->count; i++) {
        if (strcmp(outputs->items[i].title, title) != 0) continue;
        nn_csv_output found = outputs->items[i];
        outputs->items[i] = outputs->items[place];
        outputs->items[place] = found;
        return true;
    }
    return false;
}

static void outputs_cut(nn_csv_table *table, nn_csv_outputs *outputs, size_t count)
{
    for (size_t i = count; i < outputs->count; i++) table->columns[outputs->items[i].column].used = false;
    for (size_t i = count; i < outputs->count; i++) nn_free(outputs->items[i].title);
    outputs->count = count;
    for (size_t i = 0; i < count; i++) table->columns[outputs->items[i].column].used = true;
}

/* '/' would open a group, and '.' is one. */
static nn_status outputs_dataset(const char *field, const char *title, nn_text *dataset)
{
    nn_text_append(dataset, "%s_categories/%s", field, title);
    if (dataset->failed) NN_FAIL(NN_ERROR_MEMORY, "out of memory for the names of column '%s'", title);
    for (char *at = strchr(dataset->bytes, '/') + 1; *at; at++)
        if (*at == '/' || *at == '.') *at = '_';
    return NN_OK;
}

/* A column keeps its numbering of names, or its being numeric. */
static nn_status outputs_fix(const nn_import *import, const char *field, const char *title,
                             nn_csv_column *column)
{
    nn_text dataset = {0};
    nn_text_list names = {0};
    if (column->kind == NN_CSV_DATES) return NN_OK;
    nn_status status = outputs_dataset(field, title, &dataset);
    if (status == NN_OK) status = nn_import_like_names(import->like, dataset.bytes, &names);
    for (size_t i = 0; i < names.count && status == NN_OK; i++)
        status = nn_csv_names_add(&column->names, names.items[i], strlen(names.items[i]));
    if (status == NN_OK && column->named && names.count == 0)
        status = nn_fail(NN_ERROR_USAGE, "column '%s' holds numbers in %s: remove it from --categorical",
                         title, nn_import_like_path(import->like));
    column->fixed = true;
    column->kind = names.count > 0 ? NN_CSV_NAMES : NN_CSV_NUMBERS;
    nn_list_release(&names);
    nn_text_free(&dataset);
    return status;
}

nn_status nn_csv_outputs_like(const nn_import *import, nn_csv_table *table, const char *field,
                              nn_csv_outputs *outputs)
{
    char dataset[64];
    nn_text_list names = {0};
    nn_status status;
    snprintf(dataset, sizeof dataset, "%s_columns", field);
    NN_TRY(nn_import_like_names(import->like, dataset, &names));
    if (names.count == 0) return NN_OK;
    for (size_t i = 0; i < names.count; i++) {
        if (outputs_move(outputs, names.items[i], i)) continue;
        status = outputs_fail_missing(import, table, outputs, names.items[i]);
        nn_list_release(&names);
        return status;
    }
    outputs_cut(table, outputs, names.count);
    status = NN_OK;
    for (size_t i = 0; i < names.count && status == NN_OK; i++)
        status = outputs_fix(import, field, names.items[i], &table->columns[outputs->items[i].column]);
    nn_list_release(&names);
    return status;
}

/* ---- values ---- */

static nn_status outputs_read_part(const nn_csv_table *table, const nn_csv_output *output,
                                   const nn_csv_field *field, int64_t line, double *value)
{
    const nn_csv_column *column = &table->columns[output->column];
    double seconds, parts[NN_CSV_DATE_PARTS];
    if (!nn_csv_date(column->date, field->text, &seconds, parts))
        NN_FAIL(NN_ERROR_IO, "%s:%lld: column '%s': the file changed during the import: import it again",
                table->paths[table->path], (long long)line, column->title);
    *value = parts[output->part];
    return NN_OK;
}

nn_status nn_csv_outputs_read(const nn_csv_table *table, const nn_csv_outputs *outputs,
                              const nn_csv_record *record, double *values)
{
    for (size_t i = 0; i < outputs->count; i++) {
        const nn_csv_output *output = &outputs->items[i];
        const nn_csv_field *field = &record->fields[output->column];
        if (output->part >= 0)
            NN_TRY(outputs_read_part(table, output, field, record->line, &values[i]));
        else
            NN_TRY(
                nn_csv_column_value(table, &table->columns[output->column], field, record->line, &values[i]));
    }
    return NN_OK;
}

/* ---- what the file records about them ---- */

/* Titles that differ only in '/' and '.' would share a dataset. */
static nn_status outputs_check_dataset(const nn_csv_table *table, const nn_csv_outputs *outputs, size_t index)
{
    const char *title = table->columns[outputs->items[index].column].title;
    for (size_t i = 0; i < index; i++) {
        const nn_csv_column *other = &table->columns[outputs->items[i].column];
        const char *a = title, *b = other->title;
        for (; *a && (*a == *b || (strchr("/._", *a) && *b && strchr("/._", *b))); a++) b++;
        if (other->kind != NN_CSV_NAMES || *a || *b) continue;
        NN_FAIL(NN_ERROR_DATA,
                "columns '%s' and '%s' hold names, which would go to the same dataset: rename one in the "
                "header, or remove it with --drop",
                other->title, title);
    }
    return NN_OK;
}

static nn_status outputs_add_categories(nn_import *import, const nn_csv_column *column, const char *field)
{
    nn_text dataset = {0};
    nn_text_list *names = NULL;
    nn_status status = outputs_dataset(field, column->title, &dataset);
    if (status == NN_OK) status = nn_import_add_names(import, dataset.bytes, &names);
    nn_text_free(&dataset);
    for (size_t i = 0; i < column->names.count && status == NN_OK; i++)
        status = nn_list_add(names, column->names.items[i]);
    return status;
}

nn_status nn_csv_outputs_describe(nn_import *import, const nn_csv_table *table, const nn_csv_outputs *outputs,
                                  nn_import_field *field)
{
    field->narrow = true;
    for (size_t i = 0; i < outputs->count; i++) {
        const nn_csv_column *column = &table->columns[outputs->items[i].column];
        NN_TRY(nn_list_add(&field->columns, outputs->items[i].title));
        if (column->kind == NN_CSV_NAMES) NN_TRY(outputs_check_dataset(table, outputs, i));
        if (column->kind == NN_CSV_NAMES) NN_TRY(outputs_add_categories(import, column, field->name));
        field->narrow &= outputs->items[i].part >= 0 || !nn_csv_column_is_fine(column);
    }
    return NN_OK;
}
