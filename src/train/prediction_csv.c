/* Predictions as a CSV file: one line per row. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "step/each.h"
#include "store/growing.h"
#include "train/prediction_format.h"

/* Rows of a block whose lines are being made. */
typedef struct csv_lines {
    const nn_predicted *predicted;
    const nn_predicted_span *span;
    void *block;
    nn_text *texts; /* by task; tasks have equal shares of the rows */
    int64_t tasks;
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

/* ---- the header ---- */

/* Names of columns, as far as there was memory for them. */
typedef struct csv_names {
    nn_text_list list;
    nn_status status;
} csv_names;

/* "y", or "y_close" where a target has several values. */
static void csv_name(const nn_model *model, int h, int64_t value, const char *ending, csv_names *names)
{
    nn_text name = {0};
    nn_text_append(&name, "%s", model->heads[h].name);
    nn_prediction_append_value(model, h, value, &name);
    nn_text_append(&name, "%s", ending);
    if (names->status == NN_OK)
        names->status = name.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the names of columns")
                                    : nn_list_add(&names->list, name.bytes);
    nn_text_free(&name);
}

static void csv_class_names(const nn_predicted *predicted, int h, csv_names *names)
{
    const nn_model *model = predicted->trained->model;
    const nn_head *head = &model->heads[h];
    for (int64_t r = 0; r < head->rows; r++) {
        if (nn_predicted_find(predicted, NN_PREDICTED_LABEL, h)) csv_name(model, h, r, "", names);
        csv_name(model, h, r, "_predicted", names);
        if (head->rows > 1 || head->columns == 1) csv_name(model, h, r, "_probability", names);
    }
    for (int64_t c = 0; head->rows == 1 && head->columns > 1 && c < head->columns; c++) {
        nn_text ending = {0};
        nn_text_append(&ending, "_probability_");
        nn_prediction_append_class(&head->target, c, &ending);
        csv_name(model, h, 0, ending.bytes ? ending.bytes : "", names);
        nn_text_free(&ending);
    }
}

static void csv_value_names(const nn_predicted *predicted, int h, csv_names *names)
{
    const nn_model *model = predicted->trained->model;
    const char *ending = nn_head_is_values(&model->heads[h]) ? "_predicted" : "_probability";
    for (int64_t i = 0; i < nn_head_output(model, h); i++) {
        if (nn_predicted_find(predicted, NN_PREDICTED_TRUTH, h)) csv_name(model, h, i, "", names);
        csv_name(model, h, i, ending, names);
    }
}

/* Of the origins only: others can be as many as an image has values, and differ from one another. */
static nn_status csv_check_origins(const nn_predicted *predicted, const nn_text_list *names)
{
    for (size_t c = 0; c < (size_t)predicted->column_count && predicted->columns[c].head < 0; c++)
        for (size_t n = 0; n < names->count; n++)
            if (n != c && strcmp(names->items[n], names->items[c]) == 0)
                return nn_prediction_name_taken(predicted, names->items[c]);
    return NN_OK;
}

static nn_status csv_list_names(const nn_predicted *predicted, nn_text_list *list)
{
    csv_names names = {.status = NN_OK};
    for (int c = 0; c < predicted->column_count && predicted->columns[c].head < 0; c++)
        if (names.status == NN_OK)
            names.status =
                nn_list_add(&names.list, nn_prediction_origin(predicted, predicted->columns[c].kind));
    for (int h = 0; h < predicted->trained->model->head_count; h++)
        if (predicted->trained->model->heads[h].target.is_class)
            csv_class_names(predicted, h, &names);
        else
            csv_value_names(predicted, h, &names);
    *list = names.list;
    return names.status == NN_OK ? csv_check_origins(predicted, list) : names.status;
}

static void csv_header(const nn_text_list *names, nn_text *text)
{
    for (size_t n = 0; n < names->count; n++) {
        if (n > 0) nn_text_append(text, ",");
        csv_word(names->items[n], strlen(names->items[n]), text);
    }
    nn_text_append(text, "\n");
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
    nn_text_append(text, ",");
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
    nn_text_append(text, isnan(value) ? ",nan" : ",%.*g", digits > 17 ? 17 : digits, value);
}

static void csv_probability(double value, nn_scalar scalar, nn_text *text)
{
    nn_text_append(text, isnan(value) ? ",nan" : ",");
    if (!isnan(value)) csv_digits(value, scalar == NN_SCALAR_F32, text);
}

/* ---- lines ---- */

/* The cells of a row, or NULL if the table does not have the column. */
static const void *csv_cells(const csv_lines *lines, nn_predicted_kind kind, int head, int64_t row)
{
    const nn_predicted_column *column = nn_predicted_find(lines->predicted, kind, head);
    return column ? nn_predicted_cells(column, lines->block, lines->span->rows, row) : NULL;
}

static void csv_class(const nn_field *target, int64_t class, nn_text *text)
{
    nn_text word = {0};
    if (class >= 0) nn_prediction_append_class(target, class, &word);
    nn_text_append(text, ",");
    csv_take_word(&word, text);
}

static void csv_class_head(const csv_lines *lines, int h, int64_t row, nn_text *text)
{
    const nn_head *head = &lines->predicted->trained->model->heads[h];
    /* With the names of classes that only the data has. */
    const nn_field *target = nn_dataset_target(lines->predicted->trained->data, h);
    const int64_t *label = csv_cells(lines, NN_PREDICTED_LABEL, h, row),
                  *class = csv_cells(lines, NN_PREDICTED_CLASS, h, row);
    const double *probability = csv_cells(lines, NN_PREDICTED_PROBABILITY, h, row);
    nn_scalar scalar = lines->predicted->trained->model->scalar;
    bool single = head->rows > 1 || head->columns == 1;
    for (int64_t r = 0; r < head->rows; r++) {
        if (label) csv_class(target, label[r], text);
        csv_class(&head->target, class[r], text);
        if (single) csv_probability(probability[r], scalar, text);
    }
    for (int64_t c = 0; !single && c < head->columns; c++) csv_probability(probability[c], scalar, text);
}

static void csv_value_head(const csv_lines *lines, int h, int64_t row, nn_text *text)
{
    const nn_trained *trained = lines->predicted->trained;
    const nn_head *head = &trained->model->heads[h];
    const double *truth = csv_cells(lines, NN_PREDICTED_TRUTH, h, row),
                 *value = csv_cells(lines, NN_PREDICTED_VALUE, h, row);
    bool single = truth && nn_dataset_is_single(trained->data, lines->span->part, h);
    for (int64_t i = 0; i < nn_head_output(trained->model, h); i++) {
        if (truth) csv_truth(truth[i], single, text);
        if (nn_head_is_values(head))
            csv_value(head, trained->model->scalar, i, value[i], text);
        else
            csv_probability(value[i], trained->model->scalar, text);
    }
}

static void csv_id(const nn_predicted *predicted, const void *cell, nn_text *text)
{
    double number;
    uint64_t whole;
    memcpy(&whole, cell, sizeof whole);
    memcpy(&number, cell, sizeof number);
    if (predicted->id.type == NN_STORE_TEXT)
        csv_word(cell, strlen(cell), text);
    else if (predicted->id.type == NN_STORE_U64)
        nn_text_append(text, "%llu", (unsigned long long)whole);
    else if (predicted->id.type == NN_STORE_I64)
        nn_text_append(text, "%lld", (long long)(int64_t)whole);
    else if (!isnan(number))
        csv_digits(number, false, text);
}

static void csv_origin(const csv_lines *lines, const nn_predicted_column *column, int64_t row, nn_text *text)
{
    const nn_predicted *predicted = lines->predicted;
    const void *cell = nn_predicted_cells(column, lines->block, lines->span->rows, row);
    const char *word = NULL;
    if (column != predicted->columns) nn_text_append(text, ",");
    if (column->kind == NN_PREDICTED_ID) {
        csv_id(predicted, cell, text);
        return;
    }
    if (column->kind == NN_PREDICTED_PART) word = nn_prediction_part(*(const int64_t *)cell);
    if (column->kind == NN_PREDICTED_FILE) word = predicted->files.items[*(const int64_t *)cell];
    if (word)
        csv_word(word, strlen(word), text);
    else
        nn_text_append(text, "%lld", (long long)*(const int64_t *)cell);
}

static void csv_share(void *context, int64_t index, int thread)
{
    const csv_lines *lines = context;
    const nn_predicted *predicted = lines->predicted;
    int64_t rows = lines->span->rows, begin = rows * index / lines->tasks;
    nn_text *text = &lines->texts[index];
    (void)thread;
    for (int64_t row = begin; row < rows * (index + 1) / lines->tasks; row++) {
        for (int c = 0; c < predicted->column_count && predicted->columns[c].head < 0; c++)
            csv_origin(lines, &predicted->columns[c], row, text);
        for (int h = 0; h < predicted->trained->model->head_count; h++)
            if (predicted->trained->model->heads[h].target.is_class)
                csv_class_head(lines, h, row, text);
            else
                csv_value_head(lines, h, row, text);
        nn_text_append(text, "\n");
    }
}

static nn_status csv_encode(const nn_predicted *predicted, const nn_predicted_span *span, void *block,
                            nn_text *text)
{
    csv_lines lines = {.predicted = predicted, .span = span, .block = block, .tasks = predicted->threads};
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
    nn_text_list names = {0};
    nn_text header = {0};
    nn_status status = csv_list_names(predicted, &names);
    if (status == NN_OK) status = nn_store_growing_create(path, &file);
    *sink = file;
    if (status == NN_OK) {
        csv_header(&names, &header);
        status = header.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the header of %s", path)
                               : nn_store_growing_append(file, header.bytes, header.length);
    }
    nn_text_free(&header);
    nn_list_release(&names);
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
                                                .encode = csv_encode,
                                                .create = csv_create,
                                                .write = csv_write,
                                                .commit = csv_commit,
                                                .destroy = csv_destroy};
