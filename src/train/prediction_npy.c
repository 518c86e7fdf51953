/* Predictions as one array in NumPy's format, version 1.0, little-endian. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "store/growing.h"
#include "train/prediction_format.h"

/* The header is filled up with blanks, so that the values are aligned. */
#define NPY_ALIGNMENT 64
#define NPY_HEADER 512

typedef struct npy_sink {
    nn_store_growing *file;
    const nn_predicted_column *column;
} npy_sink;

/* The only array: values; of classes the probabilities, or for every step the class. */
static const nn_predicted_column *npy_column(const nn_predicted *predicted)
{
    const nn_head *head = &predicted->trained->model->heads[0];
    if (!head->target.is_class) return nn_predicted_find(predicted, NN_PREDICTED_VALUE, 0);
    return nn_predicted_find(predicted, head->rows > 1 ? NN_PREDICTED_CLASS : NN_PREDICTED_PROBABILITY, 0);
}

static nn_status npy_check(const nn_predicted *predicted, const char *path)
{
    const nn_model *model = predicted->trained->model;
    nn_text names = {0};
    if (model->head_count == 1) return NN_OK;
    for (int h = 0; h < model->head_count; h++)
        nn_text_append(&names, "%s%s", h > 0 ? ", " : "", model->heads[h].name);
    nn_fail(NN_ERROR_USAGE,
            "predict: -o %s: an .npy file holds one array, but the network has %d outputs (%s): write .h5 or "
            ".csv",
            path, model->head_count, names.bytes ? names.bytes : "");
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
    unsigned char header[NPY_HEADER];
    nn_text words = {0};
    bool whole = sink->column->kind == NN_PREDICTED_CLASS;
    nn_text_append(&words, "{'descr': '<%s', 'fortran_order': False, 'shape': ", whole ? "i8" : "f8");
    npy_append_shape(predicted, sink->column, &words);
    nn_text_append(&words, ", }");
    size_t begin = 10, end = begin + words.length + 1;
    end = (end + NPY_ALIGNMENT - 1) / NPY_ALIGNMENT * NPY_ALIGNMENT;
    bool fits = !words.failed && end <= sizeof header;
    memset(header, ' ', sizeof header);
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    if (fits) memcpy(header + begin, words.bytes, words.length);
    nn_text_free(&words);
    if (!fits) NN_FAIL(NN_ERROR_MEMORY, "out of memory for the header of an .npy file");
    header[8] = (unsigned char)((end - begin) & 0xFF);
    header[9] = (unsigned char)((end - begin) >> 8);
    header[end - 1] = '\n';
    return nn_store_growing_append(sink->file, header, end);
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
                                                .check = npy_check,
                                                .create = npy_create,
                                                .write = npy_write,
                                                .commit = npy_commit,
                                                .destroy = npy_destroy};
