#include "store/ragged.h"

#include <inttypes.h>
#include <string.h>

#include "base/hash.h"
#include "base/least.h"
#include "base/memory.h"

nn_status nn_ragged_refuse_windows(const nn_store_array *array, const nn_store_spec *spec)
{
    if (spec->longer != NN_STORE_LONGER_WINDOW) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE,
            "longer: window: \"%s\" of %s holds sequences one by one, which are not cut into windows: store "
            "their "
            "values one after another, with offsets, or set longer: cut",
            array->name, array->file->path);
}

nn_status nn_ragged_create(nn_store_array *array, nn_ragged **ragged)
{
    NN_TRY(NN_ALLOCATE(ragged, 1, "sequences"));
    (*ragged)->dataset = H5I_INVALID_HID;
    array->state = *ragged;
    return NN_OK;
}

void nn_ragged_close(nn_store_array *array)
{
    nn_ragged *ragged = array->state;
    if (!ragged) return;
    if (ragged->dataset >= 0) nn_store_note_close(H5Dclose(ragged->dataset));
    if (array->space >= 0) H5Sclose(array->space);
    nn_store_array_close(ragged->values);
    nn_free(ragged->starts);
    nn_free(ragged);
}

/* ---- facts ---- */

const nn_ragged_facts *nn_ragged_facts_of(const nn_store_array *array)
{
    return array->facts.bytes;
}

int32_t *nn_ragged_lengths(const nn_store_array *array)
{
    return (int32_t *)(void *)((char *)array->facts.bytes + sizeof(nn_ragged_facts));
}

static size_t ragged_size(int64_t rows)
{
    return sizeof(nn_ragged_facts) + (size_t)rows * sizeof(int32_t);
}

nn_status nn_ragged_make_facts(nn_store_array *array, int64_t rows)
{
    size_t size = ragged_size(rows);
    NN_TRY(nn_allocate(&array->facts.bytes, size, 1, "the lengths of sequences"));
    array->facts.size = size;
    ((nn_ragged_facts *)array->facts.bytes)->rows = rows;
    return NN_OK;
}

nn_status nn_ragged_extend_facts(nn_store_array *array, size_t extra)
{
    size_t size = array->facts.size;
    NN_TRY(nn_reallocate(&array->facts.bytes, size, size + extra, 1, "the facts of sequences"));
    array->facts.size = size + extra;
    ((nn_ragged_facts *)array->facts.bytes)->extra = (int64_t)extra;
    return NN_OK;
}

char *nn_ragged_extra(const nn_store_array *array)
{
    return (char *)array->facts.bytes + array->facts.size - nn_ragged_facts_of(array)->extra;
}

nn_status nn_ragged_take_facts(nn_store_array *array, const nn_store_spec *spec, int64_t rows, bool *known)
{
    *known = spec->facts.bytes != NULL;
    if (!*known) return NN_OK;
    const nn_ragged_facts *facts = spec->facts.bytes;
    if (spec->facts.size < sizeof *facts || spec->facts.size != ragged_size(rows) + (size_t)facts->extra)
        NN_FAIL(NN_ERROR_DATA,
                "\"%s\" of %s does not have the sequences that were found there at first: the nodes see "
                "different files under the same path, or the file was changed",
                array->name, array->file->path);
    NN_TRY(nn_allocate(&array->facts.bytes, spec->facts.size, 1, "the lengths of sequences"));
    array->facts.size = spec->facts.size;
    memcpy(array->facts.bytes, spec->facts.bytes, spec->facts.size);
    return NN_OK;
}

nn_status nn_ragged_conclude_facts(nn_store_array *array)
{
    nn_ragged_facts *facts = array->facts.bytes;
    const int32_t *lengths = nn_ragged_lengths(array);
    facts->hash = nn_hash(lengths, (size_t)facts->rows * sizeof *lengths, 0);
    for (int64_t r = 0; r < facts->rows; r++) {
        if (r == 0 || lengths[r] < facts->shortest) facts->shortest = lengths[r];
        if (lengths[r] > facts->longest) facts->longest = lengths[r];
    }
    if (facts->rows == 0 || facts->longest > 0) return NN_OK;
    NN_FAIL(NN_ERROR_DATA, "all sequences of \"%s\" of %s are empty: was it ever written?", array->name,
            array->file->path);
}

/* ---- the dense array ---- */

static nn_status ragged_fail_longer(const nn_store_array *array, int64_t steps)
{
    const int32_t *lengths = nn_ragged_lengths(array);
    int64_t row = 0;
    while (lengths[row] <= steps) row++;
    NN_FAIL(NN_ERROR_DATA,
            "sequence %" PRId64 " of \"%s\" of %s has %" PRId32 " steps, more than the %" PRId64
            " of a sample: set longer: cut (the first steps are kept) or longer: last for the field, or, for "
            "a new run, steps: %" PRId64,
            row, array->name, array->file->path, lengths[row], steps, nn_ragged_facts_of(array)->longest);
}

nn_status nn_ragged_shape(nn_store_array *array, const nn_store_spec *spec)
{
    nn_store_info *info = &array->info;
    const nn_ragged_facts *facts = nn_ragged_facts_of(array);
    nn_ragged *ragged = array->state;
    int64_t steps = spec->steps > 0 ? spec->steps : facts->longest;
    ragged->longer = spec->longer;
    ragged->features = 1;
    if (facts->longest > steps && spec->longer == NN_STORE_LONGER_ERROR)
        return ragged_fail_longer(array, steps);
    if (info->dimensions < 3) info->extents[2] = 1;
    if (info->dimensions < 3) info->dimensions = 3;
    info->extents[0] = facts->rows;
    info->extents[1] = steps > 0 ? steps : 1;
    if (nn_store_count(info) < 0)
        NN_FAIL(NN_ERROR_DATA, "\"%s\" of %s is too large: check its extents", array->name,
                array->file->path);
    for (int d = 2; d < info->dimensions; d++) ragged->features *= info->extents[d];
    for (int d = 1; d < info->dimensions; d++) info->chunk[d] = nn_larger(info->extents[d], 1);
    return NN_OK;
}

int64_t nn_ragged_skipped(const nn_store_array *array, int64_t length)
{
    const nn_ragged *ragged = array->state;
    int64_t more = length - array->info.extents[1];
    return ragged->longer == NN_STORE_LONGER_LAST && more > 0 ? more : 0;
}

/* Copies part of a step, from dimension `d` on. */
static char *ragged_copy(const nn_store_info *info, const int64_t *start, const int64_t *count, int d,
                         size_t size, const char *from, char *to)
{
    size_t stride = size;
    if (d == info->dimensions) {
        memcpy(to, from, size);
        return to + size;
    }
    for (int k = d + 1; k < info->dimensions; k++) stride *= (size_t)info->extents[k];
    from += (size_t)start[d] * stride;
    for (int64_t i = 0; i < count[d]; i++, from += stride)
        to = ragged_copy(info, start, count, d + 1, size, from, to);
    return to;
}

char *nn_ragged_fill(const nn_store_array *array, const int64_t *start, const int64_t *count, int64_t row,
                     size_t size, const char *from, char *to)
{
    const nn_store_info *info = &array->info;
    const nn_ragged *ragged = array->state;
    size_t step = (size_t)ragged->features * size, part = size;
    int64_t length = nn_ragged_lengths(array)[row], skipped = nn_ragged_skipped(array, length);
    for (int d = 2; d < info->dimensions; d++) part *= (size_t)count[d];
    int64_t first = start[1] + skipped, end = nn_smaller(first + count[1], length);
    char *after = to + (size_t)count[1] * part;
    if (first < end && part == step) {
        memcpy(to, from + (size_t)first * step, (size_t)(end - first) * step);
        to += (size_t)(end - first) * step;
    } else {
        for (int64_t t = first; t < end; t++)
            to = ragged_copy(info, start, count, 2, size, from + (size_t)t * step, to);
    }
    memset(to, 0, (size_t)(after - to));
    return after;
}

void nn_ragged_tell(const nn_store_array *array, nn_store_sequences *sequences)
{
    const nn_ragged_facts *facts = nn_ragged_facts_of(array);
    *sequences = (nn_store_sequences){facts->shortest, facts->longest, facts->hash};
}

void nn_ragged_describe(const nn_store_array *array, nn_text *text)
{
    const nn_ragged_facts *facts = nn_ragged_facts_of(array);
    const nn_ragged *ragged = array->state;
    int64_t steps = array->info.extents[1];
    nn_text_append(text, "sequences of %" PRId64 " to %" PRId64 " steps", facts->shortest, facts->longest);
    if (facts->longest > steps)
        nn_text_append(text, ", of which the %s %" PRId64 " are kept",
                       ragged->longer == NN_STORE_LONGER_LAST ? "last" : "first", steps);
    if (facts->shortest < steps) nn_text_append(text, ", padded with zeros to %" PRId64, steps);
}

/* ---- names ---- */

static const char *const ragged_words[2] = {" by offsets ", " by lengths "};

bool nn_ragged_is_split(const char *name)
{
    return strstr(name, ragged_words[0]) || strstr(name, ragged_words[1]);
}

size_t nn_store_stem(const char *dataset)
{
    size_t length = strlen(dataset);
    for (size_t w = 0; w < 2; w++) {
        const char *at = strstr(dataset, ragged_words[w]);
        if (at && (size_t)(at - dataset) < length) length = (size_t)(at - dataset);
    }
    return length;
}

nn_status nn_ragged_split(const char *name, nn_ragged_name *words)
{
    *words = (nn_ragged_name){.lengths = !strstr(name, ragged_words[0])};
    const char *word = ragged_words[words->lengths], *at = strstr(name, word);
    NN_TRY(nn_copy_text(nn_store_bare_name(name), &words->values));
    words->values[at - nn_store_bare_name(name)] = '\0';
    return nn_copy_text(nn_store_bare_name(at + strlen(word)), &words->bounds);
}

bool nn_ragged_has_values(nn_store_file *file, const char *name)
{
    nn_ragged_name words;
    bool has = nn_ragged_split(name, &words) == NN_OK && nn_store_has_dataset(file, words.values);
    nn_ragged_name_free(&words);
    return has;
}

void nn_ragged_name_free(nn_ragged_name *words)
{
    nn_free(words->values);
    nn_free(words->bounds);
}
