/* Predictions as one array in NumPy's format, version 1.0, little-endian. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "predict/prediction_fields.h"
#include "predict/prediction_format.h"
#include "predict/prediction_names.h"
#include "store/growing.h"
#include "store/output.h"

/* The header is filled up with blanks, so that the values are aligned. */
#define NPY_ALIGNMENT 64
#define NPY_HEADER 512

typedef struct npy_sink {
    nn_store_growing *file;
    const nn_predicted_column *column;
} npy_sink;

/* What is written of a head unless columns are named: values; of classes the probabilities of all, or else
 * the class. */
static const nn_predicted_column *npy_column_of(const nn_predicted *predicted, int h)
{
    const nn_head *head = &predicted->trained->model->heads[h];
    const nn_predicted_column *probability = nn_predicted_find(predicted, NN_PREDICTED_PROBABILITY, h);
    if (!head->target.is_class) return nn_predicted_find(predicted, NN_PREDICTED_VALUE, h);
    bool all =
        probability && (head->rows * head->columns == 1 || !nn_predicted_is_single(predicted, probability));
    return all ? probability : nn_predicted_find(predicted, NN_PREDICTED_CLASS, h);
}

static nn_status npy_list(nn_predicted *predicted, bool named)
{
    if (named) return nn_prediction_fields_add_all(predicted);
    for (int h = 0; h < predicted->trained->model->head_count; h++) {
        const nn_predicted_column *column = npy_column_of(predicted, h);
        nn_text name = {0};
        nn_prediction_append_column(predicted, column, &name);
        nn_status status = name.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the names of columns")
                                       : nn_prediction_fields_add(predicted, name.bytes,
                                                                  (int)(column - predicted->columns), -1);
        nn_text_free(&name);
        NN_TRY(status);
    }
    return NN_OK;
}

static const nn_predicted_column *npy_column(const nn_predicted *predicted)
{
    return &predicted->columns[predicted->fields[0].column];
}

/* The type of the array in NumPy's words; NULL: texts. */
static const char *npy_type(const nn_predicted *predicted, const nn_predicted_column *column)
{
    nn_store_type id = nn_predicted_id_of(predicted, column->kind)->type;
    if (column->kind == NN_PREDICTED_PART || column->kind == NN_PREDICTED_FILE) return NULL;
    if (column->kind == NN_PREDICTED_ID || column->kind == NN_PREDICTED_TIME)
        return id == NN_STORE_TEXT ? NULL : id == NN_STORE_F64 ? "f8" : id == NN_STORE_U64 ? "u8" : "i8";
    return column->kind >= NN_PREDICTED_PROBABILITY ? "f8" : "i8";
}

static nn_status npy_check(const nn_predicted *predicted, const char *path)
{
    const char *first = predicted->fields[0].name;
    nn_text names = {0};
    if (predicted->field_count == 1 && npy_type(predicted, npy_column(predicted))) return NN_OK;
    if (predicted->field_count == 1)
        NN_FAIL(NN_ERROR_USAGE,
                "predict: -o %s: an .npy file holds numbers, but '%s' is text: write .h5 or .csv", path,
                first);
    for (size_t f = 0; f < predicted->field_count; f++)
        nn_text_append(&names, "%s%s", f > 0 ? ", " : "", predicted->fields[f].name);
    nn_fail(
        NN_ERROR_USAGE,
        "predict: -o %s: an .npy file holds one array, but there are %zu (%s): write .h5 or .csv, or choose "
        "one, such as --columns %s",
        path, predicted->field_count, names.bytes ? names.bytes : "", first);
    nn_text_free(&names);
    return NN_ERROR_USAGE;
}

static void npy_append_shape(const nn_predicted *predicted, const nn_predicted_column *column, nn_text *text)
{
    nn_shape shape = nn_predicted_shape(predicted, column);
    nn_text_append(text, "(%lld,", (long long)nn_predicted_rows(predicted));
    for (int d = 0; d < shape.dimensions; d++)
        nn_text_append(text, "%s%lld", d > 0 ? ", " : " ", (long long)shape.extents[d]);
    nn_text_append(text, ")");
}

static nn_status npy_header(const nn_predicted *predicted, npy_sink *sink)
{
    static const unsigned char magic[] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    unsigned char header[NPY_HEADER];
    nn_text words = {0};
    nn_text_append(&words,
                   "{'descr': '<%s', 'fortran_order': False, 'shape': ", npy_type(predicted, sink->column));
    npy_append_shape(predicted, sink->column, &words);
    nn_text_append(&words, ", }");
    size_t begin = 10, end = begin + words.length + 1;
    end = (end + NPY_ALIGNMENT - 1) / NPY_ALIGNMENT * NPY_ALIGNMENT;
    bool fits = !words.failed && end <= sizeof header;
    memset(header, ' ', sizeof header);
    memcpy(header, magic, sizeof magic);
    if (fits) memcpy(header + begin, words.bytes, words.length);
    nn_text_free(&words);
    if (!fits) NN_FAIL(NN_ERROR_MEMORY, "out of memory for the header of an .npy file");
    header[8] = (unsigned char)((end - begin) & 0xFF);
    header[9] = (unsigned char)((end - begin) >> 8);
    header[end - 1] = '\n';
    return nn_store_growing_append(sink->file, header, end);
}

/* Arrays do not say what they are. */
static bool npy_is(const void *predicted, const char *path, const char *begin, size_t length)
{
    (void)predicted, (void)path;
    return nn_output_begins(begin, length, "\x93NUMPY");
}

static nn_status npy_create(const nn_predicted *predicted, const char *path, void **sink)
{
    npy_sink *made;
    NN_TRY(NN_ALLOCATE(&made, 1, "a file of predictions"));
    *sink = made;
    made->column = npy_column(predicted);
    NN_TRY(nn_store_growing_create(path, &made->file));
    return npy_header(predicted, made);
}

static nn_status npy_write(void *sink, int64_t rows, void *bytes, size_t size)
{
    npy_sink *self = sink;
    unsigned char *cells = nn_predicted_cells(self->column, bytes, rows, 0);
    size_t length = (size_t)(rows * self->column->width) * self->column->cell;
    const uint16_t one = 1;
    (void)size;
    for (size_t i = 0; *(const unsigned char *)&one == 0 && i < length; i += 8)
        for (size_t b = 0; b < 4; b++) {
            unsigned char byte = cells[i + b];
            cells[i + b] = cells[i + 7 - b];
            cells[i + 7 - b] = byte;
        }
    return nn_store_growing_append(self->file, cells, length);
}

static nn_status npy_commit(void *sink)
{
    return nn_store_growing_commit(((npy_sink *)sink)->file);
}

static void npy_destroy(void *sink)
{
    if (sink) nn_store_growing_destroy(((npy_sink *)sink)->file);
    nn_free(sink);
}

const nn_prediction_format nn_prediction_npy = {.ending = ".npy",
                                                .list = npy_list,
                                                .check = npy_check,
                                                .is = npy_is,
                                                .create = npy_create,
                                                .write = npy_write,
                                                .commit = npy_commit,
                                                .destroy = npy_destroy};
