/* Predictions as a CSV file: one line per row. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "predict/prediction_fields.h"
#include "predict/prediction_format.h"
#include "predict/prediction_names.h"
#include "step/each.h"
#include "store/growing.h"

/* Rows of a block whose lines are being made. */
typedef struct csv_lines {
    const nn_predicted *predicted;
    const nn_predicted_span *span;
    void *block;
    nn_text *texts; /* by task; tasks have equal shares of the rows */
    int64_t tasks;
    bool single[NN_MODEL_HEADS]; /* whether files have a head's target in single precision */
} csv_lines;

/* Quoted where the text would otherwise not stay in its column. */
static void csv_word(const char *word, size_t length, nn_text *text)
{
    bool plain = true;
    for (size_t i = 0; i < length; i++) plain = plain && !strchr(",\"\r\n", word[i]);
    if (plain) {
        nn_text_append(text, "%.*s", (int)length, word);
        return;
    }
    nn_text_append(text, "\"");
    for (size_t i = 0; i < length; i++) nn_text_append(text, word[i] == '"' ? "\"\"" : "%c", word[i]);
    nn_text_append(text, "\"");
}

/* Takes the word, which may have failed. */
static void csv_take_word(nn_text *word, nn_text *text)
{
    csv_word(word->bytes ? word->bytes : "", word->length, text);
    text->failed |= word->failed;
    nn_text_free(word);
}

/* ---- the columns ---- */

/* Adds a cell of a column, "y", or "y_close" where a target has several values, with what follows it. */
static nn_status csv_add(nn_predicted *predicted, const nn_predicted_column *column, int64_t cell,
                         int64_t value, const char *ending)
{
    const nn_model *model = predicted->trained->model;
    nn_text name = {0};
    nn_text_append(&name, "%s", model->heads[column->head].name);
    nn_prediction_append_value(model, column->head, value, &name);
    nn_text_append(&name, "%s", ending);
    nn_status status = name.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the names of columns")
                                   : nn_prediction_fields_add(predicted, name.bytes,
                                                              (int)(column - predicted->columns), cell);
    nn_text_free(&name);
    return status;
}

/* The probabilities of all classes of a row of a head. */
static nn_status csv_add_classes(nn_predicted *predicted, const nn_predicted_column *column, int64_t r)
{
    const nn_head *head = &predicted->trained->model->heads[column->head];
    nn_status status = NN_OK;
    for (int64_t c = 0; c < head->columns && status == NN_OK; c++) {
        nn_text ending = {0};
        nn_text_append(&ending, "_probability_");
        nn_prediction_append_class(&head->target, c, &ending);
        status = csv_add(predicted, column, r * head->columns + c, r, ending.bytes ? ending.bytes : "");
        nn_text_free(&ending);
    }
    return status;
}

static nn_status csv_add_class_head(nn_predicted *predicted, int h)
{
    const nn_predicted_column *label = nn_predicted_find(predicted, NN_PREDICTED_LABEL, h),
                              *class = nn_predicted_find(predicted, NN_PREDICTED_CLASS, h),
                              *probability = nn_predicted_find(predicted, NN_PREDICTED_PROBABILITY, h);
    for (int64_t r = 0; r < predicted->trained->model->heads[h].rows; r++) {
        if (label) NN_TRY(csv_add(predicted, label, r, r, ""));
        NN_TRY(csv_add(predicted, class, r, r, "_predicted"));
        if (probability && nn_predicted_is_single(predicted, probability))
            NN_TRY(csv_add(predicted, probability, r, r, "_probability"));
        else if (probability)
            NN_TRY(csv_add_classes(predicted, probability, r));
    }
    return NN_OK;
}

static nn_status csv_add_value_head(nn_predicted *predicted, int h)
{
    const nn_model *model = predicted->trained->model;
    const nn_predicted_column *truth = nn_predicted_find(predicted, NN_PREDICTED_TRUTH, h),
                              *value = nn_predicted_find(predicted, NN_PREDICTED_VALUE, h);
    const char *ending = nn_head_is_values(&model->heads[h]) ? "_predicted" : "_probability";
    for (int64_t i = 0; i < nn_head_output(model, h); i++) {
        if (truth) NN_TRY(csv_add(predicted, truth, i, i, ""));
        NN_TRY(csv_add(predicted, value, i, i, ending));
    }
    return NN_OK;
}

static nn_status csv_list(nn_predicted *predicted, bool named)
{
    (void)named;
    for (int c = 0; c < predicted->column_count && predicted->columns[c].head < 0; c++)
        NN_TRY(nn_prediction_fields_add(predicted,
                                        nn_prediction_origin(predicted, predicted->columns[c].kind), c, 0));
    for (int h = 0; h < predicted->trained->model->head_count; h++)
        NN_TRY(predicted->trained->model->heads[h].target.is_class ? csv_add_class_head(predicted, h)
                                                                   : csv_add_value_head(predicted, h));
    return NN_OK;
}

static void csv_header(const nn_predicted *predicted, nn_text *text)
{
    for (size_t f = 0; f < predicted->field_count; f++) {
        const char *name = predicted->fields[f].name;
        if (f > 0) nn_text_append(text, ",");
        csv_word(name, strlen(name), text);
    }
    nn_text_append(text, "\n");
}

static bool csv_ends(const char *begin, const char *end, const char *with)
{
    size_t length = strlen(with);
    return (size_t)(end - begin) > length && memcmp(end - length, with, length) == 0;
}

/* Whether a column is named as only predictions are: y_predicted, y_probability, y_probability_CLASS. */
static bool csv_is_predicted(const char *begin, const char *end)
{
    static const char probability[] = "_probability_";
    if (end > begin && end[-1] == '"') end--;
    if (csv_ends(begin, end, "_predicted") || csv_ends(begin, end, "_probability")) return true;
    for (const char *at = begin + 1; at < end; at++)
        if ((size_t)(end - at) >= strlen(probability) && memcmp(at, probability, strlen(probability)) == 0)
            return true;
    return false;
}

/* By its header: that of this file, or one that has a column of predictions. */
static bool csv_is(const void *predicted, const char *path, const char *begin, size_t length)
{
    nn_text header = {0};
    (void)path;
    csv_header(predicted, &header);
    bool is = header.bytes && length > 0 &&
              strncmp(begin, header.bytes, length < header.length ? length : header.length) == 0;
    nn_text_free(&header);
    for (const char *at = begin, *end; !is && *at && *at != '\n'; at = *end == ',' ? end + 1 : end) {
        end = at + strcspn(at, ",\r\n");
        is = csv_is_predicted(at, end);
        if (*end == '\r') break;
    }
    return is;
}

/* ---- numbers ---- */

/* The fewest digits, at most `most`, that reproduce the number. */
static void csv_digits(double number, bool is_float, nn_text *text)
{
    char digits[40];
    int most = is_float ? 9 : 17;
    for (int count = is_float ? 6 : 15; count <= most; count++) {
        snprintf(digits, sizeof digits, "%.*g", count, number);
        double again = strtod(digits, NULL);
        if (is_float ? (float)again == (float)number : again == number) break;
    }
    nn_text_append(text, "%s", digits);
}

/* A target as it is in the file; an unknown one is empty. */
static void csv_truth(double value, bool single, nn_text *text)
{
    if (isnan(value)) return;
    if (value == floor(value) && fabs(value) < 0x1p53)
        nn_text_append(text, "%.0f", value);
    else
        csv_digits(value, single, text);
}

/* As many digits as the network's own numbers give, which are relative to the spread of the target. */
static void csv_value(const nn_head *head, nn_scalar scalar, int64_t i, double value, nn_text *text)
{
    const nn_scaling *scaling = &head->scaling;
    int digits = scalar == NN_SCALAR_F32 ? 9 : 17;
    double spreads = scaling->columns > 0 ? fabs(value * scaling->scale[i % scaling->columns]) : 1;
    if (spreads > 1 && isfinite(spreads)) digits += (int)ceil(log10(spreads));
    nn_text_append(text, isnan(value) ? "nan" : "%.*g", digits > 17 ? 17 : digits, value);
}

static void csv_probability(double value, nn_scalar scalar, nn_text *text)
{
    if (isnan(value))
        nn_text_append(text, "nan");
    else
        csv_digits(value, scalar == NN_SCALAR_F32, text);
}

/* ---- lines ---- */

static void csv_class(const nn_field *target, int64_t class, nn_text *text)
{
    nn_text word = {0};
    if (class >= 0) nn_prediction_append_class(target, class, &word);
    csv_take_word(&word, text);
}

static void csv_id(const nn_predicted_id *id, const void *cell, nn_text *text)
{
    double number;
    uint64_t whole;
    memcpy(&whole, cell, sizeof whole);
    memcpy(&number, cell, sizeof number);
    if (id->type == NN_STORE_TEXT)
        csv_word(cell, strlen(cell), text);
    else if (id->type == NN_STORE_U64)
        nn_text_append(text, "%llu", (unsigned long long)whole);
    else if (id->type == NN_STORE_I64)
        nn_text_append(text, "%lld", (long long)(int64_t)whole);
    else if (!isnan(number))
        csv_digits(number, false, text);
}

static void csv_origin(const nn_predicted *predicted, nn_predicted_kind kind, const void *cell, nn_text *text)
{
    const char *word = NULL;
    if (kind == NN_PREDICTED_TIME && nn_predicted_id_is_clear(&predicted->time, cell)) return;
    if (kind == NN_PREDICTED_PART) word = nn_prediction_part(*(const int64_t *)cell);
    if (kind == NN_PREDICTED_FILE) word = predicted->files.items[*(const int64_t *)cell];
    if (kind == NN_PREDICTED_ID || kind == NN_PREDICTED_TIME)
        csv_id(nn_predicted_id_of(predicted, kind), cell, text);
    else if (word)
        csv_word(word, strlen(word), text);
    else
        nn_text_append(text, "%lld", (long long)*(const int64_t *)cell);
}

/* A cell of a head. */
static void csv_cell(const csv_lines *lines, const nn_predicted_field *field, const void *cell, nn_text *text)
{
    const nn_predicted_column *column = &lines->predicted->columns[field->column];
    const nn_trained *trained = lines->predicted->trained;
    const nn_head *head = &trained->model->heads[column->head];
    nn_scalar scalar = trained->model->scalar;
    if (column->kind == NN_PREDICTED_LABEL) /* with the names of classes that only the data has */
        csv_class(nn_dataset_target(trained->data, column->head), *(const int64_t *)cell, text);
    else if (column->kind == NN_PREDICTED_CLASS)
        csv_class(&head->target, *(const int64_t *)cell, text);
    else if (column->kind == NN_PREDICTED_TRUTH)
        csv_truth(*(const double *)cell, lines->single[column->head], text);
    else if (column->kind == NN_PREDICTED_VALUE && nn_head_is_values(head))
        csv_value(head, scalar, field->cell, *(const double *)cell, text);
    else
        csv_probability(*(const double *)cell, scalar, text);
}

static void csv_line(const csv_lines *lines, int64_t row, nn_text *text)
{
    const nn_predicted *predicted = lines->predicted;
    for (size_t f = 0; f < predicted->field_count; f++) {
        const nn_predicted_field *field = &predicted->fields[f];
        const nn_predicted_column *column = &predicted->columns[field->column];
        const char *cells = nn_predicted_cells(column, lines->block, lines->span->rows, row);
        const void *cell = cells + (size_t)field->cell * column->cell;
        if (f > 0) nn_text_append(text, ",");
        if (column->head < 0)
            csv_origin(predicted, column->kind, cell, text);
        else
            csv_cell(lines, field, cell, text);
    }
    nn_text_append(text, "\n");
}

static void csv_share(void *context, int64_t index, int thread)
{
    const csv_lines *lines = context;
    int64_t rows = lines->span->rows, begin = rows * index / lines->tasks;
    (void)thread;
    for (int64_t row = begin;
         row < rows * (index + 1) / lines->tasks && !nn_predicted_is_stopped(lines->predicted); row++)
        csv_line(lines, row, &lines->texts[index]);
}

static nn_status csv_encode(const nn_predicted *predicted, const nn_predicted_span *span, void *block,
                            nn_text *text)
{
    csv_lines lines = {.predicted = predicted, .span = span, .block = block, .tasks = predicted->threads};
    for (int h = 0; h < predicted->trained->model->head_count; h++)
        lines.single[h] = nn_predicted_find(predicted, NN_PREDICTED_TRUTH, h) &&
                          nn_dataset_is_single(predicted->trained->data, span->part, h);
    NN_TRY(NN_ALLOCATE(&lines.texts, lines.tasks, "the lines of a CSV file"));
    nn_step_each(predicted->threads, lines.tasks, csv_share, &lines);
    for (int64_t t = 0; t < lines.tasks; t++) {
        if (lines.texts[t].length > 0) nn_text_append(text, "%s", lines.texts[t].bytes);
        text->failed |= lines.texts[t].failed;
        nn_text_free(&lines.texts[t]);
    }
    nn_free(lines.texts);
    if (text->failed)
        NN_FAIL(NN_ERROR_MEMORY, "out of memory for %lld rows of predictions", (long long)span->rows);
    return NN_OK;
}

/* ---- the file ---- */

static nn_status csv_create(const nn_predicted *predicted, const char *path, void **sink)
{
    nn_store_growing *file = NULL;
    nn_text header = {0};
    NN_TRY(nn_store_growing_create(path, &file));
    *sink = file;
    csv_header(predicted, &header);
    nn_status status = header.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the header of %s", path)
                                     : nn_store_growing_append(file, header.bytes, header.length);
    nn_text_free(&header);
    return status;
}

static nn_status csv_write(void *sink, int64_t rows, void *bytes, size_t size)
{
    (void)rows;
    return nn_store_growing_append(sink, bytes, size);
}

static nn_status csv_commit(void *sink)
{
    return nn_store_growing_commit(sink);
}

static void csv_destroy(void *sink)
{
    nn_store_growing_destroy(sink);
}

const nn_prediction_format nn_prediction_csv = {.ending = ".csv",
                                                .list = csv_list,
                                                .encode = csv_encode,
                                                .is = csv_is,
                                                .create = csv_create,
                                                .write = csv_write,
                                                .commit = csv_commit,
                                                .destroy = csv_destroy};
