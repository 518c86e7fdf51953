/* Missing values: those that attributes mark, and those never written, become NaN. */
#include <math.h>
#include <string.h>

#include "base/least.h"
#include "base/log.h"
#include "base/memory.h"
#include "data/source.h"
#include "data/value_map.h"

/* ---- looking at a file ---- */

static nn_status missing_read_packing(nn_source *source, nn_piece *piece, int which, nn_store_array *stored,
                                      const nn_data_field_options *options)
{
    const nn_array *array = &source->arrays[which];
    nn_store_packing packing;
    if (options->attributes == NN_ATTRIBUTES_IGNORE) return NN_OK;
    /* A fill value of bytes counts for labels only: images may use all byte values. */
    NN_TRY(nn_store_packing_read(stored, array->label || piece->gaps[which], &packing));
    if (nn_store_packing_is_none(&packing, piece->types[which])) return NN_OK;
    NN_TRY(NN_ALLOCATE(&piece->packings[which], 1, "the attributes of a dataset"));
    *piece->packings[which] = packing;
    return NN_OK;
}

/* Groups, lengths and weights cannot be missing. */
static nn_status missing_check_gaps(const nn_piece *piece, int which)
{
    if (which < NN_DATA_FIELDS || !piece->gaps[which]) return NN_OK;
    NN_FAIL(NN_ERROR_DATA, "lacks %lld values: %s; write them",
            (long long)nn_store_gaps_count(piece->gaps[which]), nn_store_gaps_cause(piece->gaps[which]));
}

nn_status nn_piece_keep_facts(nn_piece *piece, int which, const nn_store_array *stored)
{
    nn_store_facts found = nn_store_array_facts(stored);
    if (found.size == 0 || piece->facts[which].bytes || which == NN_DATA_LENGTH) return NN_OK;
    NN_TRY(nn_allocate(&piece->facts[which].bytes, found.size, 1, "what is known of a dataset"));
    memcpy(piece->facts[which].bytes, found.bytes, found.size);
    piece->facts[which].size = found.size;
    return NN_OK;
}

nn_status nn_piece_inspect(nn_source *source, nn_piece *piece, int which,
                           const nn_data_field_options *options)
{
    nn_store_array *stored;
    nn_status status = nn_source_array(source, piece, which, &stored);
    if (status == NN_OK) piece->types[which] = nn_store_array_info(stored)->type;
    source->arrays[which].seeks_gaps = options->unwritten == NN_UNWRITTEN_MISSING;
    if (status == NN_OK && source->arrays[which].seeks_gaps)
        status = nn_store_gaps_find(stored, &piece->gaps[which]);
    if (status == NN_OK && piece->gaps[which] && source->stages && nn_store_array_info(stored)->is_virtual)
        status = nn_fail(NN_ERROR_USAGE, "data.stage: a virtual dataset has its values in other files, which "
                                         "are not copied: remove stage");
    if (status == NN_OK) status = missing_check_gaps(piece, which);
    if (status == NN_OK) status = missing_read_packing(source, piece, which, stored, options);
    if (status == NN_OK) status = nn_piece_keep_facts(piece, which, stored);
    if (status == NN_OK) piece->seen[which] = nn_store_info_hash(nn_store_array_info(stored));
    piece->checked[which] = status == NN_OK;
    return nn_array_context(&source->arrays[which], status);
}

void nn_piece_forget(nn_piece *piece)
{
    for (int a = 0; a < NN_DATA_ARRAYS; a++) {
        nn_free(piece->packings[a]);
        nn_store_gaps_destroy(piece->gaps[a]);
        nn_free(piece->facts[a].bytes);
        piece->facts[a] = (nn_store_facts){0};
        piece->packings[a] = NULL;
        piece->gaps[a] = NULL;
    }
}

/* ---- how values are kept ---- */

static nn_store_packing missing_packing(const nn_piece *piece, int which)
{
    const nn_store_packing *packing = piece->packings[which];
    return packing ? *packing : nn_store_packing_none(piece->types[which]);
}

/* Whether float holds all values of a type. */
static bool missing_fits_float(nn_store_type type)
{
    return type == NN_STORE_F32 || nn_store_type_size(type) < sizeof(float);
}

/* What is common to the files of an array. */
typedef struct missing_summary {
    bool packed, alike; /* some files are packed; all are packed alike */
    bool gaps, named, narrow;
} missing_summary;

static missing_summary missing_summarise(const nn_source *source, int which)
{
    missing_summary found = {.alike = true, .narrow = true};
    nn_store_packing common = missing_packing(&source->pieces[0], which);
    for (int i = 0; i < source->piece_count; i++) {
        const nn_piece *piece = &source->pieces[i];
        nn_store_packing packing = missing_packing(piece, which);
        found.packed |= piece->packings[which] != NULL;
        found.alike &= nn_store_packing_equal(&packing, &common);
        found.gaps |= piece->gaps[which] != NULL;
        found.named |= which < NN_DATA_FIELDS && piece->names[which];
        found.narrow &= missing_fits_float(piece->types[which]) && !nn_store_packing_scales(&packing);
    }
    return found;
}

static void missing_settle(nn_source *source, int which)
{
    nn_array *array = &source->arrays[which];
    missing_summary found = missing_summarise(source, which);
    array->file_type = array->stored_type;
    array->packing = nn_store_packing_none(array->stored_type);
    if (!found.packed && !found.gaps) return;
    /* Data with names may be renumbered, which works on unpacked numbers only. */
    array->cleans = found.gaps || !found.alike || array->label || found.named;
    if (array->cleans) {
        array->stored_type = found.narrow && !array->label ? NN_STORE_F32 : NN_STORE_F64;
    } else {
        array->packing = missing_packing(&source->pieces[0], which);
        array->file_type = source->pieces[0].types[which];
        array->stored_type = array->packing.type;
    }
    array->stored_size = (size_t)array->stored_values * nn_store_type_size(array->stored_type);
    if (array->label) return;
    array->type = array->stored_type;
    array->row_size = (size_t)array->values * nn_store_type_size(array->type);
}

void nn_source_settle(nn_source *source)
{
    for (int a = 0; a < NN_DATA_ARRAYS; a++)
        if (source->arrays[a].given && source->arrays[a].sound) missing_settle(source, a);
}

/* ---- reading ---- */

/* Unpacks values of the file's type; `missing` marks those never written. */
static void missing_clean(const nn_array *array, const nn_store_packing *packing,
                          const unsigned char *missing, int64_t count, const unsigned char *from,
                          unsigned char *to)
{
    double values[NN_ARRAY_BLOCK];
    size_t size = nn_store_type_size(packing->type);
    for (int64_t at = 0; at < count; at += NN_ARRAY_BLOCK) {
        int64_t some = nn_smaller(NN_ARRAY_BLOCK, count - at);
        nn_array_numbers(packing->type, from + (size_t)at * size, some, values);
        nn_store_unpack(packing, some, values);
        for (int64_t i = 0; missing && i < some; i++)
            if (missing[at + i]) values[i] = NAN;
        if (array->stored_type == NN_STORE_F32)
            for (int64_t i = 0; i < some; i++) ((float *)(void *)to)[at + i] = (float)values[i];
        else
            for (int64_t i = 0; i < some; i++) ((double *)(void *)to)[at + i] = values[i];
    }
}

nn_status nn_source_read_clean(nn_source *source, nn_piece *piece, int which, int64_t first, int64_t rows,
                               unsigned char *stored)
{
    const nn_array *array = &source->arrays[which];
    nn_store_array *file;
    unsigned char *values = NULL, *missing = NULL;
    int64_t count = rows * array->stored_values;
    NN_TRY(nn_source_array(source, piece, which, &file));
    if (!array->cleans) return nn_store_read_slab(file, array->axis, first, rows, array->file_type, stored);
    nn_store_packing packing = missing_packing(piece, which);
    nn_status status;
    NN_TRY_TO(done, status,
              nn_allocate((void **)&values, (size_t)count, nn_store_type_size(piece->types[which]),
                          "rows of the data"));
    NN_TRY_TO(done, status, nn_store_read_slab(file, array->axis, first, rows, piece->types[which], values));
    if (piece->gaps[which]) {
        NN_TRY_TO(done, status, NN_ALLOCATE(&missing, count, "rows of the data"));
        nn_store_gaps_mark(piece->gaps[which], array->axis, first, rows, missing);
    }
    missing_clean(array, &packing, missing, count, values, stored);
done:
    nn_free(values);
    nn_free(missing);
    return status;
}

/* ---- messages ---- */

/* Appends why value `at` of a row is missing; for a one-hot label, why any of its values is. */
static nn_status missing_find(nn_source *source, nn_piece *piece, int which, int64_t row, int64_t at,
                              unsigned char *marks, unsigned char *values, nn_text *text)
{
    const nn_array *array = &source->arrays[which];
    nn_store_packing packing = missing_packing(piece, which);
    nn_store_array *file;
    size_t size = nn_store_type_size(piece->types[which]);
    NN_TRY(nn_source_array(source, piece, which, &file));
    nn_store_gaps_mark(piece->gaps[which], array->axis, row - piece->first, 1, marks);
    NN_TRY(nn_store_read_slab(file, array->axis, row - piece->first, 1, piece->types[which], values));
    const nn_value_map *map = which < NN_DATA_FIELDS ? piece->maps[which] : NULL;
    const int64_t *places = map && map->places ? map->places : array->places;
    int64_t width = array->one_hot > 0 ? array->one_hot : 1;
    for (int64_t k = at * width; k < (at + 1) * width && text->length == 0; k++) {
        double value;
        int64_t i = places ? places[k] : k;
        if (i < 0) continue;
        nn_array_numbers(packing.type, values + (size_t)i * size, 1, &value);
        if (array->texts && isnan(value))
            nn_text_append(text, "an empty text");
        else if (marks[i])
            nn_text_append(text, "missing: %s", nn_store_gaps_cause(piece->gaps[which]));
        else
            nn_store_packing_explain(&packing, value, text);
    }
    if (text->length == 0) nn_text_append(text, "missing");
    return NN_OK;
}

nn_status nn_source_explain_missing(nn_source *source, int which, int64_t row, int64_t at, nn_text *text)
{
    const nn_array *array = &source->arrays[which];
    nn_piece *piece = nn_source_find_piece(source, row);
    unsigned char *marks = NULL, *values = NULL;
    nn_status status = NN_ALLOCATE(&marks, array->stored_values, "a sample");
    if (status == NN_OK)
        status = nn_allocate((void **)&values, (size_t)array->stored_values,
                             nn_store_type_size(piece->types[which]), "a sample");
    if (status == NN_OK) status = missing_find(source, piece, which, row, at, marks, values, text);
    nn_free(marks);
    nn_free(values);
    return status;
}

static void missing_log(const nn_source *source, int which)
{
    const nn_array *array = &source->arrays[which];
    nn_text text = {0};
    int described = 0, others = 0;
    for (int i = 0; i < source->piece_count; i++) {
        const nn_piece *piece = &source->pieces[i];
        if (!piece->packings[which]) continue;
        if (described++ == 0) nn_store_packing_describe(piece->packings[which], &text);
        others += !nn_store_packing_equal(piece->packings[which], source->pieces[0].packings[which]
                                                                      ? source->pieces[0].packings[which]
                                                                      : piece->packings[which]);
    }
    if (described > 0 && text.length > 0)
        nn_log_line("data.%s.%s: in \"%s\" %s%s (data.fields.%s.attributes)", array->part, array->key,
                    array->dataset, text.bytes, others > 0 ? "; other files differ" : "", array->key);
    nn_text_free(&text);
}

void nn_source_tell_packing(const nn_source *source)
{
    for (int a = 0; a < source->fields; a++)
        if (source->arrays[a].sound) missing_log(source, a);
}
