/*
 * Predictions as an HDF5 file that netCDF, xarray and h5py understand: one dataset per column, rows along the
 * dimension `sample`. Names of classes and values are coordinates along the other dimensions; where a row is
 * from are coordinates along `sample`.
 */
#include <stdio.h>
#include <string.h>

#include "base/least.h"
#include "base/list.h"
#include "base/memory.h"
#include "predict/prediction_fields.h"
#include "predict/prediction_format.h"
#include "predict/prediction_names.h"
#include "store/output.h"
#include "store/writer.h"

/* `sample`, the columns, and up to this many scales for each column of a head. */
#define H5_DATASETS (1 + NN_PREDICTED_COLUMNS * (1 + NN_MAX_DIMENSIONS))

/* The scale of the rows. */
#define H5_SAMPLE "sample"

/* Says whose file it is. */
#define H5_SOURCE "nntrain predict"

/* Units that an attribute lists, at most. */
#define H5_UNITS 100

/* Bytes that are written at a time. */
#define H5_BLOCK ((int64_t)1 << 20)

typedef struct h5_sink {
    const nn_predicted *predicted;
    nn_store_writer *writer;
    nn_store_output *sample, *outputs[NN_PREDICTED_COLUMNS]; /* by field */
    int64_t written;                                         /* rows */
    int64_t held, room; /* rows of a block that is not written yet, and how many it has room for */
    void *block;
    char **words;                 /* its texts; borrowed, as written */
    int64_t *numbers;             /* of its samples */
    char *names[2 * H5_DATASETS]; /* of datasets; owned, and borrowed by the scales below */
    size_t name_count;
    size_t use_count;
    nn_store_scale_use uses[H5_DATASETS];
} h5_sink;

static const nn_predicted_column *h5_column_of(const h5_sink *sink, size_t f)
{
    return &sink->predicted->columns[sink->predicted->fields[f].column];
}

/* ---- names ---- */

/* Adds BASE + ENDING to the sink's names; *name is borrowed. */
static nn_status h5_name(h5_sink *sink, const char *base, const char *ending, const char **name)
{
    nn_text text = {0};
    nn_text_append(&text, "%s%s", base, ending);
    if (text.failed || !text.bytes) {
        nn_text_free(&text);
        NN_FAIL(NN_ERROR_MEMORY, "out of memory for the names of predictions");
    }
    *name = sink->names[sink->name_count++] = text.bytes;
    return NN_OK;
}

/* Fails if another dataset has the name that was added last. */
static nn_status h5_expect_new(const h5_sink *sink)
{
    const char *name = sink->names[sink->name_count - 1];
    bool taken = strcmp(name, H5_SAMPLE) == 0;
    for (size_t n = 0; n + 1 < sink->name_count; n++) taken = taken || strcmp(sink->names[n], name) == 0;
    return taken ? nn_prediction_name_taken(sink->predicted, name) : NN_OK;
}

static void h5_use(h5_sink *sink, const char *dataset, int dimension, const char *scale)
{
    sink->uses[sink->use_count++] =
        (nn_store_scale_use){.dataset = dataset, .dimension = dimension, .scale = scale};
}

/* ---- scales ---- */

/* What the places along the last dimension of a column mean: a class, or a value with a name. */
static void h5_place(const nn_predicted *predicted, const nn_predicted_column *column, int64_t place,
                     nn_text *text)
{
    const nn_model *model = predicted->trained->model;
    const nn_head *head = &model->heads[column->head];
    nn_text value = {0};
    if (head->target.is_class)
        nn_prediction_append_class(&head->target, place, text);
    else {
        nn_prediction_append_value(model, column->head, place, &value);
        nn_text_append(text, "%s", value.bytes ? value.bytes + 1 : "");
        nn_text_free(&value);
    }
}

/* Whether the places along dimension `d` of a column's cells have names; otherwise they have numbers. */
static bool h5_is_named(const nn_predicted *predicted, const nn_predicted_column *column, nn_shape shape,
                        int d)
{
    const nn_head *head = &predicted->trained->model->heads[column->head];
    if (!head->target.is_class) return shape.dimensions == 1;
    return column->kind == NN_PREDICTED_PROBABILITY && !nn_predicted_is_single(predicted, column) &&
           d == shape.dimensions - 1;
}

static nn_status h5_put_names(h5_sink *sink, const nn_predicted_column *column, const char *scale,
                              int64_t count)
{
    nn_store_output *output;
    nn_text_list words = {0};
    const nn_store_layout layout = {.type = NN_STORE_TEXT, .rows = count};
    nn_status status = nn_store_writer_add(sink->writer, scale, &layout, &output);
    for (int64_t i = 0; i < count && status == NN_OK; i++) {
        nn_text text = {0};
        h5_place(sink->predicted, column, i, &text);
        status = nn_list_add(&words, text.bytes ? text.bytes : "");
        nn_text_free(&text);
    }
    if (status == NN_OK) status = nn_store_output_append(output, count, NN_STORE_TEXT, words.items);
    nn_list_release(&words);
    return status;
}

static nn_status h5_put_numbers(h5_sink *sink, const char *scale, int64_t count)
{
    nn_store_output *output;
    const nn_store_layout layout = {.type = NN_STORE_I64, .rows = count};
    NN_TRY(nn_store_writer_add(sink->writer, scale, &layout, &output));
    for (int64_t i = 0; i < count; i++) NN_TRY(nn_store_output_append(output, 1, NN_STORE_I64, &i));
    return NN_OK;
}

/* The scale of dimension `d` of a column's cells, which the columns of a head share where they agree. */
static nn_status h5_scale(h5_sink *sink, const nn_predicted_column *column, nn_shape shape, int d,
                          const char *dataset)
{
    const nn_head *head = &sink->predicted->trained->model->heads[column->head];
    bool named = h5_is_named(sink->predicted, column, shape, d);
    char ending[32];
    const char *scale = "";
    snprintf(ending, sizeof ending, named ? head->target.is_class ? "_class" : "_value" : "_dimension_%d",
             d + 1);
    NN_TRY(h5_name(sink, head->name, ending, &scale));
    h5_use(sink, dataset, d + 1, scale);
    for (size_t u = 0; u + 1 < sink->use_count; u++)
        if (strcmp(sink->uses[u].scale, scale) == 0) return NN_OK;
    NN_TRY(h5_expect_new(sink));
    return named ? h5_put_names(sink, column, scale, shape.extents[d])
                 : h5_put_numbers(sink, scale, shape.extents[d]);
}

/* ---- datasets ---- */

static nn_store_type h5_type(const nn_predicted *predicted, const nn_predicted_column *column)
{
    switch (column->kind) {
    case NN_PREDICTED_PART:
    case NN_PREDICTED_FILE:
        return NN_STORE_TEXT;
    case NN_PREDICTED_LABEL:
    case NN_PREDICTED_CLASS:
        return NN_STORE_I32;
    case NN_PREDICTED_PROBABILITY:
        return predicted->trained->model->scalar == NN_SCALAR_F32 ? NN_STORE_F32 : NN_STORE_F64;
    case NN_PREDICTED_TRUTH:
    case NN_PREDICTED_VALUE:
        return NN_STORE_F64;
    case NN_PREDICTED_ID:
    case NN_PREDICTED_TIME:
        return nn_predicted_id_of(predicted, column->kind)->type;
    default:
        return NN_STORE_I64;
    }
}

/* The coordinates that are not dimensions, as the CF conventions name them. */
static nn_status h5_attribute(h5_sink *sink, const char *dataset)
{
    const nn_predicted *predicted = sink->predicted;
    nn_text text = {0};
    for (size_t f = 0; f < predicted->field_count; f++)
        if (predicted->columns[predicted->fields[f].column].head < 0)
            nn_text_append(&text, "%s%s", text.length > 0 ? " " : "", predicted->fields[f].name);
    nn_status status = NN_OK;
    if (text.failed) status = nn_fail(NN_ERROR_MEMORY, "out of memory for the names of predictions");
    if (status == NN_OK && text.length > 0)
        status = nn_store_writer_put_attribute(sink->writer, dataset, "coordinates", text.bytes);
    nn_text_free(&text);
    return status;
}

/* Those of all values of a column; where they differ, a list, which is not called `units`. */
static nn_status h5_units(h5_sink *sink, const nn_predicted_column *column, const char *dataset)
{
    const nn_model *model = sink->predicted->trained->model;
    const char *first = nn_prediction_units(model, column->head, 0);
    bool values = column->kind == NN_PREDICTED_VALUE || column->kind == NN_PREDICTED_TRUTH, same = true;
    nn_text text = {0};
    if (!first || !values) return NN_OK;
    for (int64_t i = 0; i < column->width; i++) {
        const char *units = nn_prediction_units(model, column->head, i);
        same = same && strcmp(units, first) == 0;
        if (i < H5_UNITS) nn_text_append(&text, "%s%s", i > 0 ? ", " : "", units);
    }
    nn_status status = nn_store_writer_put_attribute(sink->writer, dataset, same ? "units" : "units_by_value",
                                                     same || !text.bytes ? first : text.bytes);
    nn_text_free(&text);
    return status;
}

/* What the values of a dataset mean, as its first file says it: xarray makes dates of times. */
static nn_status h5_id_attributes(h5_sink *sink, const nn_predicted_column *column, const char *dataset)
{
    static const char *const names[] = {"units", "calendar", "long_name", "standard_name"};
    const nn_predicted_id *id = nn_predicted_id_of(sink->predicted, column->kind);
    nn_store_file *file;
    NN_TRY(nn_store_open(sink->predicted->files.items[0], &file));
    nn_status status = NN_OK;
    for (size_t i = 0; i < sizeof names / sizeof *names && status == NN_OK; i++) {
        char *text = NULL;
        status = nn_store_find_attribute(file, id->dataset, names[i], &text);
        if (status == NN_OK && text)
            status = nn_store_writer_put_attribute(sink->writer, dataset, names[i], text);
        nn_free(text);
    }
    nn_store_close(file);
    if (status == NN_OK && column->kind == NN_PREDICTED_TIME && id->type == NN_STORE_I64)
        status = nn_store_writer_put_integer(sink->writer, dataset, "_FillValue", INT64_MIN);
    return status;
}

/* The size of the texts of a column: those of most rows, which have the first file, or the largest. */
static int64_t h5_text_bytes(const nn_predicted *predicted, const nn_predicted_column *column)
{
    if (column->kind == NN_PREDICTED_FILE) return (int64_t)strlen(predicted->files.items[0]);
    if (column->kind == NN_PREDICTED_PART) return (int64_t)strlen(nn_prediction_part(NN_TRAIN));
    bool dataset = column->kind == NN_PREDICTED_ID || column->kind == NN_PREDICTED_TIME;
    return dataset ? (int64_t)nn_predicted_id_of(predicted, column->kind)->cell : 0;
}

static nn_status h5_column(h5_sink *sink, size_t f)
{
    const nn_predicted_column *column = h5_column_of(sink, f);
    nn_shape shape = nn_predicted_shape(sink->predicted, column);
    nn_store_layout layout = {.type = h5_type(sink->predicted, column),
                              .dimensions = shape.dimensions,
                              .rows = nn_predicted_rows(sink->predicted),
                              .text_bytes = h5_text_bytes(sink->predicted, column)};
    const char *name = NULL;
    for (int d = 0; d < shape.dimensions; d++) layout.extents[d] = shape.extents[d];
    NN_TRY(h5_name(sink, sink->predicted->fields[f].name, "", &name));
    NN_TRY(h5_expect_new(sink));
    NN_TRY(nn_store_writer_add(sink->writer, name, &layout, &sink->outputs[f]));
    h5_use(sink, name, 0, H5_SAMPLE);
    for (int d = 0; d < shape.dimensions; d++) NN_TRY(h5_scale(sink, column, shape, d, name));
    if (column->kind == NN_PREDICTED_ID || column->kind == NN_PREDICTED_TIME)
        return h5_id_attributes(sink, column, name);
    if (column->head < 0) return NN_OK;
    NN_TRY(h5_units(sink, column, name));
    if (sink->predicted->trained->settings.data.window.length > 0)
        NN_TRY(nn_store_writer_put_integer(sink->writer, name, "horizon",
                                           sink->predicted->trained->settings.data.window.horizon));
    return h5_attribute(sink, name);
}

static nn_status h5_begin(h5_sink *sink, const char *path)
{
    const nn_store_layout sample = {.type = NN_STORE_I64, .rows = nn_predicted_rows(sink->predicted)};
    NN_TRY(nn_store_writer_create(path, &sink->writer));
    NN_TRY(nn_store_writer_add(sink->writer, H5_SAMPLE, &sample, &sink->sample));
    for (size_t f = 0; f < sink->predicted->field_count; f++) NN_TRY(h5_column(sink, f));
    NN_TRY(nn_store_writer_put_attribute(sink->writer, NULL, "Conventions", "CF-1.8"));
    NN_TRY(nn_store_writer_put_attribute(sink->writer, NULL, "source", H5_SOURCE));
    return nn_store_writer_put_scales(sink->writer, sink->use_count, sink->uses);
}

static bool h5_is(const void *predicted, const char *path, const char *begin, size_t length)
{
    (void)predicted, (void)begin, (void)length;
    return nn_output_has_attribute(path, "source", H5_SOURCE);
}

static nn_status h5_create(const nn_predicted *predicted, const char *path, void **sink)
{
    h5_sink *made;
    NN_TRY(NN_ALLOCATE(&made, 1, "a file of predictions"));
    *sink = made;
    made->predicted = predicted;
    made->room = nn_larger(1, H5_BLOCK / (int64_t)predicted->row_size);
    NN_TRY(nn_allocate(&made->block, (size_t)made->room, predicted->row_size, "a block of predictions"));
    NN_TRY(NN_ALLOCATE(&made->words, made->room, "the texts of a block"));
    NN_TRY(NN_ALLOCATE(&made->numbers, made->room, "the numbers of samples"));
    return h5_begin(made, path);
}

/* ---- rows ---- */

static nn_status h5_write_texts(h5_sink *sink, size_t f, void *cells)
{
    const nn_predicted *predicted = sink->predicted;
    nn_predicted_kind kind = h5_column_of(sink, f)->kind;
    for (int64_t i = 0; i < sink->held; i++)
        if (kind == NN_PREDICTED_ID || kind == NN_PREDICTED_TIME)
            sink->words[i] = (char *)cells + (size_t)i * nn_predicted_id_of(predicted, kind)->cell;
        else if (kind == NN_PREDICTED_FILE)
            sink->words[i] = predicted->files.items[((const int64_t *)cells)[i]];
        else
            sink->words[i] = (char *)(uintptr_t)nn_prediction_part(((const int64_t *)cells)[i]);
    return nn_store_output_append(sink->outputs[f], sink->held, NN_STORE_TEXT, sink->words);
}

static nn_status h5_write_column(h5_sink *sink, size_t f)
{
    const nn_predicted_column *column = h5_column_of(sink, f);
    void *cells = nn_predicted_cells(column, sink->block, sink->room, 0);
    if (h5_type(sink->predicted, column) == NN_STORE_TEXT) return h5_write_texts(sink, f, cells);
    nn_store_type type = column->kind >= NN_PREDICTED_PROBABILITY ? NN_STORE_F64 : NN_STORE_I64;
    if (column->kind == NN_PREDICTED_ID || column->kind == NN_PREDICTED_TIME)
        type = nn_predicted_id_of(sink->predicted, column->kind)->type;
    return nn_store_output_append(sink->outputs[f], sink->held, type, cells);
}

static nn_status h5_flush(h5_sink *sink)
{
    for (int64_t i = 0; i < sink->held; i++) sink->numbers[i] = sink->written + i;
    NN_TRY(nn_store_output_append(sink->sample, sink->held, NN_STORE_I64, sink->numbers));
    for (size_t f = 0; f < sink->predicted->field_count; f++) NN_TRY(h5_write_column(sink, f));
    sink->written += sink->held;
    sink->held = 0;
    return NN_OK;
}

/* Copies rows to the block that is held, from row `first` of `rows`. */
static void h5_hold(h5_sink *sink, int64_t rows, int64_t first, int64_t count, void *bytes)
{
    for (int c = 0; c < sink->predicted->column_count; c++) {
        const nn_predicted_column *column = &sink->predicted->columns[c];
        memcpy(nn_predicted_cells(column, sink->block, sink->room, sink->held),
               nn_predicted_cells(column, bytes, rows, first),
               (size_t)(count * column->width) * column->cell);
    }
    sink->held += count;
}

/* HDF5 gets the same blocks on any number of ranks: where it puts texts in the file depends on them. */
static nn_status h5_write(void *sink, int64_t rows, void *bytes, size_t size)
{
    h5_sink *self = sink;
    (void)size;
    for (int64_t first = 0; first < rows;) {
        int64_t count = nn_smaller(rows - first, self->room - self->held);
        h5_hold(self, rows, first, count, bytes);
        first += count;
        if (self->held == self->room) NN_TRY(h5_flush(self));
    }
    return NN_OK;
}

static nn_status h5_commit(void *sink)
{
    NN_TRY(h5_flush(sink));
    return nn_store_writer_commit(((h5_sink *)sink)->writer);
}

static nn_status h5_list(nn_predicted *predicted, bool named)
{
    (void)named;
    return nn_prediction_fields_add_all(predicted);
}

static void h5_destroy(void *sink)
{
    h5_sink *self = sink;
    if (!self) return;
    nn_store_writer_destroy(self->writer);
    for (size_t n = 0; n < self->name_count; n++) nn_free(self->names[n]);
    nn_free(self->block);
    nn_free(self->words);
    nn_free(self->numbers);
    nn_free(self);
}

const nn_prediction_format nn_prediction_h5 = {.ending = ".h5",
                                               .list = h5_list,
                                               .is = h5_is,
                                               .create = h5_create,
                                               .write = h5_write,
                                               .commit = h5_commit,
                                               .destroy = h5_destroy};
