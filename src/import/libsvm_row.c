#include "import/libsvm_row.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "import/csv_notation.h"

#define ROW_BLANKS " \t\r\v\f"
#define ROW_SHOWN 40

void nn_libsvm_row_release(nn_libsvm_row *row)
{
    nn_free(row->labels);
    nn_free(row->indices);
    nn_free(row->values);
    *row = (nn_libsvm_row){0};
}

static bool row_number(const char *text, double *number)
{
    static const nn_csv_notation notation = {.decimal = '.'};
    return nn_csv_number(&notation, text, number);
}

static bool row_integer(const char *text, int64_t *number)
{
    char *end;
    errno = 0;
    *number = strtoll(text, &end, 10);
    return isdigit((unsigned char)text[text[0] == '-']) && *end == '\0' && errno == 0;
}

/* ---- labels ---- */

static nn_status row_add_label(nn_libsvm_row *row, const char *text)
{
    if (row->label_count == row->label_capacity) {
        size_t capacity = 2 * row->label_capacity + 4;
        NN_TRY(nn_reallocate((void **)&row->labels, row->label_capacity, capacity, sizeof *row->labels,
                             "labels"));
        row->label_capacity = capacity;
    }
    if (!row_number(text, &row->labels[row->label_count]))
        NN_FAIL(NN_ERROR_DATA, "the label '%.*s' is not a number: a row is LABEL INDEX:VALUE INDEX:VALUE ...",
                ROW_SHOWN, text);
    row->label_count++;
    return NN_OK;
}

static nn_status row_parse_labels(nn_libsvm_row *row, char *word)
{
    while (word) {
        char *comma = strchr(word, ',');
        row->comma |= comma != NULL;
        if (comma) *comma = '\0';
        NN_TRY(row_add_label(row, word));
        word = comma ? comma + 1 : NULL;
    }
    return NN_OK;
}

/* ---- pairs ---- */

static nn_status row_add_pair(nn_libsvm_row *row, int64_t index, double value)
{
    if (row->count == row->capacity) {
        size_t capacity = 2 * row->capacity + 64;
        NN_TRY(nn_reallocate((void **)&row->indices, row->capacity, capacity, sizeof *row->indices, "a row"));
        NN_TRY(nn_reallocate((void **)&row->values, row->capacity, capacity, sizeof *row->values, "a row"));
        row->capacity = capacity;
    }
    row->indices[row->count] = index;
    row->values[row->count++] = value;
    return NN_OK;
}

static nn_status row_parse_pair(nn_libsvm_row *row, char *word)
{
    int64_t index;
    double value;
    char *colon = strchr(word, ':');
    if (!colon)
        NN_FAIL(NN_ERROR_DATA,
                "'%.*s' is not INDEX:VALUE: for rows of plain numbers, use `nntrain import csv`", ROW_SHOWN,
                word);
    *colon = '\0';
    if (strcmp(word, "qid") == 0) {
        if (row->has_query || row->count > 0 || !row_integer(colon + 1, &row->query))
            NN_FAIL(NN_ERROR_DATA, "'qid:%.*s': expected one integer after the label", ROW_SHOWN, colon + 1);
        row->has_query = true;
        return NN_OK;
    }
    if (!row_integer(word, &index) || index < 0 || index > INT32_MAX)
        NN_FAIL(NN_ERROR_DATA, "the index '%.*s' is not an integer from 0 to %d", ROW_SHOWN, word, INT32_MAX);
    if (!row_number(colon + 1, &value))
        NN_FAIL(NN_ERROR_DATA,
                "the value '%.*s' of index %lld is not a finite number: correct it, or leave the pair "
                "out, which means 0",
                ROW_SHOWN, colon + 1, (long long)index);
    if (row->count > 0 && index <= row->indices[row->count - 1])
        NN_FAIL(NN_ERROR_DATA, "the index %lld follows %lld: indices must ascend, each once",
                (long long)index, (long long)row->indices[row->count - 1]);
    return row_add_pair(row, index, value);
}

nn_status nn_libsvm_row_parse(nn_libsvm_row *row, char *line, bool *any)
{
    char *rest = NULL, *comment = strchr(line, '#');
    row->label_count = row->count = 0;
    row->comma = row->has_query = false;
    if (comment) *comment = '\0';
    char *word = strtok_r(line, ROW_BLANKS, &rest);
    *any = word != NULL;
    /* A row without a label begins with a pair. */
    if (word && !strchr(word, ':')) {
        NN_TRY(row_parse_labels(row, word));
        word = strtok_r(NULL, ROW_BLANKS, &rest);
    }
    for (; word; word = strtok_r(NULL, ROW_BLANKS, &rest)) NN_TRY(row_parse_pair(row, word));
    return NN_OK;
}
