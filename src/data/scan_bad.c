/* Finds the samples to be left out: bad rows, or starts of windows with bad values. */
#include <stdlib.h>

#include "base/least.h"
#include "base/memory.h"
#include "data/scan_internal.h"

/* Values that are worth another rank's opening the files. */
#define SCAN_READER ((double)(1 << 18))

/* This rank's share of the rows. */
static void scan_share_rows(const nn_comm *comm, const nn_source *source, int64_t *begin, int64_t *end)
{
    double worth = (double)source->rows * (double)source->values / SCAN_READER + 1;
    int64_t rank = nn_comm_rank(comm), size = nn_comm_size(comm);
    int64_t readers = worth < (double)size ? (int64_t)worth : size;
    int64_t each = source->rows / readers, longer = source->rows % readers;
    *begin = *end = source->rows;
    if (rank >= readers) return;
    *begin = rank * each + nn_smaller(rank, longer);
    *end = *begin + each + (rank < longer);
}

static bool scan_drops(const nn_dataset *dataset, int view)
{
    return dataset->views[view].missing == NN_MISSING_DROP;
}

/* Chooses what is bad: everything, or only missing values of fields with missing: drop. */
static void scan_choose_bad(const nn_dataset *dataset, const nn_source *source, nn_scan_work *work)
{
    for (int v = 0; v < work->view_count; v++) {
        nn_scan_view *view = &work->views[v];
        bool fails = view->view->missing == NN_MISSING_ERROR && source->skips;
        view->refuses_missing = fails || scan_drops(dataset, v);
        view->refuses_rest = source->skips;
        view->left_out = !source->skips && !scan_drops(dataset, v);
    }
}

/* Adds the bad rows in this rank's share of all rows to those that could not be read. */
static nn_status scan_list_bad(nn_scan_work *work, int64_t begin, int64_t end)
{
    for (int64_t row = begin; row < end; row++) {
        bool bad = false;
        for (int v = 0; v < work->view_count; v++) work->views[v].bad_row = INT64_MAX;
        NN_TRY(nn_scan_sample(work, row));
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

/* A row with a missing value: no window may start that reaches it. */
static nn_status scan_note_windows(nn_source *source, const nn_view *window, int64_t row, int64_t *noted)
{
    int64_t first = row - window->first_row - window->rows + 1, last = row - window->first_row;
    if (first <= *noted) first = *noted + 1;
    for (int64_t start = first < 0 ? 0 : first; start <= last && start < source->rows; start++) {
        NN_TRY(nn_source_note(source, start));
        *noted = start;
    }
    return NN_OK;
}

/* As scan_list_bad, for windows: row by row of each view that drops them. */
static nn_status scan_list_windows(const nn_dataset *dataset, nn_scan_work *work, int64_t begin, int64_t end)
{
    for (int v = 0; v < work->view_count; v++) {
        nn_scan_view *view = &work->views[v];
        nn_view row = *view->view;
        int64_t noted = -1;
        if (!nn_scan_looks_at(view)) continue;
        row.first_row = row.seen = 0;
        row.rows = 1;
        row.values = row.picked;
        row.transform = NN_TRANSFORM_NONE;
        view->view = &row;
        for (int w = 0; w < work->view_count; w++) work->views[w].left_out = w != v;
        nn_status status = NN_OK;
        for (int64_t r = begin; r < end && status == NN_OK; r++) {
            view->bad_row = INT64_MAX;
            status = nn_scan_sample(work, r);
            if (status == NN_OK && view->bad_row != INT64_MAX)
                status = scan_note_windows(work->samples->source, &dataset->views[v], r, &noted);
        }
        view->view = &dataset->views[v];
        NN_TRY(status);
        for (int w = 0; w < work->view_count; w++) work->views[w].left_out = !scan_drops(dataset, w);
    }
    return NN_OK;
}

/* Sorts and removes duplicates: two ranks may have found the same damage. */
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
    NN_TRY_TO(done, status, nn_comm_gather_equal(comm, &count, sizeof count, counts));
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
    nn_source *source = &dataset->sources[part];
    nn_scan_work work = {.dataset = dataset, .reads_all = source->skips};
    bool windows = dataset->options->window.length > 0;
    nn_samples whole = {
        .source = source, .part = (int)part, .stride = 1, .units = source->rows, .count = source->rows};
    int64_t begin, end;
    nn_status status;
    scan_share_rows(comm, source, &begin, &end);
    NN_TRY_TO(done, status, nn_comm_agree(comm, nn_scan_create(comm, dataset, &whole, NULL, &work)));
    scan_choose_bad(dataset, source, &work);
    source->bad_windows = windows;
    status = windows ? scan_list_windows(dataset, &work, begin, end) : scan_list_bad(&work, begin, end);
    NN_TRY_TO(done, status, nn_comm_agree(comm, status));
    status = scan_gather_bad(comm, source, source->noted, source->noted_count);
done:
    nn_scan_release(&work);
    return status;
}
