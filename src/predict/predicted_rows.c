/* Computes the rows of a table of predictions, microbatch by microbatch. */
#include <math.h>
#include <string.h>

#include "base/least.h"
#include "base/memory.h"
#include "host/pulse.h"
#include "model/arithmetic.h"
#include "model/encode.h"
#include "predict/predicted.h"
#include "step/each.h"
#include "tensor/arithmetic.h"

/* A microbatch of the block, as one thread computes it. */
typedef struct rows_task {
    nn_predicted *predicted;
    const nn_predicted_span *span;
    nn_predicted_thread *thread;
    void *block;
    int64_t row; /* of its first sample in the block */
} rows_task;

/* ---- the threads ---- */

/* Of a sample, or of a head's outputs for it. */
static int64_t rows_most_values(const nn_model *model)
{
    int64_t most = nn_shape_count(model->input.shape);
    for (int h = 0; h < model->head_count; h++)
        most = nn_larger(most, model->heads[h].rows * model->heads[h].columns);
    return most;
}

nn_status nn_predicted_thread_create(const nn_trained *trained, nn_predicted_thread *thread)
{
    const nn_model *model = trained->model;
    nn_loaded_needs needs = nn_loaded_needs_of(model, trained->data);
    needs.bases = true;
    thread->first_bad = -1;
    NN_TRY(nn_loaded_create(model, &needs, trained->microbatch_size, &thread->leaf));
    NN_TRY(NN_ALLOCATE_VALUES(model->scalar, &thread->scratch, model->network->scratch_values, "scratch"));
    NN_TRY(NN_ALLOCATE(&thread->values, rows_most_values(model), "the values of a sample"));
    return NN_ALLOCATE(&thread->bad, trained->microbatch_size, "the samples of a microbatch");
}

void nn_predicted_thread_release(nn_predicted_thread *thread)
{
    nn_loaded_destroy(&thread->leaf);
    nn_free(thread->scratch);
    nn_free(thread->values);
    nn_free(thread->bad);
}

/* Values [first, first + count) of an array, up to the next call. */
static const double *rows_values(const rows_task *task, const nn_real *values, int64_t first, int64_t count)
{
    nn_scalar scalar = task->predicted->trained->model->scalar;
    nn_tensor_arithmetic_of(scalar)->to_doubles(count, nn_scalar_at(scalar, values, (size_t)first),
                                                task->thread->values);
    return task->thread->values;
}

/* The cells of a column for sample `i` of the microbatch, or NULL if the table does not have the column. */
static void *rows_cells(const rows_task *task, nn_predicted_kind kind, int head, int64_t i)
{
    const nn_predicted_column *column = nn_predicted_find(task->predicted, kind, head);
    return column ? nn_predicted_cells(column, task->block, task->span->rows, task->row + i) : NULL;
}

/* ---- rows that cannot be predicted ---- */

/* Whether the values of an input can be fed to the network. */
static bool rows_fit(const nn_field *field, const double *values)
{
    for (int64_t i = 0; i < nn_shape_count(field->shape); i++) {
        double value = values[i];
        if (isinf(value) || !nn_encode_takes(&field->encoding, i, value)) return false;
        if (field->is_class && !(value >= 0 && value < (double)field->classes && value == floor(value)))
            return false;
    }
    return true;
}

static bool rows_are_bad(const rows_task *task, int64_t i)
{
    const nn_trained *trained = task->predicted->trained;
    const nn_field *input = &trained->model->input;
    int64_t count = nn_shape_count(input->shape), sample = task->thread->leaf.samples[i];
    if (nn_dataset_is_unreadable(trained->data, task->span->part, sample)) return true;
    const double *values = rows_values(task, task->thread->leaf.microbatch->outputs[0], i * count, count);
    for (int p = 0; p < input->part_count; p++)
        if (!rows_fit(&input->parts[p], values + input->parts[p].begin)) return true;
    return input->part_count == 0 && !rows_fit(input, values);
}

/* Finds the bad samples of a microbatch; zeros take the place of their inputs. */
static void rows_find_bad(const rows_task *task)
{
    nn_predicted_thread *thread = task->thread;
    nn_scalar scalar = task->predicted->trained->model->scalar;
    size_t count = (size_t)nn_shape_count(task->predicted->trained->model->input.shape);
    for (int64_t i = 0; i < thread->leaf.microbatch->samples; i++) {
        thread->bad[i] = task->predicted->lenient && rows_are_bad(task, i);
        if (!thread->bad[i]) continue;
        memset(nn_scalar_at(scalar, thread->leaf.microbatch->outputs[0], (size_t)i * count), 0,
               count * nn_scalar_size(scalar));
        if (thread->bad_count++ == 0 || thread->leaf.samples[i] < thread->first_bad)
            thread->first_bad = thread->leaf.samples[i];
    }
}

/* ---- the network ---- */

/* The position of value `i` of the microbatch among those of all targets. */
static int64_t rows_place(const rows_task *task, int h, int64_t i)
{
    const nn_model *model = task->predicted->trained->model;
    int64_t count = nn_head_output(model, h), all = 0;
    for (int t = 0; t < model->head_count; t++)
        if (!model->heads[t].target.is_class) all += nn_shape_count(model->heads[t].target.shape);
    return i / count * all + nn_dataset_target(task->predicted->trained->data, h)->begin + i % count;
}

/* Converts the output of the network to predictions; a difference becomes a value again. */
static void rows_finish(const rows_task *task, int h)
{
    const nn_model *model = task->predicted->trained->model;
    const nn_head *head = &model->heads[h];
    nn_loaded *leaf = &task->thread->leaf;
    nn_loaded_head *own = &leaf->heads[h];
    nn_real *output = leaf->microbatch->outputs[head->layer];
    int64_t samples = leaf->microbatch->samples, count = head->rows * head->columns;
    if (head->loss->predict)
        head->loss->predict(head->loss_options, samples * head->rows, head->columns, output);
    if (!own->predicted) return;
    nn_model_arithmetic_of(model->scalar)->undo(head, samples * count, output, own->predicted);
    for (int64_t i = 0; i < samples * count; i++) own->predicted[i] += leaf->bases[rows_place(task, h, i)];
}

static void rows_forward(const rows_task *task)
{
    const nn_trained *trained = task->predicted->trained;
    nn_loaded_run(&task->thread->leaf, trained->model, trained->weights, &task->predicted->packed,
                  task->thread->scratch, 1, trained->model->network->layer_count);
    for (int h = 0; h < trained->model->head_count; h++) rows_finish(task, h);
}

/* ---- cells ---- */

/* The value as in the file; next to a probability, as a fraction. */
static double rows_truth(const rows_task *task, int h, int64_t i)
{
    const nn_scaling *scaling = &task->predicted->trained->model->heads[h].scaling;
    double value = task->thread->leaf.observed[rows_place(task, h, i)];
    if (task->thread->leaf.heads[h].predicted || scaling->columns == 0) return value;
    return value * scaling->scale[i % scaling->columns] + scaling->offset[i % scaling->columns];
}

static void rows_values_head(const rows_task *task, int h, int64_t i, bool known, const double *output)
{
    const nn_loaded_head *own = &task->thread->leaf.heads[h];
    int64_t count = nn_head_output(task->predicted->trained->model, h);
    double *truth = rows_cells(task, NN_PREDICTED_TRUTH, h, i),
           *value = rows_cells(task, NN_PREDICTED_VALUE, h, i);
    for (int64_t v = 0; v < count; v++) {
        double predicted = own->predicted ? own->predicted[i * count + v] : output[v];
        if (truth) truth[v] = known ? rows_truth(task, h, i * count + v) : (double)NAN;
        value[v] = task->thread->bad[i] ? (double)NAN : predicted;
    }
}

/* The probabilities of a row of a head: those of all classes, of the predicted one, of yes for yes and no. */
static void rows_probabilities(const rows_task *task, int h, int64_t i, int64_t r, const double *output)
{
    const nn_predicted_column *column = nn_predicted_find(task->predicted, NN_PREDICTED_PROBABILITY, h);
    double *cells = rows_cells(task, NN_PREDICTED_PROBABILITY, h, i), most = output[0];
    int64_t columns = task->predicted->trained->model->heads[h].columns;
    bool bad = task->thread->bad[i];
    if (!column) return;
    if (nn_predicted_is_single(task->predicted, column)) {
        for (int64_t c = 1; c < columns; c++) most = output[c] > most ? output[c] : most;
        cells[r] = bad ? (double)NAN : most;
        return;
    }
    for (int64_t c = 0; c < columns; c++) cells[r * columns + c] = bad ? (double)NAN : output[c];
}

static void rows_class_head(const rows_task *task, int h, int64_t i, bool known, const double *output)
{
    const nn_head *head = &task->predicted->trained->model->heads[h];
    int64_t *label = rows_cells(task, NN_PREDICTED_LABEL, h, i),
            *class = rows_cells(task, NN_PREDICTED_CLASS, h, i);
    bool bad = task->thread->bad[i];
    for (int64_t r = 0; r < head->rows; r++, output += head->columns) {
        int64_t best = 0;
        for (int64_t c = 1; c < head->columns; c++)
            if (output[c] > output[best]) best = c;
        if (head->columns == 1) best = output[0] > 0.5;
        if (label) label[r] = known ? task->thread->leaf.heads[h].labels[i * head->rows + r] : -1;
        class[r] = bad ? -1 : best;
        rows_probabilities(task, h, i, r, output);
    }
}

static void rows_head(const rows_task *task, int h, int64_t i)
{
    const nn_trained *trained = task->predicted->trained;
    const nn_head *head = &trained->model->heads[h];
    const nn_loaded *leaf = &task->thread->leaf;
    int64_t outputs = head->rows * head->columns, sample = leaf->samples[i];
    const double *output = rows_values(task, leaf->microbatch->outputs[head->layer], i * outputs, outputs);
    bool known =
        !task->predicted->lenient ||
        !(nn_dataset_is_beyond(trained->data, task->span->part, sample, h) ||
          (task->thread->bad[i] && nn_dataset_is_unreadable(trained->data, task->span->part, sample)));
    if (head->target.is_class)
        rows_class_head(task, h, i, known, output);
    else
        rows_values_head(task, h, i, known, output);
}

/* The row of a sample that its origin is: of a window, the last one seen. */
static int rows_file_of(const nn_predicted *predicted, nn_part part, int64_t sample, int64_t *row)
{
    const nn_data_window_options *window = &predicted->trained->settings.data.window;
    int file = nn_dataset_file_of(predicted->trained->data, part, sample, row);
    if (window->length > 0) *row += window->length - 1;
    return file;
}

static void rows_origin(const rows_task *task, int64_t i)
{
    const nn_trained *trained = task->predicted->trained;
    const nn_data_window_options *window = &trained->settings.data.window;
    nn_part part = task->span->part;
    int64_t row, *cell;
    int file = rows_file_of(task->predicted, part, task->thread->leaf.samples[i], &row);
    if ((cell = rows_cells(task, NN_PREDICTED_PART, -1, i))) *cell = part;
    if ((cell = rows_cells(task, NN_PREDICTED_FILE, -1, i)))
        *cell = task->predicted->file_numbers[part][file];
    if ((cell = rows_cells(task, NN_PREDICTED_ROW, -1, i))) *cell = row;
    if ((cell = rows_cells(task, NN_PREDICTED_TARGET, -1, i))) *cell = row + window->horizon;
}

/* ---- microbatches ---- */

bool nn_predicted_is_stopped(const nn_predicted *predicted)
{
    return predicted->stop && *predicted->stop;
}

static void rows_microbatch(void *context, int64_t index, int thread)
{
    rows_task task = *(const rows_task *)context;
    const nn_trained *trained = task.predicted->trained;
    nn_part part = task.span->part;
    if (nn_predicted_is_stopped(task.predicted)) return;
    int64_t size = trained->microbatch_size, first = (task.span->first + index) * size;
    nn_loaded_place place = {
        .part = part,
        .epoch = NN_DATA_IN_ORDER,
        .range = {first, nn_smaller(first + size, nn_dataset_count(trained->data, part))}};
    task.thread = &task.predicted->each[thread];
    task.row = first - task.span->sample;
    nn_loaded_fill(&task.thread->leaf, trained->model, trained->data, &place, true);
    rows_find_bad(&task);
    nn_dataset_release(trained->data, part, task.span->released + index);
    rows_forward(&task);
    for (int64_t i = 0; i < task.thread->leaf.microbatch->samples; i++) {
        rows_origin(&task, i);
        for (int h = 0; h < trained->model->head_count; h++) rows_head(&task, h, i);
    }
    nn_pulse();
}

nn_predicted_span nn_predicted_span_of(const nn_predicted *predicted, nn_part part, int64_t first,
                                       int64_t end)
{
    int64_t size = predicted->trained->microbatch_size;
    int64_t samples = nn_dataset_count(predicted->trained->data, part);
    int64_t begin = nn_smaller(first * size, samples);
    return (nn_predicted_span){.part = part,
                               .first = first,
                               .end = nn_smaller(end, (samples + size - 1) / size),
                               .sample = begin,
                               .rows = nn_smaller(end * size, samples) - begin};
}

/* What the threads have met becomes the table's. */
static void rows_join_bad(nn_predicted *predicted, nn_part part)
{
    for (int t = 0; t < predicted->threads; t++) {
        nn_predicted_thread *thread = &predicted->each[t];
        if (thread->bad_count == 0) continue;
        bool earlier = predicted->bad_part == part && thread->first_bad < predicted->first_bad;
        if (predicted->bad_count == 0 || earlier) {
            predicted->bad_part = part;
            predicted->first_bad = thread->first_bad;
        }
        predicted->bad_count += thread->bad_count;
        thread->bad_count = 0;
    }
}

/* How many samples from `i` of a span on have rows that follow one another in the file; `shift`: rows from
 * the row of a sample to the one that is meant, which is before `end`. */
static int64_t rows_together(const nn_predicted *predicted, const nn_predicted_span *span, int64_t i,
                             int64_t shift, int64_t end)
{
    int64_t row, next, count = 1;
    int file = rows_file_of(predicted, span->part, span->sample + i, &row);
    for (; i + count < span->rows && row + shift + count < end; count++)
        if (rows_file_of(predicted, span->part, span->sample + i + count, &next) != file ||
            next != row + count)
            break;
    return count;
}

/* Values of a dataset, which are read together where their rows follow one another; a row may lie beyond the
 * end of its file. */
static nn_status rows_read_ids(nn_predicted *predicted, const nn_predicted_span *span, nn_predicted_kind kind,
                               void *block)
{
    const nn_predicted_column *column = nn_predicted_find(predicted, kind, -1);
    const nn_dataset *data = predicted->trained->data;
    const nn_predicted_id *id = nn_predicted_id_of(predicted, kind);
    bool is_time = kind == NN_PREDICTED_TIME;
    int64_t shift = is_time ? predicted->trained->settings.data.window.horizon : 0;
    for (int64_t i = 0, count; column && i < span->rows; i += count) {
        int64_t row;
        int file = rows_file_of(predicted, span->part, span->sample + i, &row);
        int64_t end = nn_dataset_file_rows(data, span->part, file);
        void *cells = nn_predicted_cells(column, block, span->rows, i);
        count = rows_together(predicted, span, i, shift, end);
        if (row + shift >= end)
            nn_predicted_id_clear(id, cells);
        else
            NN_TRY(nn_predicted_ids_read(is_time ? &predicted->times : &predicted->ids, id,
                                         nn_dataset_file(data, span->part, file), row + shift, count, cells));
    }
    return NN_OK;
}

nn_status nn_predicted_fill(nn_predicted *predicted, const nn_predicted_span *span, void *block)
{
    if (span->rows == 0) return NN_OK;
    rows_task task = {.predicted = predicted, .span = span, .block = block};
    nn_step_each(predicted->threads, span->end - span->first, rows_microbatch, &task);
    rows_join_bad(predicted, span->part);
    NN_TRY(rows_read_ids(predicted, span, NN_PREDICTED_TIME, block));
    return rows_read_ids(predicted, span, NN_PREDICTED_ID, block);
}
