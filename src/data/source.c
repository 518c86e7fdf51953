/* Reads rows, whichever files they are in. */
#include "data/source.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "base/least.h"
#include "base/memory.h"
#include "data/value_map.h"
#include "host/pulse.h"

/* The most files that a source keeps open. */
#define SOURCE_OPEN_FILES 32

void nn_source_close_array(nn_piece *piece, int array)
{
    nn_store_array_close(piece->stored[array]);
    piece->stored[array] = NULL;
}

static void source_close_piece(nn_source *source, nn_piece *piece)
{
    if (!piece->file) return;
    for (int a = 0; a < NN_DATA_ARRAYS; a++) {
        nn_source_close_array(piece, a);
        nn_open_files_give(source->open_files, piece->own_file[a]);
        piece->own_file[a] = NULL;
    }
    nn_open_files_give(source->open_files, piece->file);
    piece->file = NULL;
    source->open_pieces--;
}

void nn_source_rest(nn_source *source)
{
    for (int i = 0; i < source->piece_count; i++) source_close_piece(source, &source->pieces[i]);
}

static void source_make_room(nn_source *source)
{
    nn_piece *oldest = NULL;
    if (source->open_pieces < SOURCE_OPEN_FILES) return;
    for (int i = 0; i < source->piece_count; i++) {
        nn_piece *piece = &source->pieces[i];
        if (piece->file && (!oldest || piece->used < oldest->used)) oldest = piece;
    }
    source_close_piece(source, oldest);
}

const char *nn_source_path(const nn_piece *piece, int array)
{
    return piece->own_path[array] ? piece->own_path[array] : piece->path;
}

nn_store_file *nn_source_file(const nn_piece *piece, int array)
{
    return piece->own_path[array] ? piece->own_file[array] : piece->file;
}

/* The sources of a virtual dataset, and external files, may lack on one node only; HDF5 then reads fill
 * values without a word. */
static nn_status source_check_gaps(nn_source *source, nn_piece *piece, int which, bool *same)
{
    const nn_store_info *info = nn_store_array_info(piece->stored[which]);
    nn_store_gaps *gaps;
    *same = true;
    if (!source->arrays[which].seeks_gaps || !(info->is_virtual || info->external)) return NN_OK;
    NN_TRY(nn_store_gaps_find(piece->stored[which], &gaps));
    *same = nn_store_gaps_count(gaps) == nn_store_gaps_count(piece->gaps[which]);
    nn_store_gaps_destroy(gaps);
    return NN_OK;
}

static nn_status source_check_seen(nn_source *source, nn_piece *piece, int which)
{
    bool same = piece->seen[which] == nn_store_info_hash(nn_store_array_info(piece->stored[which]));
    if (piece->seen[which] == 0) return NN_OK;
    if (same && !piece->checked[which]) NN_TRY(source_check_gaps(source, piece, which, &same));
    piece->checked[which] = same;
    if (same) return NN_OK;
    NN_FAIL(NN_ERROR_DATA,
            "dataset \"%s\" of %s is not what was found there at first: the nodes see different files under "
            "the same path, or the file was changed; put it on a file system shared by all nodes, and do not "
            "write to it during the run",
            source->arrays[which].dataset, nn_source_path(piece, which));
}

static nn_status source_open_array(nn_source *source, nn_piece *piece, int which)
{
    nn_store_spec spec = source->arrays[which].spec;
    bool windows = nn_store_stem(source->arrays[0].dataset) < strlen(source->arrays[0].dataset);
    bool own = nn_store_stem(spec.dataset) < strlen(spec.dataset); /* steps, with offsets of their own */
    bool of_first = spec.lengths || (windows && spec.repeated == NN_STORE_REPEATED_NUMBERS) ||
                    (windows && spec.repeated == NN_STORE_REPEATED_ROWS && !own);
    spec.facts = piece->facts[of_first ? 0 : which];
    spec.codes = which < NN_DATA_FIELDS && (source->arrays[which].label || source->arrays[which].index);
    NN_TRY(nn_store_array_open_as(nn_source_file(piece, which), &spec, &piece->stored[which]));
    nn_status status = source_check_seen(source, piece, which);
    if (status == NN_OK) return NN_OK;
    nn_source_close_array(piece, which);
    return status;
}

nn_status nn_source_array(nn_source *source, nn_piece *piece, int array, nn_store_array **stored)
{
    nn_open_files *files = source->open_files;
    piece->used = source->clock++;
    if (!piece->file) {
        source_make_room(source);
        NN_TRY(nn_open_files_take(files, piece->staged ? piece->staged : piece->path, &piece->file));
        source->open_pieces++;
    }
    if (piece->own_path[array] && !piece->own_file[array])
        NN_TRY(nn_open_files_take(files, piece->own_path[array], &piece->own_file[array]));
    if (!piece->stored[array]) NN_TRY(source_open_array(source, piece, array));
    *stored = piece->stored[array];
    return NN_OK;
}

nn_piece *nn_source_find_piece(nn_source *source, int64_t row)
{
    int low = 0, high = source->piece_count - 1;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (source->pieces[middle].first <= row)
            low = middle;
        else
            high = middle - 1;
    }
    return &source->pieces[low];
}

int64_t nn_source_file_end(nn_source *source, int64_t row)
{
    const nn_piece *piece = nn_source_find_piece(source, row);
    return piece->first + piece->rows;
}

static nn_status source_read_stored(nn_source *source, int which, nn_piece *piece, int64_t first,
                                    int64_t rows, unsigned char *raw)
{
    const nn_array *array = &source->arrays[which];
    unsigned char *temporary = NULL;
    const nn_value_map *map = which < NN_DATA_FIELDS ? piece->maps[which] : NULL;
    if (!map && nn_array_is_plain(array)) return nn_source_read_clean(source, piece, which, first, rows, raw);
    NN_TRY(NN_ALLOCATE(&temporary, (size_t)rows * array->stored_size, "rows of the data"));
    nn_status status = nn_source_read_clean(source, piece, which, first, rows, temporary);
    if (status == NN_OK) {
        status = nn_array_unpack(array, map, rows, temporary, raw);
        if (status != NN_OK && map)
            nn_fail_context(status, "dataset \"%s\" of %s, one of rows %lld to %lld", array->dataset,
                            nn_source_path(piece, which), (long long)first, (long long)(first + rows - 1));
    }
    nn_free(temporary);
    return status;
}

nn_status nn_source_note(nn_source *source, int64_t row)
{
    if (source->noted_count == source->noted_room) {
        int64_t room = source->noted_room ? 2 * source->noted_room : 64;
        NN_TRY(nn_reallocate((void **)&source->noted, (size_t)source->noted_room, (size_t)room,
                             sizeof *source->noted, "rows to be skipped"));
        source->noted_room = room;
    }
    source->noted[source->noted_count++] = row;
    return NN_OK;
}

/* Fills rows with missing labels or values, if the array's type can represent them. */
static bool source_fill_missing(const nn_array *array, int64_t rows, unsigned char *raw)
{
    const double none = NAN;
    const float none_single = NAN;
    const int32_t ignored = NN_LABEL_IGNORED;
    const void *from = array->label                  ? (const void *)&ignored
                       : array->type == NN_STORE_F64 ? (const void *)&none
                       : array->type == NN_STORE_F32 ? (const void *)&none_single
                                                     : NULL;
    size_t size = nn_store_type_size(array->type);
    memset(raw, 0, (size_t)rows * array->row_size);
    for (int64_t i = 0; from && i < rows * array->values; i++) memcpy(raw + (size_t)i * size, from, size);
    return from != NULL;
}

/* Halves an unreadable range until every readable row is read. */
static nn_status source_read_around(nn_source *source, int which, nn_piece *piece, int64_t first,
                                    int64_t rows, unsigned char *raw)
{
    const nn_array *array = &source->arrays[which];
    nn_status status = source_read_stored(source, which, piece, first, rows, raw);
    if (status == NN_OK || status == NN_ERROR_MEMORY || !source->skips) return status;
    if (status == NN_ERROR_IO && nn_error_number() != 0)
        return status; /* a system failure, not of a particular row */
    if (rows == 1) {
        memset(raw, 0, array->row_size);
        if (source->lenient && which >= source->inputs && source_fill_missing(array, 1, raw)) return NN_OK;
        return source->bad ? NN_OK : nn_source_note(source, piece->first + first);
    }
    NN_TRY(source_read_around(source, which, piece, first, rows / 2, raw));
    return source_read_around(source, which, piece, first + rows / 2, rows - rows / 2,
                              raw + (size_t)(rows / 2) * array->row_size);
}

static nn_status source_read_rows(nn_source *source, int array, int64_t first, int64_t rows, void *raw)
{
    unsigned char *to = raw;
    const nn_array *self = &source->arrays[array];
    if (self->absent) {
        source_fill_missing(self, rows, raw);
        return NN_OK;
    }
    while (rows > 0) {
        nn_pulse();
        nn_piece *piece = nn_source_find_piece(source, first);
        int64_t in_piece = first - piece->first, count = nn_smaller(rows, piece->rows - in_piece);
        nn_status status = source_read_around(source, array, piece, in_piece, count, to);
        if (status != NN_OK) return nn_fail_context(status, "data.%s.%s", self->part, self->key);
        first += count;
        rows -= count;
        to += (size_t)count * self->row_size;
    }
    return NN_OK;
}

nn_status nn_source_explain(nn_source *source, int array, int64_t row, int64_t at, double *value)
{
    const nn_array *self = &source->arrays[array];
    nn_piece *piece = nn_source_find_piece(source, row);
    nn_store_array *stored;
    double *values = NULL;
    NN_TRY(nn_source_array(source, piece, array, &stored));
    NN_TRY(NN_ALLOCATE(&values, self->stored_values, "a label"));
    nn_status status = nn_store_read_slab(stored, self->axis, row - piece->first, 1, NN_STORE_F64, values);
    const nn_value_map *map = array < NN_DATA_FIELDS ? piece->maps[array] : NULL;
    const int64_t *places = map && map->places ? map->places : self->places;
    *value = values[places ? places[at] : at];
    nn_free(values);
    return status;
}

/* The streams of parts that are split from the same files open and close them one thread at a time; HDF5
 * serialises reads anyway. */
static pthread_mutex_t source_turn = PTHREAD_MUTEX_INITIALIZER;

nn_status nn_source_read(nn_source *source, int array, int64_t first, int64_t rows, void *raw)
{
    pthread_mutex_lock(&source_turn);
    nn_status status = source_read_rows(source, array, first, rows, raw);
    pthread_mutex_unlock(&source_turn);
    return status;
}

bool nn_source_is_noted(nn_source *source, int64_t first, int64_t rows)
{
    bool noted = false;
    pthread_mutex_lock(&source_turn);
    for (int64_t i = 0; i < source->noted_count && !noted; i++)
        noted = source->noted[i] >= first && source->noted[i] < first + rows;
    pthread_mutex_unlock(&source_turn);
    return noted;
}
