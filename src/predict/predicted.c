/* The columns of a table of predictions. */
#include "predict/predicted.h"

#include "base/list.h"
#include "base/memory.h"

const nn_predicted_id *nn_predicted_id_of(const nn_predicted *predicted, nn_predicted_kind kind)
{
    return kind == NN_PREDICTED_TIME ? &predicted->time : &predicted->id;
}

static void predicted_add(nn_predicted *predicted, nn_predicted_kind kind, int head, int64_t width)
{
    bool is_id = kind == NN_PREDICTED_ID || kind == NN_PREDICTED_TIME;
    const size_t cell = is_id ? nn_predicted_id_of(predicted, kind)->cell : sizeof(int64_t);
    predicted->columns[predicted->column_count++] = (nn_predicted_column){
        .kind = kind, .head = head, .width = width, .cell = cell, .before = predicted->row_size};
    predicted->row_size += (size_t)width * cell;
}

/* Cells of a head's probabilities; 0: there are none. */
static int64_t predicted_probabilities(const nn_head *head, nn_probabilities which)
{
    bool all = which == NN_PROBABILITIES_ALL || (which == NN_PROBABILITIES_USUAL && head->rows == 1);
    if (which == NN_PROBABILITIES_NONE) return 0;
    return all ? head->rows * head->columns : head->rows;
}

static void predicted_add_head(nn_predicted *predicted, int h, nn_probabilities which)
{
    const nn_head *head = &predicted->trained->model->heads[h];
    int64_t outputs = head->rows * head->columns;
    bool truth = predicted->trained->has_target[h];
    if (!head->target.is_class) {
        if (truth) predicted_add(predicted, NN_PREDICTED_TRUTH, h, outputs);
        predicted_add(predicted, NN_PREDICTED_VALUE, h, outputs);
        return;
    }
    int64_t probabilities = predicted_probabilities(head, which);
    if (truth) predicted_add(predicted, NN_PREDICTED_LABEL, h, head->rows);
    predicted_add(predicted, NN_PREDICTED_CLASS, h, head->rows);
    if (probabilities > 0) predicted_add(predicted, NN_PREDICTED_PROBABILITY, h, probabilities);
}

/* Parts may share files: each is listed once. */
static nn_status predicted_list_files(nn_predicted *predicted)
{
    const nn_dataset *data = predicted->trained->data;
    for (int p = 0; p < NN_PARTS; p++) {
        int count = predicted->parts[p] ? nn_dataset_file_count(data, (nn_part)p) : 0;
        NN_TRY(NN_ALLOCATE(&predicted->file_numbers[p], count, "the files of a part"));
        for (int f = 0; f < count; f++) {
            const char *path = nn_dataset_file(data, (nn_part)p, f);
            int64_t number = nn_list_find(&predicted->files, path);
            if (number < 0) {
                number = (int64_t)predicted->files.count;
                NN_TRY(nn_list_add(&predicted->files, path));
            }
            predicted->file_numbers[p][f] = (int)number;
        }
    }
    return NN_OK;
}

nn_status nn_predicted_create(const nn_trained *trained, const nn_predicted_wants *wants,
                              nn_predicted *predicted)
{
    int parts = 0;
    *predicted = (nn_predicted){.trained = trained,
                                .lenient = wants->lenient,
                                .threads = wants->threads,
                                .id = wants->id,
                                .time = wants->time};
    for (int p = 0; p < NN_PARTS; p++) {
        predicted->parts[p] = wants->parts[p] && nn_dataset_count(trained->data, (nn_part)p) > 0;
        parts += wants->parts[p];
    }
    NN_TRY(predicted_list_files(predicted));
    if (parts > 1) predicted_add(predicted, NN_PREDICTED_PART, -1, 1);
    if (predicted->files.count > 1) predicted_add(predicted, NN_PREDICTED_FILE, -1, 1);
    predicted_add(predicted, NN_PREDICTED_ROW, -1, 1);
    if (trained->settings.data.window.length > 0) predicted_add(predicted, NN_PREDICTED_TARGET, -1, 1);
    if (predicted->time.dataset) predicted_add(predicted, NN_PREDICTED_TIME, -1, 1);
    if (predicted->id.dataset) predicted_add(predicted, NN_PREDICTED_ID, -1, 1);
    for (int h = 0; h < trained->model->head_count; h++)
        predicted_add_head(predicted, h, wants->probabilities);
    NN_TRY(nn_packed_create(trained->model->network, false, &predicted->packed));
    nn_packed_fill(trained->model->network, predicted->threads, trained->weights,
                   trained->model->network->layer_count, &predicted->packed);
    NN_TRY(NN_ALLOCATE(&predicted->each, predicted->threads, "the threads of a prediction"));
    for (int t = 0; t < predicted->threads; t++)
        NN_TRY(nn_predicted_thread_create(trained, &predicted->each[t]));
    return NN_OK;
}

void nn_predicted_release(nn_predicted *predicted)
{
    for (int t = 0; predicted->each && t < predicted->threads; t++)
        nn_predicted_thread_release(&predicted->each[t]);
    nn_free(predicted->each);
    nn_packed_release(&predicted->packed);
    for (int p = 0; p < NN_PARTS; p++) nn_free(predicted->file_numbers[p]);
    nn_list_release(&predicted->files);
    nn_predicted_ids_release(&predicted->ids);
    nn_predicted_ids_release(&predicted->times);
}

const nn_predicted_column *nn_predicted_find(const nn_predicted *predicted, nn_predicted_kind kind, int head)
{
    for (int c = 0; c < predicted->column_count; c++)
        if (predicted->columns[c].kind == kind && predicted->columns[c].head == head)
            return &predicted->columns[c];
    return NULL;
}

bool nn_predicted_is_single(const nn_predicted *predicted, const nn_predicted_column *column)
{
    return column->width == predicted->trained->model->heads[column->head].rows;
}

int64_t nn_predicted_rows(const nn_predicted *predicted)
{
    int64_t rows = 0;
    for (int p = 0; p < NN_PARTS; p++)
        if (predicted->parts[p]) rows += nn_dataset_count(predicted->trained->data, (nn_part)p);
    return rows;
}

nn_shape nn_predicted_shape(const nn_predicted *predicted, const nn_predicted_column *column)
{
    nn_shape shape = {0};
    if (column->head >= 0) shape = predicted->trained->model->heads[column->head].target.shape;
    if (shape.dimensions < NN_MAX_DIMENSIONS && nn_shape_count(shape) > 1 &&
        column->kind == NN_PREDICTED_PROBABILITY && !nn_predicted_is_single(predicted, column))
        shape.extents[shape.dimensions++] = predicted->trained->model->heads[column->head].columns;
    if (nn_shape_count(shape) != column->width)
        shape = (nn_shape){.dimensions = column->width > 1, .extents = {column->width}};
    if (column->width == 1) shape.dimensions = 0;
    return shape;
}
