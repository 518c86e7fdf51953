/* Sequences: datasets of variable length; values one after another, with a dataset of their offsets or
 * lengths; and series of rows, with a dataset that says where each begins, or of which series a row is. */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "data/layouts.h"

/* Longer lists of integers are not read to find out what they are. */
#define SEQUENCES_MOST ((int64_t)10000000)
/* Rows per series, below which the numbers are not those of series. */
#define SEQUENCES_SHORTEST 4

/* How a dataset of integers divides the rows of others. */
typedef struct sequences_bounds {
    size_t dataset;
    bool lengths;
    int64_t total, count; /* rows of the others, and sequences */
} sequences_bounds;

static bool sequences_is_named(const char *name, const char *const *words)
{
    const char *slash = strrchr(name, '/');
    for (; *words; words++)
        if (strstr(slash ? slash + 1 : name, *words)) return true;
    return false;
}

/* ---- of variable length ---- */

static nn_status sequences_find_variable(nn_store_file *file, nn_layouts *layouts)
{
    for (size_t i = 0; i < layouts->count; i++) {
        nn_layouts_dataset *dataset = &layouts->datasets[i];
        const nn_layouts_array array = {.name = dataset->name};
        nn_store_sequences sequences;
        nn_store_array *opened;
        bool added;
        if (dataset->type != NN_STORE_UNSUPPORTED || dataset->part) continue;
        nn_status status = nn_store_array_open(file, dataset->name, &opened);
        bool found = status == NN_OK && nn_store_array_sequences(opened, &sequences);
        if (status == NN_OK) nn_store_array_close(opened);
        if (status == NN_ERROR_MEMORY) return status;
        nn_error_clear();
        if (found) NN_TRY(nn_layouts_add(file, layouts, &array, &added));
    }
    return NN_OK;
}

/* ---- by offsets, or by lengths ---- */

static bool sequences_is_list(const nn_layouts_dataset *dataset)
{
    return nn_layouts_is_free(dataset, true) && nn_store_type_is_integer(dataset->type) &&
           dataset->dimensions == 1 && dataset->extents[0] > 1 && dataset->extents[0] <= SEQUENCES_MOST;
}

/* Whether values of this many rows are divided by the numbers. Without a name that says so, offsets must be
 * closed, and lengths are not believed. */
static bool sequences_divide(const char *name, const int64_t *numbers, int64_t count, int64_t rows,
                             sequences_bounds *bounds)
{
    static const char *const starts[] = {"offset", "start", "begin", "ptr", "first", NULL};
    static const char *const lengths[] = {"length", "len", "count", "size", NULL};
    bool rises = numbers[0] == 0, positive = true;
    int64_t sum = 0;
    for (int64_t i = 0; i < count; i++) {
        rises &= i == 0 || numbers[i] >= numbers[i - 1];
        positive &= numbers[i] >= 0 && numbers[i] <= rows - sum;
        if (positive) sum += numbers[i];
    }
    bool closed = rises && numbers[count - 1] == rows;
    bounds->total = rows;
    bounds->lengths = !closed && positive && sum == rows && sequences_is_named(name, lengths);
    bounds->count = closed ? count - 1 : count;
    return closed || bounds->lengths ||
           (rises && numbers[count - 1] < rows && sequences_is_named(name, starts));
}

/* Finds a number of rows that a list of integers divides. */
static nn_status sequences_look(nn_store_file *file, const nn_layouts *layouts, size_t at,
                                sequences_bounds *bounds, bool *found)
{
    const nn_layouts_dataset *list = &layouts->datasets[at];
    int64_t *numbers, count = list->extents[0];
    *found = false;
    NN_TRY(NN_ALLOCATE(&numbers, count, "integers that may be offsets"));
    nn_status status = nn_store_read(file, list->name, NN_STORE_I64, (size_t)count, numbers);
    for (size_t i = 0; i < layouts->count && status == NN_OK && !*found; i++) {
        const nn_layouts_dataset *values = &layouts->datasets[i];
        bool may = nn_layouts_is_free(values, true) && values->dimensions > 0 && values->extents[0] > count;
        *found = may && sequences_divide(list->name, numbers, count, values->extents[0], bounds);
    }
    bounds->dataset = at;
    nn_free(numbers);
    if (status == NN_ERROR_MEMORY) return status;
    nn_error_clear();
    return NN_OK;
}

/* The datasets with a number of rows, but one. */
static size_t sequences_with(const nn_layouts *layouts, int64_t rows, size_t except)
{
    size_t count = 0;
    for (size_t i = 0; i < layouts->count; i++) {
        const nn_layouts_dataset *dataset = &layouts->datasets[i];
        bool fits = dataset->dimensions > 0 && dataset->extents[0] == rows && i != except;
        count += fits && nn_layouts_is_free(dataset, false);
    }
    return count;
}

static nn_status sequences_add(nn_store_file *file, nn_layouts *layouts, const sequences_bounds *bounds)
{
    nn_layouts_dataset *list = &layouts->datasets[bounds->dataset];
    for (size_t i = 0; i < layouts->count; i++) {
        nn_layouts_dataset *values = &layouts->datasets[i];
        bool fits = nn_layouts_is_free(values, true) && values->dimensions > 0 &&
                    values->extents[0] == bounds->total && values != list,
             added = false;
        nn_text name = {0};
        if (!fits) continue;
        nn_text_append(&name, "%s by %s %s", values->name, bounds->lengths ? "lengths" : "offsets",
                       list->name);
        const nn_layouts_array array = {.name = name.bytes};
        nn_status status = name.failed ? NN_ERROR_MEMORY : nn_layouts_add(file, layouts, &array, &added);
        nn_text_free(&name);
        NN_TRY(status);
        values->part = added;
    }
    list->part = true;
    return NN_OK;
}

static nn_status sequences_set_series(nn_layouts *layouts, nn_layouts_dataset *dataset, bool starts,
                                      int64_t rows, int64_t count)
{
    if (layouts->series) return NN_OK;
    dataset->part = true;
    layouts->series_starts = starts;
    layouts->series_rows = rows;
    layouts->series_each = rows / count;
    return nn_copy_text(dataset->name, &layouts->series);
}

/* Sequences are samples if something has one row for each, or if several datasets have their steps, one of
 * which may be the targets; a single dataset without that is a table of series. */
static nn_status sequences_find_bounds(nn_store_file *file, nn_layouts *layouts)
{
    sequences_bounds bounds;
    bool found;
    for (size_t i = 0; i < layouts->count; i++) {
        nn_layouts_dataset *list = &layouts->datasets[i];
        if (!sequences_is_list(list)) continue;
        NN_TRY(sequences_look(file, layouts, i, &bounds, &found));
        if (!found) continue;
        bool samples =
            sequences_with(layouts, bounds.count, i) > 0 || sequences_with(layouts, bounds.total, i) > 1;
        if (samples)
            NN_TRY(sequences_add(file, layouts, &bounds));
        else if (!bounds.lengths && bounds.total / bounds.count >= SEQUENCES_SHORTEST)
            NN_TRY(sequences_set_series(layouts, list, true, bounds.total, bounds.count));
    }
    return NN_OK;
}

/* ---- the series of each row ---- */

static nn_status sequences_find_series(nn_store_file *file, nn_layouts *layouts)
{
    static const char *const words[] = {"episode", "traj",  "patient", "subject", "series",  "session",
                                        "track",   "group", "station", "segment", "record_", NULL};
    for (size_t i = 0; i < layouts->count && !layouts->series; i++) {
        nn_layouts_dataset *list = &layouts->datasets[i];
        int64_t *numbers, rows = list->extents[0], runs = 1;
        if (!sequences_is_list(list) || !sequences_is_named(list->name, words)) continue;
        if (sequences_with(layouts, rows, i) == 0) continue;
        NN_TRY(NN_ALLOCATE(&numbers, rows, "the series of rows"));
        nn_status status = nn_store_read(file, list->name, NN_STORE_I64, (size_t)rows, numbers);
        for (int64_t r = 1; r < rows && status == NN_OK; r++) runs += numbers[r] != numbers[r - 1];
        nn_free(numbers);
        if (status == NN_ERROR_MEMORY) return status;
        nn_error_clear();
        if (status == NN_OK && runs > 1 && rows / runs >= SEQUENCES_SHORTEST)
            NN_TRY(sequences_set_series(layouts, list, false, rows, runs));
    }
    return NN_OK;
}

nn_status nn_layouts_find_sequences(nn_store_file *file, nn_layouts *layouts)
{
    NN_TRY(sequences_find_variable(file, layouts));
    NN_TRY(sequences_find_bounds(file, layouts));
    return sequences_find_series(file, layouts);
}
