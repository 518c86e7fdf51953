#include "import/csv_targets.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "import/like.h"

/* A column with at most this many different whole numbers holds classes. */
#define TARGETS_CLASSES_AUTO 20
#define TARGETS_CLASSES_MAX 65536

const char *const nn_csv_target_choices[] = {"auto", "class", "value", NULL};

/* The classes of an earlier import, if its y holds classes. */
static nn_status targets_like(const nn_import *import, nn_csv_table *table, nn_csv_targets *targets)
{
    nn_import_like_field earlier;
    nn_text_list names = {0};
    if (targets->outputs.count == 0 || !nn_import_like_find(import->like, "y", &earlier)) return NN_OK;
    nn_csv_column *column = &table->columns[targets->outputs.items[0].column];
    NN_TRY(nn_import_like_names(import->like, "y_classes", &names));
    if (names.count == 0 && !nn_store_type_is_integer(earlier.type))
        return nn_csv_outputs_like(import, table, "y", &targets->outputs);
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

nn_status nn_csv_targets_choose(const nn_import *import, const nn_csv_target_options *options,
                                nn_csv_table *table, size_t usual, nn_csv_targets *targets)
{
    bool none = options->y.count == 1 && strcmp(options->y.items[0], "none") == 0;
    if (!none && options->y.count > 0)
        NN_TRY(nn_csv_outputs_find(table, "y", &options->y, &targets->outputs));
    if (!none && options->y.count == 0 && usual < table->column_count)
        NN_TRY(nn_csv_outputs_add(table, usual, &targets->outputs));
    if (options->target == NN_CSV_TARGET_CLASS && targets->outputs.count > 1)
        NN_FAIL(NN_ERROR_USAGE, "--target class: y has %zu columns, but classes need a single one",
                targets->outputs.count);
    for (size_t i = 0; i < targets->outputs.count; i++) {
        nn_csv_column *column = &table->columns[targets->outputs.items[i].column];
        column->target = true;
        if (targets->outputs.count > 1 || options->target == NN_CSV_TARGET_VALUE || column->date) continue;
        column->kinds_max =
            options->target == NN_CSV_TARGET_CLASS ? TARGETS_CLASSES_MAX : TARGETS_CLASSES_AUTO;
    }
    return targets_like(import, table, targets);
}

nn_status nn_csv_targets_decide(const nn_csv_target_options *options, nn_csv_table *table,
                                nn_csv_targets *targets)
{
    for (size_t i = 0; i < targets->outputs.count; i++) {
        nn_csv_column *column = &table->columns[targets->outputs.items[i].column];
        bool classes = column->kind == NN_CSV_NAMES || (column->whole && !column->many);
        if (column->kind == NN_CSV_NAMES && targets->outputs.count > 1)
            NN_FAIL(NN_ERROR_DATA, "column '%s' holds names ('%s'): classes must be the only column of --y",
                    column->title, column->names.items[0]);
        if (column->kind == NN_CSV_NAMES && options->target == NN_CSV_TARGET_VALUE)
            NN_FAIL(NN_ERROR_DATA, "--target value: column '%s' holds names ('%s')", column->title,
                    column->names.items[0]);
        if (options->target == NN_CSV_TARGET_CLASS && !classes)
            NN_FAIL(NN_ERROR_DATA, "--target class: column '%s' holds %s", column->title,
                    column->whole ? "too many different numbers"
                    : column->long_numbers
                        ? "numbers with more than 15 digits: use --categorical to treat them as names"
                        : "numbers that are not whole");
        /* Values that are all different in few rows are not classes. */
        bool repeated = (int64_t)column->names.count * 2 <= table->rows;
        targets->label =
            column->coded || (classes && column->names.count > 0 && !column->date &&
                              (repeated || column->fixed || options->target == NN_CSV_TARGET_CLASS ||
                               column->kind == NN_CSV_NAMES));
        column->label = targets->label;
    }
    return NN_OK;
}

/* Whole numbers from 0 without gaps are their own codes. */
static bool targets_are_coded(const nn_csv_column *column)
{
    const nn_csv_names *names = &column->names;
    if (column->coded) return true;
    if (column->kind != NN_CSV_NUMBERS || column->fixed) return false;
    return strcmp(names->items[0], "0") == 0 &&
           (size_t)strtoull(names->items[names->count - 1], NULL, 10) == names->count - 1;
}

nn_status nn_csv_targets_add(nn_import *import, const nn_csv_table *table, nn_csv_targets *targets,
                             nn_import_table *rows)
{
    nn_import_field *field;
    const nn_csv_outputs *outputs = &targets->outputs;
    if (outputs->count == 0) return NN_OK;
    nn_shape shape = {.dimensions = outputs->count > 1, .extents = {(int64_t)outputs->count}};
    const nn_csv_column *column = &table->columns[outputs->items[0].column];
    bool small = column->coded ? column->most < 256 : column->names.count <= 256;
    targets->type = !targets->label ? NN_STORE_F64 : small ? NN_STORE_U8 : NN_STORE_I32;
    NN_TRY(nn_import_add_field(rows, "y", targets->type, shape, &field));
    field->label = targets->label;
    if (!targets->label) return nn_csv_outputs_describe(import, table, outputs, field);
    for (size_t i = 0; i < column->names.count && !targets_are_coded(column); i++)
        NN_TRY(nn_list_add(&field->classes, column->names.items[i]));
    return NN_OK;
}

nn_status nn_csv_targets_read(const nn_csv_table *table, const nn_csv_targets *targets,
                              const nn_csv_record *record, int64_t row, void *values)
{
    int64_t class;
    const nn_csv_outputs *outputs = &targets->outputs;
    if (outputs->count == 0) return NN_OK;
    size_t column = outputs->items[0].column;
    if (!targets->label)
        return nn_csv_outputs_read(table, outputs, record, (double *)values + (size_t)row * outputs->count);
    NN_TRY(
        nn_csv_column_class(table, &table->columns[column], &record->fields[column], record->line, &class));
    if (targets->type == NN_STORE_U8)
        ((uint8_t *)values)[row] = (uint8_t) class;
    else
        ((int32_t *)values)[row] = (int32_t) class;
    return NN_OK;
}
