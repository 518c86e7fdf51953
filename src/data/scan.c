/* One pass over the samples of a part. Statistics are taken over chunks of samples and merged in the
 * canonical tree over the chunks. Each rank computes the maximal nodes of its share of the chunks; then all
 * ranks get all nodes and finish the tree. The order of additions thus depends on the samples alone. */
#include "data/scan_internal.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/least.h"
#include "base/memory.h"
#include "base/tree.h"
#include "data/column_moments.h"
#include "host/pulse.h"

#define SCAN_CHUNK 1024

/* The most ranks that scan: more would save little time, and each rank holds the nodes of all. */
#define SCAN_WORKERS 64

/* Beyond this, float cannot represent every index. */
#define SCAN_INDICES_MOST 16777216.0

static int64_t scan_chunks(const nn_samples *samples)
{
    return (samples->count - 1) / SCAN_CHUNK + 1;
}

/* ---- creating ---- */

static nn_status scan_prepare_view(const nn_dataset *dataset, const nn_samples *samples, int v,
                                   const nn_statistics *statistics, nn_scan_view *view)
{
    const nn_view *of = &dataset->views[v];
    *view = (nn_scan_view){.view = of,
                           .array = &samples->source->arrays[of->array],
                           .left_out = of->left_out,
                           .bad_row = INT64_MAX,
                           .rounded_row = INT64_MAX};
    if (!view->array->sound || of->values == 0) return NN_OK;
    view->finite = nn_array_may_miss(view->array) || of->transform == NN_TRANSFORM_LOG;
    view->refuses_missing = of->missing == NN_MISSING_ERROR && !samples->source->skips;
    view->refuses_rest = true;
    view->largest = -1;
    view->range = nn_range_empty();
    bool own = samples->source == &dataset->sources[samples->part];
    view->bounds = samples->part != NN_TRAIN && own;
    view->indices = of->indices > 0 ? (double)of->indices : SCAN_INDICES_MOST;
    bool fills =
        of->missing == NN_MISSING_MEAN || of->missing == NN_MISSING_MASK || of->missing == NN_MISSING_IMPUTE;
    view->rounds = nn_scan_may_round(samples->source, of->array);
    view->known_only = fills || (of->steps > 0 && samples->source->arrays[NN_DATA_LENGTH].sound);
    NN_TRY(nn_allocate((void **)&view->raw, of->raw_size, 1, "a sample"));
    if (own) NN_TRY(nn_scan_prepare_files(samples->source, view));
    if (!statistics || statistics[v].columns == 0) return NN_OK;
    view->columns = statistics[v].columns;
    return nn_places_create(of->values, &view->places);
}

/* Counts the maximal nodes of all ranks, and finds this rank's. */
static int64_t scan_share(nn_comm *comm, nn_scan_work *work)
{
    int64_t begin[SCAN_WORKERS + 1], chunks = scan_chunks(work->samples), count = 0;
    int workers = (int)nn_smaller(nn_comm_size(comm), SCAN_WORKERS);
    nn_tree_shares(chunks, workers, begin);
    for (int r = 0; r < workers; r++) {
        int nodes = nn_tree_cover(chunks, begin[r], begin[r + 1], work->nodes + count);
        work->sizes[r] = (size_t)nodes * (size_t)work->width * sizeof *work->sums;
        if (r == nn_comm_rank(comm)) {
            work->own = count;
            work->own_count = nodes;
        }
        count += nodes;
    }
    return count;
}

bool nn_scan_looks_at(const nn_scan_view *view)
{
    return view->raw && !view->left_out &&
           (view->finite || view->rounds || view->view->index || view->array->label ||
            view->view->taken.checked || view->columns > 0 || view->hashes || view->bounds);
}

static bool scan_has_work(const nn_scan_work *work)
{
    for (int v = 0; v < work->view_count; v++)
        if (nn_scan_looks_at(&work->views[v])) return true;
    return false;
}

/* Arrays that are read anyway are hashed; so are the rows of parts that share the file, so that none is
 * missing. */
static void scan_choose_hash(const nn_scan_work *work, nn_array *array, nn_scan_view *view)
{
    bool asked = work->hashes && view->view->rows == 1 && nn_identity_is_scanned(array);
    if (asked && nn_scan_looks_at(view)) array->scanned = true;
    view->hashes = asked && array->scanned;
}

nn_status nn_scan_create(nn_comm *comm, nn_dataset *dataset, const nn_samples *samples,
                         const nn_statistics *statistics, nn_scan_work *work)
{
    int64_t levels = 3, workers = nn_smaller(nn_comm_size(comm), SCAN_WORKERS);
    nn_source *source = samples->source;
    unsigned arrays = 0;
    work->samples = samples;
    work->view_count = dataset->view_count;
    for (int v = 0; v < work->view_count; v++) {
        nn_scan_view *view = &work->views[v];
        NN_TRY(scan_prepare_view(dataset, samples, v, statistics, view));
        view->finite |= work->reads_all && view->raw && !view->array->label;
        scan_choose_hash(work, &source->arrays[view->view->array], view);
        view->figures = work->width;
        work->width += NN_COLUMN_MOMENTS * view->columns;
        if (nn_scan_looks_at(view)) arrays |= 1u << view->view->array;
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

void nn_scan_release(nn_scan_work *work)
{
    for (int v = 0; v < work->view_count; v++) {
        nn_free(work->views[v].raw);
        nn_free(work->views[v].files);
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

/* Finds the first bad value; -1: none. */
static int64_t scan_find_bad(nn_scan_view *view, int64_t count, const double *values)
{
    int odd = 0;
    int64_t first = -1;
    for (int64_t i = 0; i < count; i++) odd |= !(fabs(values[i]) <= DBL_MAX);
    for (int64_t i = 0; odd && i < count; i++) {
        if (fabs(values[i]) <= DBL_MAX) continue;
        bool missing = isnan(values[i]);
        view->missing += missing;
        if (first < 0 && (missing ? view->refuses_missing : view->refuses_rest)) first = i;
    }
    return first;
}

static int64_t scan_find_no_index(nn_scan_view *view, int64_t count, const double *values)
{
    int64_t first = -1;
    for (int64_t i = 0; i < count; i++) {
        bool missing = isnan(values[i]);
        view->missing += missing;
        if (values[i] >= 0 && values[i] < view->indices && values[i] == floor(values[i])) {
            if (values[i] > view->largest) view->largest = values[i];
        } else if (first < 0 && (missing ? view->refuses_missing : view->refuses_rest)) {
            first = i;
        }
    }
    return first;
}

static void scan_note(nn_scan_view *view, int64_t row, int64_t value)
{
    if (row > view->bad_row || (row == view->bad_row && value >= view->bad_value)) return;
    view->bad_row = row;
    view->bad_value = value;
}

/* Extends the range; comparisons skip NaN. */
static void scan_range(nn_range *range, int64_t count, const double *values)
{
    double least = range->least, most = range->most;
    for (int64_t i = 0; i < count; i++) least = values[i] < least ? values[i] : least;
    for (int64_t i = 0; i < count; i++) most = values[i] > most ? values[i] : most;
    *range = (nn_range){least, most};
}

/* Scans the first `end` values of a sample. file: the range of its file, or NULL. */
static void scan_values(nn_scan_view *view, const unsigned char *raw, int64_t row, int64_t end,
                        nn_range *file)
{
    _Alignas(NN_ALIGNMENT) double values[NN_ARRAY_BLOCK];
    double sum = 0;
    nn_range range = nn_range_empty();
    for (int64_t at = 0; at < end; at += NN_ARRAY_BLOCK) {
        int64_t count = nn_smaller(NN_ARRAY_BLOCK, end - at), bad = -1;
        nn_view_values(view->view, view->array, raw, at, count, values);
        if (view->view->index)
            bad = scan_find_no_index(view, count, values);
        else if (view->finite)
            bad = scan_find_bad(view, count, values);
        if (view->view->taken.checked && view->refuses_rest) {
            int64_t outside = nn_taken_find(&view->view->taken, at, count, values, &sum);
            if (outside >= 0 && (bad < 0 || outside < bad)) bad = outside;
        }
        if (bad >= 0) scan_note(view, row, at + bad);
        if (!view->view->index) scan_range(&range, count, values);
        if (view->columns == 0) continue;
        if (view->known_only)
            nn_places_add_known(&view->places, at, count, values);
        else
            nn_places_add(&view->places, at, count, values);
    }
    nn_range_extend(&view->range, &range);
    if (file) nn_range_extend(file, &range);
}

static void scan_labels(nn_scan_view *view, const unsigned char *raw, int64_t row, int64_t end)
{
    for (int64_t i = 0; i < end; i++) {
        double label;
        nn_view_values(view->view, view->array, raw, i, 1, &label);
        bool missing = label == NN_LABEL_MISSING ||
                       (label == NN_LABEL_IGNORED && view->array->masks && !view->array->ignores);
        view->missing += missing;
        if (label == NN_LABEL_MISSING ? view->refuses_missing
                                      : label < 0 && label != NN_LABEL_IGNORED && view->refuses_rest)
            scan_note(view, row, i);
        if (label > view->largest) view->largest = label;
    }
}

/* Reads the length of a sample in steps; a bad length is reported elsewhere. */
static nn_status scan_length(nn_scan_work *work, int64_t row, int64_t *length)
{
    int32_t found = 0;
    *length = INT64_MAX;
    if (!work->length_blocks) return NN_OK;
    NN_TRY(nn_blocks_copy(work->length_blocks, NN_DATA_LENGTH, row, 1, (unsigned char *)&found));
    if (found > 0) *length = found;
    return NN_OK;
}

nn_status nn_scan_sample(nn_scan_work *work, int64_t sample)
{
    int64_t row = nn_samples_row(work->samples, sample), length;
    nn_pulse();
    NN_TRY(scan_length(work, row, &length));
    for (int v = 0; v < work->view_count; v++) {
        nn_scan_view *view = &work->views[v];
        const nn_array *array = view->array;
        if (!nn_scan_looks_at(view)) continue;
        int64_t begin = row + view->view->first_row, end = nn_view_end(view->view, length);
        const unsigned char *raw = array->raw ? array->raw + (size_t)begin * array->row_size : view->raw;
        if (!array->raw)
            NN_TRY(nn_blocks_copy(work->blocks, view->view->array, begin, view->view->rows, view->raw));
        int64_t missing = view->missing;
        if (array->label)
            scan_labels(view, raw, row, end);
        else
            scan_values(view, raw, row, end, nn_scan_find_file(work, view, row));
        if (view->rounds) nn_scan_find_rounded(view, raw, row, end);
        view->seen += end;
        view->missing_samples += view->missing > missing;
        if (!view->hashes) continue;
        view->content += nn_identity_row(array, raw, begin);
        view->content_rows++;
    }
    return NN_OK;
}

/* ---- statistics ---- */

static int64_t scan_chunk_end(const nn_scan_work *work, int64_t chunk)
{
    return nn_smaller(chunk * SCAN_CHUNK, work->samples->count);
}

static void scan_chunk(nn_scan_work *work, int64_t chunk, double *figures)
{
    int64_t begin = scan_chunk_end(work, chunk), end = scan_chunk_end(work, chunk + 1);
    for (int v = 0; v < work->view_count; v++)
        if (work->views[v].columns > 0) nn_places_begin(&work->views[v].places);
    for (int64_t s = begin; s < end && work->status == NN_OK; s++) work->status = nn_scan_sample(work, s);
    for (int v = 0; v < work->view_count; v++)
        if (work->views[v].columns > 0)
            nn_places_fold(&work->views[v].places, work->views[v].columns, figures + work->views[v].figures);
}

/* Merges the statistics of the halves of a node. */
static void scan_merge(const nn_scan_work *work, const double *right, double *figures)
{
    for (int64_t i = 0; i < work->width; i += NN_COLUMN_MOMENTS)
        nn_column_moments_merge(figures + i, right + i);
}

/* The statistics of a node; `stack` has room for one node per level below. */
static void scan_node(nn_scan_work *work, nn_tree_node node, double *figures, double *stack)
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

/* The same from the nodes computed by the ranks, left to right. */
static void scan_finish(nn_scan_work *work, nn_tree_node node, double *figures, double *stack)
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

static nn_status scan_run(nn_comm *comm, nn_scan_work *work)
{
    for (int64_t n = work->own; n < work->own + work->own_count; n++)
        scan_node(work, work->nodes[n], work->sums + n * work->width, work->stack);
    NN_TRY(nn_comm_agree(comm, work->status));
    return nn_comm_gather_all(comm, work->sums + work->own * work->width, work->sizes, work->sums);
}

/* A column without any value stays 0. */
static void scan_take_statistics(nn_scan_work *work, nn_statistics *statistics)
{
    double *figures = work->stack;
    if (work->width == 0) return;
    scan_finish(work, (nn_tree_node){0, scan_chunks(work->samples)}, figures, work->stack + work->width);
    for (int v = 0; v < work->view_count; v++) {
        const nn_scan_view *view = &work->views[v];
        for (int64_t c = 0; c < view->columns; c++) {
            const double *column = figures + view->figures + c * NN_COLUMN_MOMENTS;
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

static nn_status scan_look(nn_comm *comm, nn_dataset *dataset, const nn_samples *samples, bool hashes,
                           nn_statistics *statistics, int64_t *largest, nn_problems *problems)
{
    nn_scan_work work = {
        .dataset = dataset, .windows = dataset->options->window.length > 0, .hashes = hashes};
    if (samples->count == 0) return NN_OK;
    nn_status status;
    NN_TRY_TO(done, status, nn_comm_agree(comm, nn_scan_create(comm, dataset, samples, statistics, &work)));
    if (!scan_has_work(&work)) goto done;
    NN_TRY_TO(done, status, scan_run(comm, &work));
    if (statistics) scan_take_statistics(&work, statistics);
    for (int v = 0; v < work.view_count; v++) {
        NN_TRY_TO(done, status, nn_scan_report(comm, &work, &work.views[v], problems));
        if ((int64_t)work.views[v].largest > largest[v]) largest[v] = (int64_t)work.views[v].largest;
        NN_TRY_TO(done, status, nn_ranges_join(comm, 1, &work.views[v].range));
        if (hashes) dataset->ranges[samples->part][v] = work.views[v].range;
        if (hashes) NN_TRY_TO(done, status, nn_scan_compare_files(comm, samples->source, &work.views[v]));
        nn_array *array = &samples->source->arrays[work.views[v].view->array];
        array->content += work.views[v].content;
        array->content_rows += work.views[v].content_rows;
    }
done:
    nn_scan_release(&work);
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
