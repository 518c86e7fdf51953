/* What there is once per sequence, for sequences that are cut into windows (layout_flat.c): the value, or the
 * row, of a sequence for each of its windows; or the number of the sequence itself. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "store/field.h"
#include "store/ragged.h"

static bool repeated_recognise(nn_store_file *file, const nn_store_spec *spec)
{
    const nn_ragged_facts *facts = spec->facts.bytes;
    (void)file;
    if (spec->repeated == NN_STORE_REPEATED_NOT || spec->lengths || !facts) return false;
    size_t row = sizeof(int32_t) + sizeof(int64_t); /* facts of anything else have another size */
    if (spec->facts.size <= sizeof *facts || (spec->facts.size - sizeof *facts) % row != 0) return false;
    size_t rows = (spec->facts.size - sizeof *facts) / row;
    if (facts->rows != (int64_t)rows || facts->extra != (int64_t)(rows * sizeof(int64_t))) return false;
    return spec->repeated == NN_STORE_REPEATED_NUMBERS || !nn_ragged_is_split(spec->dataset);
}

/* The number of the sequence that a window is of. */
static int64_t repeated_sequence(const nn_store_array *array, int64_t window)
{
    int64_t sequence;
    memcpy(&sequence, nn_ragged_extra(array) + (size_t)window * sizeof sequence, sizeof sequence);
    return sequence;
}

static nn_status repeated_check(const nn_store_array *array, const nn_store_array *base)
{
    int64_t windows = nn_ragged_facts_of(array)->rows, last = repeated_sequence(array, windows - 1);
    nn_store_sequences sequences;
    if (nn_store_array_sequences(base, &sequences))
        NN_FAIL(
            NN_ERROR_DATA,
            "\"%s\" of %s holds sequences one by one, which longer: window does not cut: store values one "
            "after another, with offsets, as those of the first input are",
            array->name, array->file->path);
    if (base->info.dimensions > 0 && base->info.extents[0] == last + 1) return NN_OK;
    NN_FAIL(NN_ERROR_DATA,
            "dataset \"%s\" of %s has %" PRId64
            " rows, but the first input, which is cut into windows, has %" PRId64
            " sequences: there must be a row for each, or values of its steps with the same offsets",
            array->name, array->file->path, base->info.dimensions > 0 ? base->info.extents[0] : 1, last + 1);
}

static nn_status repeated_open(nn_store_array *array, nn_store_file *file, const nn_store_spec *spec)
{
    const nn_ragged_facts *facts = spec->facts.bytes;
    nn_store_info *info = &array->info;
    nn_store_spec of = *spec;
    nn_store_array *base;
    bool known;
    NN_TRY(nn_ragged_take_facts(array, spec, facts->rows, &known));
    if (spec->repeated == NN_STORE_REPEATED_NUMBERS) {
        *info = (nn_store_info){.type = NN_STORE_I64, .dimensions = 1, .written = true};
        info->extents[0] = facts->rows;
        snprintf(info->type_name, sizeof info->type_name, "numbers of sequences");
        return NN_OK;
    }
    of.repeated = NN_STORE_REPEATED_NOT;
    of.facts = (nn_store_facts){0};
    NN_TRY(nn_store_array_open_as(file, &of, &base));
    array->state = base;
    NN_TRY(repeated_check(array, base));
    NN_TRY(nn_layout_check_part(base));
    *info = base->info;
    info->extents[0] = facts->rows;
    info->chunked = false;
    return NN_OK;
}

static void repeated_close(nn_store_array *array)
{
    nn_store_array_close(array->state);
}

/* Reads the rows of all sequences that have windows of the block, and copies each. */
static bool repeated_read_rows(nn_store_array *array, const int64_t *start, const int64_t *count,
                               nn_store_type type, char *values, char *reason)
{
    int64_t from[NN_STORE_MAX_DIMENSIONS], some[NN_STORE_MAX_DIMENSIONS];
    size_t row = nn_store_type_size(type);
    char *rows = NULL;
    memcpy(from, start, sizeof from);
    memcpy(some, count, sizeof some);
    for (int d = 1; d < array->info.dimensions; d++) row *= (size_t)count[d];
    from[0] = repeated_sequence(array, start[0]);
    some[0] = repeated_sequence(array, start[0] + count[0] - 1) + 1 - from[0];
    bool read = nn_allocate((void **)&rows, (size_t)some[0], row, "rows of sequences") == NN_OK;
    if (!read) snprintf(reason, NN_STORE_REASON, "out of memory");
    read = read && nn_store_read_block(array->state, from, some, type, rows, reason);
    for (int64_t w = 0; w < count[0] && read; w++)
        memcpy(values + (size_t)w * row,
               rows + (size_t)(repeated_sequence(array, start[0] + w) - from[0]) * row, row);
    nn_free(rows);
    return read;
}

static bool repeated_read(nn_store_array *array, const int64_t *start, const int64_t *count,
                          nn_store_type type, void *values, char *reason)
{
    int64_t *numbers;
    if (count[0] == 0) return true;
    if (array->state) {
        int64_t begin[NN_STORE_MAX_DIMENSIONS] = {0}, box[NN_STORE_MAX_DIMENSIONS] = {0};
        memcpy(begin, start, (size_t)array->info.dimensions * sizeof *begin);
        memcpy(box, count, (size_t)array->info.dimensions * sizeof *box);
        return repeated_read_rows(array, begin, box, type, values, reason);
    }
    if (NN_ALLOCATE(&numbers, count[0], "numbers of sequences") != NN_OK) {
        snprintf(reason, NN_STORE_REASON, "out of memory");
        return false;
    }
    for (int64_t w = 0; w < count[0]; w++) numbers[w] = repeated_sequence(array, start[0] + w);
    nn_store_put_integers(type, count[0], numbers, values);
    nn_free(numbers);
    return true;
}

static void repeated_describe(const nn_store_array *array, nn_text *text)
{
    if (array->state) nn_store_array_describe(array->state, text);
    nn_text_append(text, "%srepeated for each window of its sequence", text->length > 0 ? ", " : "");
}

static nn_status repeated_classes(const nn_store_array *array, nn_text_list *names)
{
    return array->state ? nn_store_array_classes(array->state, names) : NN_OK;
}

static nn_status repeated_columns(const nn_store_array *array, nn_text_list *names)
{
    return array->state ? nn_store_array_columns(array->state, names) : NN_OK;
}

const nn_store_layout nn_layout_repeated = {
    .name = "repeated",
    .transparent = true,
    .recognise = repeated_recognise,
    .open = repeated_open,
    .close = repeated_close,
    .read = repeated_read,
    .describe = repeated_describe,
    .classes = repeated_classes,
    .columns = repeated_columns,
};
