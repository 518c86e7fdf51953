#include "data/extremes.h"

#include <float.h>
#include <math.h>

#include "base/least.h"
#include "base/memory.h"
#include "data/blocks.h"
#include "data/dataset_internal.h"
#include "host/pulse.h"

#define EXTREMES_VALUES ((int64_t)1 << 24)
#define EXTREMES_RUNS 64

/* As those who count labels: at most this many ranks read, and only as many as have this many values each. */
#define EXTREMES_READERS 64
#define EXTREMES_SHARE ((int64_t)1 << 18)

/* A field of a part. */
typedef struct extremes_work {
    nn_comm *comm;
    const nn_samples *samples;
    const nn_view *view;
    const nn_array *array;
    int64_t rows, first_row; /* of each sample, as a view has them */
    int64_t chosen;          /* samples to be looked at */
    int64_t columns;
    nn_extreme *extremes;
} extremes_work;

/* ---- which values ---- */

/* Each row of a series is the last one of a window. */
static void extremes_choose_rows(const nn_dataset *dataset, extremes_work *work)
{
    const nn_view *view = work->view;
    work->rows = dataset->options->window.length > 0 ? 1 : view->rows - view->seen;
    work->first_row = view->first_row + view->rows - work->rows;
}

static int64_t extremes_columns(const nn_dataset *dataset, const nn_view *view)
{
    int64_t columns = view->values > 1 ? nn_fields_columns(dataset, view) : 1;
    return columns <= NN_EXTREMES_COLUMNS ? columns : 1;
}

/* The samples of run r begin at its share of the part. */
static int64_t extremes_sample(const extremes_work *work, int64_t i)
{
    int64_t all = work->samples->count, each = nn_larger(work->chosen / EXTREMES_RUNS, 1);
    if (work->chosen == all) return i;
    int64_t runs = work->chosen / each, run = i / each;
    return (int64_t)((double)run / (double)runs * (double)all) + i % each;
}

static int64_t extremes_chosen(const extremes_work *work)
{
    int64_t all = work->samples->count,
            most = nn_larger(EXTREMES_VALUES / (work->rows * work->view->picked), 1);
    if (all <= most) return all;
    return most <= EXTREMES_RUNS ? most : most / EXTREMES_RUNS * EXTREMES_RUNS;
}

/* ---- reading ---- */

static void extremes_add(const extremes_work *work, int64_t i, double value)
{
    nn_extreme *own = &work->extremes[i % work->columns];
    own->values++;
    own->missing += isnan(value);
    if (!isfinite(value)) return;
    own->least = value < own->least ? value : own->least;
    own->most = value > own->most ? value : own->most;
}

/* The first `end` values of the rows at `raw`. */
static void extremes_add_rows(const extremes_work *work, const unsigned char *raw, int64_t end)
{
    const nn_view *view = work->view;
    double values[NN_ARRAY_BLOCK];
    for (int64_t at = 0; !view->columns && at < end; at += NN_ARRAY_BLOCK) {
        int64_t count = nn_smaller(NN_ARRAY_BLOCK, end - at);
        nn_array_convert(work->array, raw, at, count, values);
        for (int64_t i = 0; i < count; i++) extremes_add(work, at + i, values[i]);
    }
    for (int64_t i = 0; view->columns && i < end; i++) {
        int64_t row = i / view->picked, column = view->columns[i % view->picked];
        nn_array_convert(work->array, raw, row * work->array->values + column, 1, values);
        extremes_add(work, i, values[0]);
    }
}

static nn_status extremes_read_sample(const nn_dataset *dataset, const extremes_work *work, nn_blocks *blocks,
                                      int64_t sample, unsigned char *raw)
{
    const nn_view *view = work->view;
    int64_t row = nn_samples_row(work->samples, sample) + work->first_row;
    int64_t end = nn_view_end(view, nn_dataset_length(dataset, (nn_part)work->samples->part, sample));
    NN_TRY(nn_blocks_copy(blocks, view->array, row, work->rows, raw));
    extremes_add_rows(work, raw, nn_smaller(work->rows * view->picked, end));
    return NN_OK;
}

static nn_status extremes_read(const nn_dataset *dataset, const extremes_work *work, int64_t begin,
                               int64_t end)
{
    unsigned char *raw = NULL;
    nn_blocks *blocks = NULL;
    nn_status status;
    if (begin >= end) return NN_OK;
    NN_TRY_TO(done, status, nn_allocate((void **)&raw, work->view->raw_size, 1, "a sample"));
    NN_TRY_TO(done, status, nn_blocks_create(work->samples->source, 1u << work->view->array, 2, &blocks));
    for (int64_t i = begin; i < end; i++) {
        nn_pulse();
        NN_TRY_TO(done, status, extremes_read_sample(dataset, work, blocks, extremes_sample(work, i), raw));
    }
done:
    nn_blocks_destroy(blocks);
    nn_free(raw);
    return status;
}

/* ---- all ranks ---- */

static nn_status extremes_join(const extremes_work *work)
{
    nn_range *ranges = NULL;
    uint64_t *counts = NULL;
    nn_status status = NN_ALLOCATE(&ranges, work->columns, "the ranges of the data");
    if (status == NN_OK) status = NN_ALLOCATE(&counts, 2 * work->columns, "the ranges of the data");
    NN_TRY_TO(done, status, nn_comm_agree(work->comm, status));
    for (int64_t c = 0; c < work->columns; c++) {
        ranges[c] = (nn_range){work->extremes[c].least, work->extremes[c].most};
        counts[2 * c] = (uint64_t)work->extremes[c].values;
        counts[2 * c + 1] = (uint64_t)work->extremes[c].missing;
    }
    NN_TRY_TO(done, status, nn_ranges_join(work->comm, work->columns, ranges));
    NN_TRY_TO(done, status, nn_comm_sum_integers(work->comm, counts, (size_t)(2 * work->columns)));
    for (int64_t c = 0; c < work->columns; c++) {
        bool none = ranges[c].least > ranges[c].most;
        work->extremes[c] = (nn_extreme){none ? NAN : ranges[c].least, none ? NAN : ranges[c].most,
                                         (int64_t)counts[2 * c], (int64_t)counts[2 * c + 1]};
    }
done:
    nn_free(ranges);
    nn_free(counts);
    return status;
}

static nn_status extremes_measure(const nn_dataset *dataset, const extremes_work *work)
{
    int64_t readers = nn_smaller(nn_comm_size(work->comm), EXTREMES_READERS), rank = nn_comm_rank(work->comm);
    readers = nn_smaller(readers, work->chosen * work->rows * work->view->picked / EXTREMES_SHARE + 1);
    int64_t each = work->chosen / readers, longer = work->chosen % readers;
    int64_t begin = rank * each + nn_smaller(rank, longer);
    nn_status status = NN_OK;
    for (int64_t c = 0; c < work->columns; c++) work->extremes[c] = (nn_extreme){DBL_MAX, -DBL_MAX, 0, 0};
    if (rank < readers) status = extremes_read(dataset, work, begin, begin + each + (rank < longer));
    NN_TRY(nn_comm_agree(work->comm, status));
    return extremes_join(work);
}

/* ---- all fields and parts ---- */

static nn_status extremes_field(nn_comm *comm, const nn_dataset *dataset, int v, nn_field_extremes *field)
{
    const nn_view *view = &dataset->views[v];
    *field = (nn_field_extremes){.key = dataset->first->arrays[view->array].key,
                                 .columns = extremes_columns(dataset, view)};
    nn_status status = NN_ALLOCATE(&field->extremes, NN_PARTS * field->columns, "the ranges of the data");
    NN_TRY(nn_comm_agree(comm, status));
    for (int p = 0; p < NN_PARTS; p++) {
        const nn_samples *samples = &dataset->parts[p];
        if (samples->count == 0) continue;
        extremes_work work = {.comm = comm,
                              .samples = samples,
                              .view = view,
                              .array = &samples->source->arrays[view->array],
                              .columns = field->columns,
                              .extremes = field->extremes + p * field->columns};
        extremes_choose_rows(dataset, &work);
        work.chosen = field->samples[p] = extremes_chosen(&work);
        NN_TRY(extremes_measure(dataset, &work));
    }
    return NN_OK;
}

nn_status nn_extremes_measure(nn_comm *comm, const nn_dataset *dataset, nn_extremes *extremes)
{
    *extremes = (nn_extremes){0};
    if (dataset->lenient || dataset->describes) return NN_OK;
    for (int v = 0; v < dataset->view_count; v++) {
        const nn_view *view = &dataset->views[v];
        if (dataset->first->arrays[view->array].label || view->index || view->values == 0) continue;
        NN_TRY(extremes_field(comm, dataset, v, &extremes->fields[extremes->count++]));
    }
    return NN_OK;
}

void nn_extremes_release(nn_extremes *extremes)
{
    for (int f = 0; f < extremes->count; f++) nn_free(extremes->fields[f].extremes);
    *extremes = (nn_extremes){0};
}
