#include "data/stretches.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/least.h"
#include "base/log.h"
#include "base/memory.h"

/* Rows read at a time. */
#define STRETCH_BLOCK ((int64_t)1 << 16)

/* ---- what cuts ---- */

typedef enum stretch_kind { STRETCH_BY, STRETCH_STARTS, STRETCH_TIME } stretch_kind;

/* A dataset of one file, being read. */
typedef struct stretch_work {
    nn_source *source;
    const nn_piece *piece;
    stretch_kind kind;
    double gap;
    const char *option; /* for messages */
    char name[512];     /* of the dataset */
    int64_t room;       /* of source->breaks */
    double last;        /* the value before the next one */
    int64_t read;       /* values read so far */
} stretch_work;

/* The groups of a split by group, which windows do not cross either. */
static const char *stretch_group(const nn_data_options *options)
{
    return options->split.by == NN_SPLIT_BY_GROUP ? options->split.group : NULL;
}

bool nn_stretches_given(const nn_data_options *options)
{
    const nn_data_window_options *window = &options->window;
    if (window->length == 0) return false;
    return window->by || window->starts || window->by_time || stretch_group(options);
}

/* ---- cuts ---- */

static nn_status stretch_cut(stretch_work *work, int64_t row)
{
    nn_source *source = work->source;
    if (row <= 0 || row >= work->piece->rows) return NN_OK;
    if (source->break_count == work->room) {
        int64_t room = work->room > 0 ? 2 * work->room : 64;
        NN_TRY(nn_reallocate((void **)&source->breaks, (size_t)work->room, (size_t)room,
                             sizeof *source->breaks, "the series of a part"));
        work->room = room;
    }
    source->breaks[source->break_count++] = work->piece->first + row;
    return NN_OK;
}

static nn_status stretch_wrong(const stretch_work *work, int64_t at, double value, const char *remedy)
{
    NN_FAIL(NN_ERROR_DATA, "%s: dataset \"%s\" of %s: entry %lld is %.17g: %s", work->option, work->name,
            nn_source_path(work->piece, 0), (long long)at, value, remedy);
}

/* The value after `work->last`. */
static nn_status stretch_take(stretch_work *work, double value)
{
    int64_t at = work->read++;
    if (!isfinite(value))
        return stretch_wrong(work, at, value, "each entry must be a number; repair the data");
    double last = work->last;
    work->last = value;
    if (work->kind == STRETCH_STARTS) {
        bool valid = value == floor(value) && value >= 0 && value <= (double)work->piece->rows;
        if (!valid || (at > 0 && value < last))
            return stretch_wrong(work, at, value,
                                 valid
                                     ? "series must begin in ascending order; sort the starts"
                                     : "it is not the number of a row, or of the end of the file; count rows "
                                       "from 0 in each file");
        return stretch_cut(work, (int64_t)value);
    }
    bool cuts = work->kind == STRETCH_BY ? value != last : value - last > work->gap || value < last;
    return at > 0 && cuts ? stretch_cut(work, at) : NN_OK;
}

/* ---- reading ---- */

/* The name of a part's own dataset, if the file has it: NAME_test, or the other's ending replaced. */
static void stretch_name(nn_store_file *file, const char *name, int part, char own[512])
{
    size_t length = strlen(name), tail = strlen("_train");
    bool ends = length > tail && strcmp(name + length - tail, "_train") == 0;
    snprintf(own, 512, "%.*s_%s", (int)(ends ? length - tail : length), name, nn_part_names[part]);
    if (!nn_store_has(file, own)) snprintf(own, 512, "%s", name);
}

static nn_status stretch_read(stretch_work *work, nn_store_array *array)
{
    const nn_store_info *info = nn_store_array_info(array);
    int64_t rows = info->dimensions > 0 ? info->extents[0] : 0, each = nn_smaller(rows, STRETCH_BLOCK);
    bool column = info->dimensions == 1 || (info->dimensions == 2 && info->extents[1] == 1);
    double *values = NULL;
    if (!column || info->type == NN_STORE_TEXT)
        NN_FAIL(NN_ERROR_DATA, "%s: dataset \"%s\" of %s must be a list of numbers: one %s", work->option,
                work->name, nn_source_path(work->piece, 0),
                work->kind == STRETCH_STARTS ? "for each series, the row at which it begins"
                : work->kind == STRETCH_BY   ? "per row, such as the number of its episode"
                                             : "per row, its time");
    if (work->kind != STRETCH_STARTS && rows != work->piece->rows)
        NN_FAIL(NN_ERROR_DATA,
                "%s: dataset \"%s\" of %s has %lld entries, but there are %lld rows: it must "
                "have one for each",
                work->option, work->name, nn_source_path(work->piece, 0), (long long)rows,
                (long long)work->piece->rows);
    NN_TRY(NN_ALLOCATE(&values, each, "the series of a part"));
    nn_status status = NN_OK;
    for (int64_t at = 0; at < rows && status == NN_OK; at += each) {
        int64_t count = nn_smaller(each, rows - at);
        status = nn_store_read_rows(array, at, count, NN_STORE_F64, values);
        for (int64_t i = 0; i < count && status == NN_OK; i++) status = stretch_take(work, values[i]);
    }
    nn_free(values);
    return status;
}

static nn_status stretch_read_piece(stretch_work *work, const char *name, int part, nn_piece *piece)
{
    nn_store_array *stored, *array = NULL;
    NN_TRY(nn_source_array(work->source, piece, 0, &stored));
    nn_store_file *file = nn_source_file(piece, 0);
    work->piece = piece;
    work->last = 0;
    work->read = 0;
    stretch_name(file, name, part, work->name);
    nn_status status = nn_store_array_open(file, work->name, &array);
    if (status == NN_OK)
        status = stretch_read(work, array);
    else
        nn_fail_context(status, "%s", work->option);
    nn_store_array_close(array);
    return status;
}

static nn_status stretch_read_all(stretch_work *work, const char *name, int part)
{
    nn_source *source = work->source;
    if (!name) return NN_OK;
    for (int i = 0; i < source->piece_count; i++)
        NN_TRY(stretch_read_piece(work, name, part, &source->pieces[i]));
    return NN_OK;
}

static int stretch_compare(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;
    return one < other ? -1 : one > other;
}

/* Several datasets may cut at the same row. */
static void stretch_sort(nn_source *source)
{
    int64_t kept = 0;
    if (source->break_count == 0) return;
    qsort(source->breaks, (size_t)source->break_count, sizeof *source->breaks, stretch_compare);
    for (int64_t i = 0; i < source->break_count; i++)
        if (kept == 0 || source->breaks[i] != source->breaks[kept - 1])
            source->breaks[kept++] = source->breaks[i];
    source->break_count = kept;
}

static nn_status stretch_check(const nn_data_window_options *window)
{
    if (window->length == 0 && (window->by || window->starts || window->by_time))
        NN_FAIL(NN_ERROR_USAGE, "data.window.%s: needs data.window.length, the rows of a window",
                window->by       ? "by"
                : window->starts ? "starts"
                                 : "by_time");
    if (window->by_time && window->gap <= 0)
        NN_FAIL(NN_ERROR_USAGE,
                "data.window.by_time: needs data.window.gap, the longest time between two rows "
                "of a series, in the units of dataset \"%s\"",
                window->by_time);
    if (window->gap > 0 && !window->by_time)
        NN_FAIL(NN_ERROR_USAGE, "data.window.gap: needs data.window.by_time, the dataset of times");
    return NN_OK;
}

nn_status nn_stretches_find(const nn_data_options *options, nn_source *source, int part)
{
    const nn_data_window_options *window = &options->window;
    const char *group = part == NN_TRAIN ? stretch_group(options) : NULL;
    NN_TRY(stretch_check(window));
    if (!nn_stretches_given(options) || !source->arrays[0].sound) return NN_OK;
    stretch_work work = {.source = source, .gap = window->gap};
    work.option = "data.window.by";
    work.kind = STRETCH_BY;
    NN_TRY(stretch_read_all(&work, window->by, part));
    work.option = "data.split.group";
    NN_TRY(stretch_read_all(&work, group, part));
    work.option = "data.window.starts";
    work.kind = STRETCH_STARTS;
    NN_TRY(stretch_read_all(&work, window->starts, part));
    work.option = "data.window.by_time";
    work.kind = STRETCH_TIME;
    NN_TRY(stretch_read_all(&work, window->by_time, part));
    stretch_sort(source);
    return NN_OK;
}

/* ---- rows ---- */

/* The number of cuts up to a row, itself included. */
static int64_t stretch_count(const nn_source *source, int64_t row)
{
    int64_t low = 0, high = source->break_count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (source->breaks[middle] <= row)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int64_t nn_stretches_end(nn_source *source, int64_t row)
{
    int64_t end = nn_source_file_end(source, row), next = stretch_count(source, row);
    return next < source->break_count ? nn_smaller(source->breaks[next], end) : end;
}

bool nn_stretches_same(nn_source *source, int64_t row, int64_t other)
{
    return nn_source_find_piece(source, row) == nn_source_find_piece(source, other) &&
           stretch_count(source, row) == stretch_count(source, other);
}

int64_t nn_stretches_number(nn_source *source, int64_t row)
{
    return nn_source_find_piece(source, row) - source->pieces + stretch_count(source, row);
}

/* ---- what is said ---- */

static int64_t stretch_windows(const nn_data_window_options *window, int64_t reach, int64_t rows)
{
    return rows < reach ? 0 : (rows - reach) / window->stride + 1;
}

void nn_stretches_tell(const nn_data_options *options, const nn_source *source, int part)
{
    const nn_data_window_options *window = &options->window;
    int64_t reach = window->length + (source->lenient ? 0 : window->horizon), all = 0, kept = 0, at = 0;
    if (!source->given || !nn_stretches_given(options)) return;
    for (int i = 0; i < source->piece_count; i++) {
        int64_t row = source->pieces[i].first, end = row + source->pieces[i].rows;
        all += stretch_windows(window, reach, end - row);
        for (; at < source->break_count && source->breaks[at] < end; row = source->breaks[at++])
            kept += stretch_windows(window, reach, source->breaks[at] - row);
        kept += stretch_windows(window, reach, end - row);
    }
    nn_log_line("data.%s: %" PRId64 " series, which windows of %" PRId64 " rows%s do not cross: %" PRId64
                " windows, %" PRId64 " fewer than without",
                nn_part_names[part], source->piece_count + source->break_count, window->length,
                source->lenient ? "" : " and their targets", kept, all - kept);
}
