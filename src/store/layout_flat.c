/* Sequences one after another in a dataset of values (steps, or steps x features ...), with a dataset of
 * integers that says where each begins, or how long it is: "VALUES by offsets OFFSETS", "VALUES by lengths
 * LENGTHS". There are N + 1 offsets, the last one past the end; or N, the last sequence then reaching to the
 * end of the values. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/least.h"
#include "base/memory.h"
#include "store/ragged.h"

/* Bytes of values read at a time, unless a sequence has more. */
#define FLAT_BYTES ((int64_t)1 << 20)

static bool flat_recognise(nn_store_file *file, const nn_store_spec *spec)
{
    return !spec->lengths && nn_ragged_is_split(spec->dataset) && nn_ragged_has_values(file, spec->dataset);
}

/* ---- where sequences begin ---- */

static nn_status flat_fail_bound(const nn_store_array *array, const nn_ragged_name *name, int64_t at,
                                 int64_t bound, const char *why)
{
    NN_FAIL(NN_ERROR_DATA, "\"%s\" of %s: %s %" PRId64 " is %" PRId64 ", %s (\"%s\" has %" PRId64 " steps)",
            name->bounds, array->file->path, name->lengths ? "length" : "offset", at, bound, why,
            name->values, ((nn_ragged *)array->state)->values->info.extents[0]);
}

/* Offsets must not decrease, nor lie outside the values; lengths must have the values as their sum. */
static nn_status flat_check_bounds(const nn_store_array *array, const nn_ragged_name *name,
                                   const int64_t *bounds, int64_t count)
{
    int64_t total = ((nn_ragged *)array->state)->values->info.extents[0], sum = 0;
    for (int64_t i = 0; i < count; i++) {
        if (bounds[i] < 0) return flat_fail_bound(array, name, i, bounds[i], "which is negative");
        if (!name->lengths && i > 0 && bounds[i] < bounds[i - 1])
            return flat_fail_bound(array, name, i, bounds[i], "less than the one before it");
        if (!name->lengths && bounds[i] > total)
            return flat_fail_bound(array, name, i, bounds[i], "beyond the end of the values");
        if (name->lengths && bounds[i] > total - sum)
            return flat_fail_bound(array, name, i, bounds[i], "which reaches beyond the end of the values");
        if (name->lengths) sum += bounds[i];
    }
    if (!name->lengths || sum == total) return NN_OK;
    NN_FAIL(NN_ERROR_DATA,
            "\"%s\" of %s: the sum of the lengths is %" PRId64 ", but \"%s\" has %" PRId64
            " steps: if these are offsets, give \"%s by offsets %s\"",
            name->bounds, array->file->path, sum, name->values, total, name->values, name->bounds);
}

/* The longest window; 0: sequences are not cut. */
static int64_t flat_window(const nn_store_spec *spec)
{
    return spec->longer == NN_STORE_LONGER_WINDOW ? spec->steps : 0;
}

/* Replaces the facts by those of windows, consecutive ones of each sequence; their extra bytes are the
 * numbers of their sequences. */
static nn_status flat_cut(nn_store_array *array, int64_t window)
{
    nn_store_facts whole = array->facts;
    const nn_ragged_facts *facts = whole.bytes;
    const int32_t *lengths = nn_ragged_lengths(array);
    int64_t windows = 0, at = 0;
    for (int64_t r = 0; r < facts->rows; r++)
        windows += lengths[r] > window ? (lengths[r] - 1) / window + 1 : 1;
    array->facts = (nn_store_facts){0};
    nn_status status = nn_ragged_make_facts(array, windows);
    if (status == NN_OK) status = nn_ragged_extend_facts(array, (size_t)windows * sizeof(int64_t));
    if (status == NN_OK) ((nn_ragged_facts *)array->facts.bytes)->first = facts->first;
    for (int64_t r = 0; r < facts->rows && status == NN_OK; r++)
        for (int64_t done = 0; done == 0 || done < lengths[r]; done += window, at++) {
            nn_ragged_lengths(array)[at] = (int32_t)nn_smaller(lengths[r] - done, window);
            memcpy(nn_ragged_extra(array) + (size_t)at * sizeof r, &r, sizeof r);
        }
    nn_free(whole.bytes);
    return status;
}

static nn_status flat_set_lengths(nn_store_array *array, const nn_ragged_name *name, const int64_t *bounds,
                                  int64_t count, int64_t window)
{
    int64_t total = ((nn_ragged *)array->state)->values->info.extents[0];
    bool closed = count > 0 && !name->lengths && bounds[count - 1] == total;
    int64_t rows = closed ? count - 1 : count;
    NN_TRY(nn_ragged_make_facts(array, rows));
    ((nn_ragged_facts *)array->facts.bytes)->first = name->lengths || count == 0 ? 0 : bounds[0];
    for (int64_t r = 0; r < rows; r++) {
        int64_t end = r + 1 < count ? bounds[r + 1] : total;
        int64_t length = name->lengths ? bounds[r] : end - bounds[r];
        if (length > INT32_MAX) return flat_fail_bound(array, name, r, bounds[r], "too long a sequence");
        nn_ragged_lengths(array)[r] = (int32_t)length;
    }
    if (window > 0) NN_TRY(flat_cut(array, window));
    return nn_ragged_conclude_facts(array);
}

static nn_status flat_measure(nn_store_array *array, const nn_ragged_name *name, nn_store_array *bounds,
                              int64_t window)
{
    int64_t count = bounds->info.extents[0], *numbers = NULL;
    NN_TRY(NN_ALLOCATE(&numbers, count, "the offsets of sequences"));
    nn_status status = nn_store_read_rows(bounds, 0, count, NN_STORE_I64, numbers);
    if (status == NN_OK) status = flat_check_bounds(array, name, numbers, count);
    if (status == NN_OK) status = flat_set_lengths(array, name, numbers, count, window);
    nn_free(numbers);
    return status;
}

/* ---- opening ---- */

static nn_status flat_check(const nn_store_array *array, const nn_store_array *values,
                            const nn_store_array *bounds)
{
    NN_TRY(nn_store_array_expect_numeric(values, values->info.type));
    if (values->info.dimensions == 0)
        NN_FAIL(NN_ERROR_DATA, "dataset \"%s\" of %s holds a single number, not the steps of sequences",
                values->name, array->file->path);
    if (bounds->info.dimensions == 1 && nn_store_type_is_integer(bounds->info.type)) return NN_OK;
    NN_FAIL(NN_ERROR_DATA,
            "dataset \"%s\" of %s is %s of %d dimensions: offsets and lengths are integers, in one dimension",
            bounds->name, array->file->path, bounds->info.type_name, bounds->info.dimensions);
}

static nn_status flat_take(nn_store_array *array, const nn_store_spec *spec, const nn_ragged_name *name,
                           nn_store_array *bounds)
{
    nn_ragged *ragged = array->state;
    int64_t count = bounds->info.extents[0], at = 0;
    bool known;
    NN_TRY(flat_check(array, ragged->values, bounds));
    NN_TRY(nn_layout_check_part(ragged->values));
    NN_TRY(nn_layout_check_part(bounds));
    /* With N + 1 offsets there is one sequence less; with windows there are more rows. */
    const nn_ragged_facts *given = spec->facts.bytes;
    int64_t window = flat_window(spec);
    int64_t rows = given && window > 0       ? given->rows
                   : given && !name->lengths ? nn_smaller(count, given->rows)
                                             : count;
    NN_TRY(nn_ragged_take_facts(array, spec, rows, &known));
    if (!known) NN_TRY(flat_measure(array, name, bounds, window));
    const nn_ragged_facts *facts = nn_ragged_facts_of(array);
    if (facts->rows > 0) NN_TRY(NN_ALLOCATE(&ragged->starts, facts->rows, "the offsets of sequences"));
    at = facts->first;
    for (int64_t r = 0; r < facts->rows; r++) {
        ragged->starts[r] = at;
        at += nn_ragged_lengths(array)[r];
    }
    if (at <= ragged->values->info.extents[0]) return NN_OK;
    NN_FAIL(NN_ERROR_DATA, "\"%s\" of %s was changed since it was first opened", array->name,
            array->file->path);
}

static nn_status flat_open_both(nn_store_array *array, nn_store_file *file, const nn_store_spec *spec,
                                const nn_ragged_name *name)
{
    nn_ragged *ragged = array->state;
    nn_store_array *bounds;
    const nn_store_spec values = {.dataset = name->values};
    NN_TRY(nn_store_array_open_as(file, &values, &ragged->values));
    NN_TRY(nn_store_array_open(file, name->bounds, &bounds));
    nn_status status = flat_take(array, spec, name, bounds);
    nn_store_array_close(bounds);
    NN_TRY(status);
    const nn_store_info *of = &ragged->values->info;
    array->info = *of;
    snprintf(array->info.type_name, sizeof array->info.type_name, "sequences of %.40s", of->type_name);
    array->info.dimensions = of->dimensions + 1;
    for (int d = 1; d < of->dimensions; d++) array->info.extents[d + 1] = of->extents[d];
    array->info.chunked = false;
    return nn_ragged_shape(array, spec);
}

static nn_status flat_open(nn_store_array *array, nn_store_file *file, const nn_store_spec *spec)
{
    nn_ragged *ragged;
    nn_ragged_name name = {0};
    NN_TRY(nn_ragged_create(array, &ragged));
    nn_status status = nn_ragged_split(spec->dataset, &name);
    if (status == NN_OK) status = flat_open_both(array, file, spec, &name);
    nn_ragged_name_free(&name);
    return status;
}

/* ---- reading ---- */

/* How many sequences from `row` on fit into FLAT_BYTES, at least one; and the steps that they have. */
static int64_t flat_fit(const nn_store_array *array, int64_t row, int64_t end, size_t step, int64_t *steps)
{
    const int32_t *lengths = nn_ragged_lengths(array);
    int64_t rows = 0;
    *steps = 0;
    while (row + rows < end && (rows == 0 || (*steps + lengths[row + rows]) * (int64_t)step <= FLAT_BYTES))
        *steps += lengths[row + rows++];
    return rows;
}

static bool flat_read_steps(nn_store_array *values, int64_t first, int64_t steps, nn_store_type type,
                            void *to, char *reason)
{
    int64_t start[NN_STORE_MAX_DIMENSIONS] = {first}, count[NN_STORE_MAX_DIMENSIONS] = {steps};
    for (int d = 1; d < values->info.dimensions; d++) count[d] = values->info.extents[d];
    return steps == 0 || nn_store_read_block(values, start, count, type, to, reason);
}

static bool flat_read(nn_store_array *array, const int64_t *start, const int64_t *count, nn_store_type type,
                      void *values, char *reason)
{
    const nn_ragged *ragged = array->state;
    size_t size = nn_store_type_size(type), step = (size_t)ragged->features * size;
    char *to = values, *block = NULL;
    bool read = true;
    int64_t steps, rows, end = start[0] + count[0];
    for (int64_t row = start[0]; row < end && read; row += rows) {
        rows = flat_fit(array, row, end, step, &steps);
        read = nn_allocate((void **)&block, (size_t)nn_larger(steps, 1), step, "sequences") == NN_OK;
        if (!read) snprintf(reason, NN_STORE_REASON, "out of memory");
        read = read && flat_read_steps(ragged->values, ragged->starts[row], steps, type, block, reason);
        for (int64_t r = row; r < row + rows && read; r++)
            to = nn_ragged_fill(array, start, count, r, size,
                                block + (size_t)(ragged->starts[r] - ragged->starts[row]) * step, to);
        nn_free(block);
        block = NULL;
    }
    return read;
}

static void flat_describe(const nn_store_array *array, nn_text *text)
{
    const nn_ragged_facts *facts = nn_ragged_facts_of(array);
    int64_t last = -1;
    if (facts->extra > 0) memcpy(&last, nn_ragged_extra(array) + facts->extra - sizeof last, sizeof last);
    if (facts->extra > 0)
        nn_text_append(text, "%" PRId64 " sequences, cut into %" PRId64 " windows: ", last + 1, facts->rows);
    nn_ragged_describe(array, text);
}

const nn_store_layout nn_layout_flat = {
    .name = "sequences",
    .recognise = flat_recognise,
    .open = flat_open,
    .close = nn_ragged_close,
    .read = flat_read,
    .sequences = nn_ragged_tell,
    .describe = flat_describe,
};
