/*
 * One pass over the samples of a part. Statistics are taken over chunks of samples, and merged in the
 * canonical tree over the chunks. Each rank computes the maximal nodes of its share of the chunks, all ranks
 * get all nodes and finish the tree, so that the order of additions depends on the samples alone.
 */
#include "data/scan.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/pulse.h"
#include "base/tree.h"
#include "data/blocks.h"
#include "data/figures.h"

#define SCAN_CHUNK 1024

/* More ranks would save no time that counts, and each rank holds the nodes of all. */
#define SCAN_WORKERS 64

/* Beyond, float has no number for each index. */
#define SCAN_INDICES_MOST 16777216.0

/* One view under way. */
typedef struct scan_view {
    const nn_view *view;
    const nn_array *array;
    bool finite;     /* values may be NaN or Inf */
    bool known_only; /* values may be missing, or behind the end of a sequence */
    double indices;  /* of an input of indices: how many there are */
    int64_t columns; /* of statistics; 0: none */
    int64_t figures; /* where the view's figures begin in a node */
    unsigned char *raw;
    nn_places places;           /* over a chunk */
    int64_t bad_row, bad_value; /* the first, by row; INT64_MAX: none */
    double largest;             /* label, or index */
    bool hashes;                /* adds up what the rows are, ... */
    uint64_t content;           /* ... here, ... */
    int64_t content_rows;       /* ... for so many */
} scan_view;

typedef struct scan_work {
    const nn_samples *samples;
    nn_blocks *blocks;
    nn_blocks *length_blocks; /* NULL: samples are not sequences of lengths of their own */
    bool reads_all;           /* also what can hold no bad value: it may be damaged */
    bool hashes;              /* for the identity of the data: all samples are looked at, each once */
    int view_count;
    scan_view views[NN_DATA_FIELDS];
    int64_t width;          /* figures of a node */
    double *stack;          /* `width` a level of the tree */
    nn_tree_node *nodes;    /* of all workers, from left to right */
    double *sums;           /* of the nodes */
    size_t *sizes;          /* bytes of the nodes' figures, by rank */
    int64_t own, own_count; /* the nodes of this rank */
    int64_t taken;          /* nodes that the end of the tree has used */
    nn_status status;
} scan_work;

static int64_t scan_chunks(const nn_samples *samples)
{
    return (samples->count - 1) / SCAN_CHUNK + 1;
}

/* ---- making ---- */

static nn_status scan_prepare_view(const nn_dataset *dataset, const nn_samples *samples, int v,
                                   const nn_statistics *statistics, scan_view *view)
{
    const nn_view *of = &dataset->views[v];
    *view = (scan_view){.view = of, .array = &samples->source->arrays[of->array], .bad_row = INT64_MAX};
    if (!view->array->sound || of->values == 0) return NN_OK;
    view->finite = !nn_store_type_is_integer(view->array->type) || of->transform == NN_TRANSFORM_LOG;
    view->largest = -1;
    view->indices = of->indices > 0 ? (double)of->indices : SCAN_INDICES_MOST;
    view->known_only = of->may_miss || (of->steps > 0 && samples->source->arrays[NN_DATA_LENGTH].sound);
    NN_TRY(nn_allocate((void **)&view->raw, of->raw_size, 1, "a sample"));
    if (!statistics || statistics[v].columns == 0) return NN_OK;
    view->columns = statistics[v].columns;
    return nn_places_create(of->values, &view->places);
}

/* The maximal nodes of all ranks. */
static int64_t scan_share(nn_comm *comm, scan_work *work)
{
    int64_t chunks = scan_chunks(work->samples), count = 0;
    int workers = (int)nn_array_smaller(nn_comm_size(comm), SCAN_WORKERS);
    for (int r = 0; r < workers; r++) {
        nn_tree_node share = nn_tree_share(chunks, r, workers);
        int nodes = nn_tree_cover(chunks, share.begin, share.end, work->nodes + count);
        work->sizes[r] = (size_t)nodes * (size_t)work->width * sizeof *work->sums;
        if (r == nn_comm_rank(comm)) {
            work->own = count;
            work->own_count = nodes;
        }
        count += nodes;
    }
    return count;
}

static bool scan_looks_at(const scan_view *view)
{
    return view->raw &&
           (view->finite || view->view->index || view->array->label || view->columns > 0 || view->hashes);
}

/* What is read anyway is hashed; and the rows of the other parts, so that none is missing. */
static void scan_choose_hash(const scan_work *work, nn_array *array, scan_view *view)
{
    bool asked = work->hashes && view->view->rows == 1 && nn_identity_is_scanned(array);
    if (asked && scan_looks_at(view)) array->scanned = true;
    view->hashes = asked && array->scanned;
}

static nn_status scan_create(nn_comm *comm, nn_dataset *dataset, const nn_samples *samples,
                             const nn_statistics *statistics, scan_work *work)
{
    int64_t levels = 3, workers = nn_array_smaller(nn_comm_size(comm), SCAN_WORKERS);
    nn_source *source = samples->source;
    unsigned arrays = 0;
    work->samples = samples;
    work->view_count = dataset->view_count;
    for (int v = 0; v < work->view_count; v++) {
        scan_view *view = &work->views[v];
        NN_TRY(scan_prepare_view(dataset, samples, v, statistics, view));
        view->finite |= work->reads_all && view->raw && !view->array->label;
        scan_choose_hash(work, &source->arrays[view->view->array], view);
        view->figures = work->width;
        work->width += NN_COLUMN_FIGURES * view->columns;
        if (scan_looks_at(view)) arrays |= 1u << view->view->array;
    }
    for (int64_t chunks = scan_chunks(samples); chunks > 1; chunks /= 2) levels++;
    NN_TRY(nn_blocks_create(source, arrays, 3, &work->blocks));
    if (source->arrays[NN_DATA_LENGTH].sound)
        NN_TRY(nn_blocks_create(source, 1u << NN_DATA_LENGTH, 3, &work->length_blocks));
    NN_TRY(NN_ALLOCATE(&work->stack, levels * work->width, "statistics of the data"));
    NN_TRY(NN_ALLOCATE(&work->nodes, workers * NN_TREE_COVER_MAX, "statistics of the data"));
    NN_TRY(NN_ALLOCATE(&work->sizes, nn_comm_size(comm), "statistics of the data"));
    return NN_ALLOCATE(&work->sums, scan_share(comm, work) * work->width, "statistics of the data");
}

static void scan_release(scan_work *work)
{
    for (int v = 0; v < work->view_count; v++) {
        nn_free(work->views[v].raw);
        nn_places_release(&work->views[v].places);
    }
    nn_blocks_destroy(work->blocks);
    nn_blocks_destroy(work->length_blocks);
    nn_free(work->stack);
    nn_free(work->nodes);
    nn_free(work->sizes);
    nn_free(work->sums);
}

/* ---- a sample ---- */

static int64_t scan_find_bad(int64_t count, const double *values, bool may_miss)
{
    int bad = 0;
    for (int64_t i = 0; i < count; i++) bad |= !(fabs(values[i]) <= DBL_MAX);
    for (int64_t i = 0; bad && i < count; i++)
        if (!(fabs(values[i]) <= DBL_MAX) && !(may_miss && isnan(values[i]))) return i;
    return -1;
}

static int64_t scan_find_no_index(scan_view *view, int64_t count, const double *values)
{
    for (int64_t i = 0; i < count; i++) {
        if (!(values[i] >= 0 && values[i] < view->indices && values[i] == floor(values[i]))) return i;
        if (values[i] > view->largest) view->largest = values[i];
    }
    return -1;
}

static void scan_note(scan_view *view, int64_t row, int64_t value)
{
    if (row > view->bad_row || (row == view->bad_row && value >= view->bad_value)) return;
    view->bad_row = row;
    view->bad_value = value;
}

/* The first `end` values of a sample. */
static void scan_values(scan_view *view, const unsigned char *raw, int64_t row, int64_t end)
{
    _Alignas(NN_ALIGNMENT) double values[NN_ARRAY_BLOCK];
    for (int64_t at = 0; at < end; at += NN_ARRAY_BLOCK) {
        int64_t count = nn_array_smaller(NN_ARRAY_BLOCK, end - at), bad = -1;
        nn_view_values(view->view, view->array, raw, at, count, values);
        if (view->view->index)
            bad = scan_find_no_index(view, count, values);
        else if (view->finite)
            bad = scan_find_bad(count, values, view->view->may_miss);
        if (bad >= 0) scan_note(view, row, at + bad);
        if (view->columns == 0) continue;
        if (view->known_only)
            nn_places_add_known(&view->places, at, count, values);
        else
            nn_places_add(&view->places, at, count, values);
    }
}

static void scan_labels(scan_view *view, const unsigned char *raw, int64_t row, int64_t end)
{
    for (int64_t i = 0; i < end; i++) {
        double label;
        nn_view_values(view->view, view->array, raw, i, 1, &label);
        if (label < 0 && label != NN_LABEL_IGNORED) scan_note(view, row, i);
        if (label > view->largest) view->largest = label;
    }
}

/* The steps of a sample; that a length is none is told elsewhere. */
static nn_status scan_length(scan_work *work, int64_t row, int64_t *length)
{
    int32_t found = 0;
    *length = INT64_MAX;
    if (!work->length_blocks) return NN_OK;
    NN_TRY(nn_blocks_copy(work->length_blocks, NN_DATA_LENGTH, row, 1, (unsigned char *)&found));
    if (found > 0) *length = found;
    return NN_OK;
}

static nn_status scan_sample(scan_work *work, int64_t sample)
{
    int64_t row = nn_samples_row(work->samples, sample), length;
    nn_pulse();
    NN_TRY(scan_length(work, row, &length));
    for (int v = 0; v < work->view_count; v++) {
        scan_view *view = &work->views[v];
        const nn_array *array = view->array;
        if (!scan_looks_at(view)) continue;
        int64_t begin = row + view->view->first_row, end = nn_view_end(view->view, length);
        const unsigned char *raw = array->raw ? array->raw + (size_t)begin * array->row_size : view->raw;
        if (!array->raw)
            NN_TRY(nn_blocks_copy(work->blocks, view->view->array, begin, view->view->rows, view->raw));
        if (array->label)
            scan_labels(view, raw, row, end);
        else
            scan_values(view, raw, row, end);
        if (!view->hashes) continue;
        view->content += nn_identity_row(array, raw, begin);
        view->content_rows++;
    }
    return NN_OK;
}

/* ---- figures ---- */

static int64_t scan_chunk_end(const scan_work *work, int64_t chunk)
{
    return nn_array_smaller(chunk * SCAN_CHUNK, work->samples->count);
}

static void scan_chunk(scan_work *work, int64_t chunk, double *figures)
{
    int64_t begin = scan_chunk_end(work, chunk), end = scan_chunk_end(work, chunk + 1);
    for (int v = 0; v < work->view_count; v++)
        if (work->views[v].columns > 0) nn_places_begin(&work->views[v].places);
    for (int64_t s = begin; s < end && work->status == NN_OK; s++) work->status = scan_sample(work, s);
    for (int v = 0; v < work->view_count; v++)
        if (work->views[v].columns > 0)
            nn_places_fold(&work->views[v].places, work->views[v].columns, figures + work->views[v].figures);
}

/* Merges the figures of two halves of a node. */
static void scan_merge(const scan_work *work, const double *right, double *figures)
{
    for (int64_t i = 0; i < work->width; i += NN_COLUMN_FIGURES) nn_figures_merge(figures + i, right + i);
}

/* The figures of a node; `stack` has room for those of one node a level below. */
static void scan_node(scan_work *work, nn_tree_node node, double *figures, double *stack)
{
    if (node.end - node.begin == 1) {
        scan_chunk(work, node.begin, figures);
        return;
    }
    int64_t middle = nn_tree_split(node.begin, node.end);
    scan_node(work, (nn_tree_node){node.begin, middle}, figures, stack);
    scan_node(work, (nn_tree_node){middle, node.end}, stack, stack + work->width);
    scan_merge(work, stack, figures);
}

/* The same from the nodes that the ranks have computed, which come from left to right. */
static void scan_finish(scan_work *work, nn_tree_node node, double *figures, double *stack)
{
    const nn_tree_node *next = &work->nodes[work->taken];
    if (next->begin == node.begin && next->end == node.end) {
        memcpy(figures, work->sums + work->taken++ * work->width, (size_t)work->width * sizeof *figures);
        return;
    }
    int64_t middle = nn_tree_split(node.begin, node.end);
    scan_finish(work, (nn_tree_node){node.begin, middle}, figures, stack);
    scan_finish(work, (nn_tree_node){middle, node.end}, stack, stack + work->width);
    scan_merge(work, stack, figures);
}

static nn_status scan_run(nn_comm *comm, scan_work *work)
{
    for (int64_t n = work->own; n < work->own + work->own_count; n++)
        scan_node(work, work->nodes[n], work->sums + n * work->width, work->stack);
    NN_TRY(nn_comm_agree(comm, work->status));
    return nn_comm_gather_all(comm, work->sums + work->own * work->width, work->sizes, work->sums);
}

/* A column that nobody has a value of stays 0. */
static void scan_take_statistics(scan_work *work, nn_statistics *statistics)
{
    double *figures = work->stack;
    if (work->width == 0) return;
    scan_finish(work, (nn_tree_node){0, scan_chunks(work->samples)}, figures, work->stack + work->width);
    for (int v = 0; v < work->view_count; v++) {
        const scan_view *view = &work->views[v];
        for (int64_t c = 0; c < view->columns; c++) {
            const double *column = figures + view->figures + c * NN_COLUMN_FIGURES;
            double count = column[NN_COLUMN_COUNT];
            statistics[v].seen += count;
            if (count == 0) continue;
            statistics[v].mean[c] = column[NN_COLUMN_CENTER] + column[NN_COLUMN_MEAN];
            statistics[v].variance[c] = column[NN_COLUMN_SQUARES] / count;
            statistics[v].least[c] = column[NN_COLUMN_LEAST];
            statistics[v].most[c] = column[NN_COLUMN_MOST];
        }
    }
}

/* ---- problems ---- */

static nn_status scan_explain_label(nn_source *source, const scan_view *view, int64_t row, int64_t at)
{
    double value = NAN;
    if (view->array->one_hot > 0)
        NN_FAIL(NN_ERROR_DATA,
                "the label of sample %lld is not one-hot (the first such label): a row needs one 1 and zeros "
                "else; set data.fields.%s.kind: value for targets that are values, or layout: NT for a label "
                "at every step",
                (long long)row, view->array->key);
    int64_t bad = row + view->view->first_row + at / view->view->picked;
    NN_TRY(nn_source_explain(source, view->view->array, bad, at % view->view->picked, &value));
    if (view->array->listed)
        NN_FAIL(NN_ERROR_DATA,
                "the label of sample %lld is %.17g (the first such label), which is not among the %lld of "
                "data.fields.%s.labels: add it there, or set ignored_label",
                (long long)bad, value, (long long)view->array->listed_count, view->array->key);
    if (value == -1)
        NN_FAIL(NN_ERROR_DATA,
                "the label of sample %lld is -1 (the first such label): for two classes written -1 and 1 set "
                "data.fields.%s.labels: [-1, 1]; where -1 stands for no class, data.fields.%s.ignored_label: "
                "-1; or use a "
                "loss for values, such as mse",
                (long long)bad, view->array->key, view->array->key);
    NN_FAIL(NN_ERROR_DATA,
            "the label of sample %lld is %.17g (the first such label): labels are whole numbers from %lld "
            "on; list those "
            "of the classes in order with data.fields.%s.labels: [...], set ignored_label where it stands "
            "for no class, "
            "or use a loss for values, such as mse",
            (long long)bad, value, (long long)view->array->first_label, view->array->key);
}

static nn_status scan_explain_value(nn_source *source, const scan_view *view, int64_t row, int64_t at)
{
    double value;
    int64_t in_window = at / view->view->picked, column = at % view->view->picked;
    int64_t bad = row + view->view->first_row + view->view->seen + in_window;
    NN_TRY(
        nn_source_read(source, view->view->array, row + view->view->first_row, view->view->rows, view->raw));
    nn_view_values(view->view, view->array, view->raw, at, 1, &value);
    bool can_miss = isnan(value) && !view->view->input;
    if (view->view->index)
        NN_FAIL(NN_ERROR_DATA,
                "sample %lld, value %lld is %.17g (the first such value): an index is a whole number from 0 "
                "to %.0f; number what it stands for so, set data.fields.%s.classes, or leave kind: index out",
                (long long)bad, (long long)column, value, view->indices - 1, view->array->key);
    NN_FAIL(NN_ERROR_DATA,
            "sample %lld, column %lld is %s (the first such value): repair the data, or leave such samples "
            "out with data.on_bad_sample: skip%s%s%s",
            (long long)bad, (long long)column,
            isnan(value) ? "NaN"
            : value > 0  ? "Inf"
                         : "-Inf",
            can_miss ? "; or, where it is a target that is missing, set data.fields." : "",
            can_miss ? view->array->key : "", can_miss ? ".missing: mask" : "");
}

/* The first bad value of the whole part, over all ranks, is explained by all of them. Collective. */
static nn_status scan_report(nn_comm *comm, scan_work *work, scan_view *view, nn_problems *problems)
{
    int64_t found[3] = {-view->bad_row, 0, (int64_t)view->largest};
    NN_TRY(nn_comm_maximum(comm, &found[0], 1));
    found[1] = view->bad_row == -found[0] ? -view->bad_value : INT64_MIN;
    NN_TRY(nn_comm_maximum(comm, &found[1], 2));
    view->largest = (double)found[2];
    if (found[0] == -INT64_MAX) return NN_OK;
    nn_status status = view->array->label
                           ? scan_explain_label(work->samples->source, view, -found[0], -found[1])
                           : scan_explain_value(work->samples->source, view, -found[0], -found[1]);
    nn_problems_collect(problems, nn_array_context(view->array, status));
    return NN_OK;
}

static nn_status scan_look(nn_comm *comm, nn_dataset *dataset, const nn_samples *samples, bool hashes,
                           nn_statistics *statistics, int64_t *largest, nn_problems *problems)
{
    scan_work work = {.hashes = hashes};
    if (samples->count == 0) return NN_OK;
    nn_status status;
    NN_TRY_TO(done, status, nn_comm_agree(comm, scan_create(comm, dataset, samples, statistics, &work)));
    NN_TRY_TO(done, status, scan_run(comm, &work));
    if (statistics) scan_take_statistics(&work, statistics);
    for (int v = 0; v < work.view_count; v++) {
        NN_TRY_TO(done, status, scan_report(comm, &work, &work.views[v], problems));
        if ((int64_t)work.views[v].largest > largest[v]) largest[v] = (int64_t)work.views[v].largest;
        nn_array *array = &samples->source->arrays[work.views[v].view->array];
        array->content += work.views[v].content;
        array->content_rows += work.views[v].content_rows;
    }
done:
    scan_release(&work);
    return status;
}

nn_status nn_scan_part(nn_comm *comm, nn_dataset *dataset, nn_part part, nn_statistics *statistics,
                       int64_t *largest, nn_problems *problems)
{
    return scan_look(comm, dataset, &dataset->parts[part], true, statistics, largest, problems);
}

nn_status nn_scan_samples(nn_comm *comm, nn_dataset *dataset, const nn_samples *samples, int64_t *largest,
                          nn_problems *problems)
{
    return scan_look(comm, dataset, samples, false, NULL, largest, problems);
}

/* ---- rows to be skipped ---- */

/* Adds the bad rows of this rank's share of all rows to those that could not be read. */
static nn_status scan_list_bad(scan_work *work, int64_t begin, int64_t end)
{
    for (int64_t row = begin; row < end; row++) {
        bool bad = false;
        for (int v = 0; v < work->view_count; v++) work->views[v].bad_row = INT64_MAX;
        NN_TRY(scan_sample(work, row));
        for (int v = 0; v < work->view_count; v++) bad |= work->views[v].bad_row != INT64_MAX;
        if (bad) NN_TRY(nn_source_note(work->samples->source, row));
    }
    return NN_OK;
}

static int scan_by_row(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;
    return one < other ? -1 : one > other;
}

/* Two ranks may have met the same damage. */
static void scan_sort_bad(nn_source *source)
{
    int64_t kept = 0;
    qsort(source->bad, (size_t)source->bad_count, sizeof *source->bad, scan_by_row);
    for (int64_t i = 0; i < source->bad_count; i++)
        if (kept == 0 || source->bad[i] != source->bad[kept - 1]) source->bad[kept++] = source->bad[i];
    source->bad_count = kept;
}

static nn_status scan_gather_bad(nn_comm *comm, nn_source *source, const int64_t *rows, int64_t count)
{
    int size = nn_comm_size(comm);
    size_t *sizes = NULL;
    int64_t *counts = NULL;
    nn_status status;
    NN_TRY_TO(done, status, nn_comm_agree(comm, NN_ALLOCATE(&sizes, size, "rows to be skipped")));
    NN_TRY_TO(done, status, nn_comm_agree(comm, NN_ALLOCATE(&counts, size, "rows to be skipped")));
    for (int r = 0; r < size; r++) sizes[r] = sizeof *counts;
    NN_TRY_TO(done, status, nn_comm_gather_all(comm, &count, sizes, counts));
    source->bad_count = 0;
    for (int r = 0; r < size; r++) {
        source->bad_count += counts[r];
        sizes[r] = (size_t)counts[r] * sizeof *rows;
    }
    status = NN_ALLOCATE(&source->bad, source->bad_count, "rows to be skipped");
    NN_TRY_TO(done, status, nn_comm_agree(comm, status));
    NN_TRY_TO(done, status, nn_comm_gather_all(comm, rows, sizes, source->bad));
    scan_sort_bad(source);
done:
    nn_free(sizes);
    nn_free(counts);
    return status;
}

nn_status nn_scan_bad_rows(nn_comm *comm, nn_dataset *dataset, nn_part part)
{
    scan_work work = {.reads_all = true};
    nn_source *source = &dataset->sources[part];
    nn_samples whole = {
        .source = source, .part = (int)part, .stride = 1, .units = source->rows, .count = source->rows};
    int64_t rank = nn_comm_rank(comm), size = nn_comm_size(comm);
    int64_t each = source->rows / size, longer = source->rows % size;
    int64_t begin = rank * each + nn_array_smaller(rank, longer);
    nn_status status;
    NN_TRY_TO(done, status, nn_comm_agree(comm, scan_create(comm, dataset, &whole, NULL, &work)));
    status = scan_list_bad(&work, begin, begin + each + (rank < longer));
    NN_TRY_TO(done, status, nn_comm_agree(comm, status));
    status = scan_gather_bad(comm, source, source->noted, source->noted_count);
done:
    scan_release(&work);
    return status;
}
