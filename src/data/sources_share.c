/* What rank 0 found in the files, given to all ranks. */
#include <string.h>

#include "base/memory.h"
#include "data/request.h"
#include "data/value_map.h"

/* ---- names ---- */

static void share_put_names(const nn_names *names, nn_parcel *parcel)
{
    nn_parcel_put_text(parcel, names->key);
    nn_parcel_put_list(parcel, &names->columns);
    nn_parcel_put_list(parcel, &names->classes);
    nn_parcel_put_list(parcel, &names->units);
    nn_parcel_put_number(parcel, names->categories != NULL);
    for (size_t c = 0; names->categories && c < names->columns.count; c++)
        nn_parcel_put_list(parcel, &names->categories[c]);
}

static nn_status share_take_names(nn_parcel *parcel, nn_names *names)
{
    NN_TRY(nn_parcel_take_text(parcel, &names->key));
    NN_TRY(nn_parcel_take_list(parcel, &names->columns));
    NN_TRY(nn_parcel_take_list(parcel, &names->classes));
    NN_TRY(nn_parcel_take_list(parcel, &names->units));
    if (!nn_parcel_take_number(parcel)) return NN_OK;
    NN_TRY(nn_names_make_categories(names));
    for (size_t c = 0; c < names->columns.count; c++)
        NN_TRY(nn_parcel_take_list(parcel, &names->categories[c]));
    return NN_OK;
}

static void share_put_map(const nn_value_map *map, nn_parcel *parcel)
{
    nn_parcel_put_number(parcel, map ? map->columns : 0);
    if (!map) return;
    nn_parcel_put_number(parcel, map->place_count);
    nn_parcel_put(parcel, map->places, (size_t)map->place_count * sizeof *map->places);
    for (int64_t c = 0; c < map->columns; c++) {
        const nn_codes *codes = &map->codes[c];
        nn_parcel_put_number(parcel, codes->count);
        nn_parcel_put(parcel, codes->numbers, (size_t)codes->count * sizeof *codes->numbers);
        nn_parcel_put_text(parcel, codes->names);
    }
}

static nn_status share_take_codes(nn_parcel *parcel, nn_codes *codes)
{
    char *names;
    codes->count = nn_parcel_take_number(parcel);
    NN_TRY(NN_ALLOCATE(&codes->numbers, codes->count, "the names of a file"));
    nn_parcel_take(parcel, codes->numbers, (size_t)codes->count * sizeof *codes->numbers);
    nn_status status = nn_parcel_take_text(parcel, &names);
    codes->names = names;
    return status;
}

static nn_status share_take_map(nn_parcel *parcel, nn_value_map **map)
{
    int64_t columns = nn_parcel_take_number(parcel);
    if (columns == 0) return NN_OK;
    NN_TRY(nn_value_map_create(columns, map));
    int64_t places = nn_parcel_take_number(parcel);
    if (places > 0) NN_TRY(NN_ALLOCATE(&(*map)->places, places, "the columns of a file"));
    (*map)->place_count = places;
    nn_parcel_take(parcel, (*map)->places, (size_t)places * sizeof *(*map)->places);
    for (int64_t c = 0; c < columns; c++) NN_TRY(share_take_codes(parcel, &(*map)->codes[c]));
    return NN_OK;
}

/* ---- one file ---- */

static void share_put_piece(const nn_source *source, const nn_piece *piece, nn_parcel *parcel)
{
    nn_parcel_put_text(parcel, piece->path);
    nn_parcel_put_number(parcel, piece->first);
    nn_parcel_put_number(parcel, piece->rows);
    for (int a = 0; a < NN_DATA_ARRAYS; a++) {
        if (!source->arrays[a].given) continue;
        nn_parcel_put_text(parcel, piece->own_path[a]);
        nn_parcel_put(parcel, &piece->types[a], sizeof piece->types[a]);
        nn_parcel_put(parcel, &piece->seen[a], sizeof piece->seen[a]);
        nn_parcel_put_number(parcel, piece->packings[a] != NULL);
        if (piece->packings[a]) nn_parcel_put(parcel, piece->packings[a], sizeof *piece->packings[a]);
        nn_store_gaps_put(piece->gaps[a], parcel);
        nn_parcel_put_number(parcel, (int64_t)piece->facts[a].size);
        nn_parcel_put(parcel, piece->facts[a].bytes, piece->facts[a].size);
        if (a >= NN_DATA_FIELDS) continue;
        nn_parcel_put_number(parcel, piece->names[a] != NULL);
        if (piece->names[a]) share_put_names(piece->names[a], parcel);
        share_put_map(piece->maps[a], parcel);
    }
}

static nn_status share_take_field(nn_parcel *parcel, int a, nn_piece *piece)
{
    if (nn_parcel_take_number(parcel)) {
        NN_TRY(NN_ALLOCATE(&piece->names[a], 1, "the names of a file"));
        NN_TRY(share_take_names(parcel, piece->names[a]));
    }
    return share_take_map(parcel, &piece->maps[a]);
}

static nn_status share_take_facts(nn_parcel *parcel, nn_store_facts *facts)
{
    int64_t size = nn_parcel_take_number(parcel);
    if (size <= 0) return NN_OK;
    NN_TRY(nn_allocate(&facts->bytes, (size_t)size, 1, "what is known of a dataset"));
    facts->size = (size_t)size;
    nn_parcel_take(parcel, facts->bytes, facts->size);
    return NN_OK;
}

static nn_status share_take_piece(nn_parcel *parcel, const nn_source *source, nn_piece *piece)
{
    NN_TRY(nn_parcel_take_text(parcel, &piece->path));
    piece->first = nn_parcel_take_number(parcel);
    piece->rows = nn_parcel_take_number(parcel);
    for (int a = 0; a < NN_DATA_ARRAYS; a++) {
        if (!source->arrays[a].given) continue;
        NN_TRY(nn_parcel_take_text(parcel, &piece->own_path[a]));
        nn_parcel_take(parcel, &piece->types[a], sizeof piece->types[a]);
        nn_parcel_take(parcel, &piece->seen[a], sizeof piece->seen[a]);
        if (nn_parcel_take_number(parcel)) {
            NN_TRY(NN_ALLOCATE(&piece->packings[a], 1, "the attributes of a dataset"));
            nn_parcel_take(parcel, piece->packings[a], sizeof *piece->packings[a]);
        }
        NN_TRY(nn_store_gaps_take(parcel, &piece->gaps[a]));
        NN_TRY(share_take_facts(parcel, &piece->facts[a]));
        if (a < NN_DATA_FIELDS) NN_TRY(share_take_field(parcel, a, piece));
    }
    return nn_parcel_status(parcel);
}

/* ---- one part ---- */

static void share_put_array(const nn_array *array, nn_parcel *parcel)
{
    if (array->places)
        nn_parcel_put(parcel, array->places, (size_t)array->stored_values * sizeof *array->places);
    nn_parcel_put(parcel, array->listed, (size_t)array->listed_count * sizeof *array->listed);
}

/* Pointers of the other process say only whether there is something. */
static nn_status share_take_array(nn_parcel *parcel, const nn_array *sent, const nn_names_set *names, int a,
                                  nn_source *source)
{
    nn_array *array = &source->arrays[a], named = *array;
    *array = *sent;
    bool placed = array->places != NULL, listed = array->listed != NULL;
    array->key = named.key;
    array->part = named.part;
    array->dataset = named.dataset;
    array->spec = named.spec;
    array->spec.steps = sent->spec.steps;
    array->spec.members = sent->spec.members;
    array->path = array->path && source->piece_count > 0 ? nn_source_path(source->pieces, a) : NULL;
    array->names = array->names ? &names->items[a] : NULL;
    array->raw = NULL;
    array->places = array->listed = NULL;
    if (placed) NN_TRY(NN_ALLOCATE(&array->places, array->stored_values, "the layout of a sample"));
    if (listed) NN_TRY(NN_ALLOCATE(&array->listed, array->listed_count, "the labels of the classes"));
    if (placed) nn_parcel_take(parcel, array->places, (size_t)array->stored_values * sizeof *array->places);
    if (listed) nn_parcel_take(parcel, array->listed, (size_t)array->listed_count * sizeof *array->listed);
    return nn_parcel_status(parcel);
}

static void share_put_source(const nn_source *source, nn_parcel *parcel)
{
    nn_parcel_put(parcel, source, sizeof *source);
    nn_parcel_put(parcel, source->breaks, (size_t)source->break_count * sizeof *source->breaks);
    for (int i = 0; i < source->piece_count; i++) share_put_piece(source, &source->pieces[i], parcel);
    for (int a = 0; a < NN_DATA_ARRAYS; a++)
        if (source->arrays[a].given) share_put_array(&source->arrays[a], parcel);
}

static nn_status share_take_pieces(nn_parcel *parcel, nn_source *source, int count)
{
    if (count > 0) NN_TRY(NN_ALLOCATE(&source->pieces, count, "the list of files"));
    source->piece_count = count;
    for (int i = 0; i < count; i++) NN_TRY(share_take_piece(parcel, source, &source->pieces[i]));
    return NN_OK;
}

/* The names of arrays follow from the options, without the files. */
static nn_status share_take_source(nn_parcel *parcel, const nn_data_request *request, int part,
                                   const nn_names_set *names, nn_source *source)
{
    nn_source sent;
    nn_parcel_take(parcel, &sent, sizeof sent);
    *source = (nn_source){.open_files = source->open_files,
                          .given = sent.given,
                          .listed = sent.listed,
                          .rows = sent.rows,
                          .chunk_rows = sent.chunk_rows,
                          .values = sent.values,
                          .block = sent.block,
                          .skips = sent.skips,
                          .lenient = sent.lenient,
                          .stages = sent.stages};
    if (sent.break_count > 0) NN_TRY(NN_ALLOCATE(&source->breaks, sent.break_count, "the series of a part"));
    source->break_count = sent.break_count;
    nn_parcel_take(parcel, source->breaks, (size_t)sent.break_count * sizeof *source->breaks);
    if (sent.given && nn_source_name_arrays(request->options, part, request->wanted, request->target_count,
                                            source) != NN_OK)
        nn_error_clear(); /* rank 0 reports it */
    source->inputs = sent.inputs;
    source->fields = sent.fields;
    for (int a = 0; a < NN_DATA_ARRAYS; a++) source->arrays[a].given = sent.arrays[a].given;
    NN_TRY(share_take_pieces(parcel, source, sent.piece_count));
    for (int a = 0; a < NN_DATA_ARRAYS; a++)
        if (source->arrays[a].given) NN_TRY(share_take_array(parcel, &sent.arrays[a], names, a, source));
    return nn_parcel_status(parcel);
}

/* ---- everything ---- */

static void share_put(const nn_data_request *request, const nn_dataset *dataset, nn_parcel *parcel)
{
    nn_parcel_put(parcel, request->labels, sizeof request->labels);
    nn_parcel_put(parcel, request->classes, sizeof request->classes);
    for (int p = 0; p < NN_PARTS; p++) share_put_source(&dataset->sources[p], parcel);
    nn_parcel_put_number(parcel, dataset->names.count);
    for (int i = 0; i < dataset->names.count; i++) share_put_names(&dataset->names.items[i], parcel);
}

static nn_status share_take(nn_parcel *parcel, nn_data_request *request, nn_dataset *dataset)
{
    nn_parcel_take(parcel, request->labels, sizeof request->labels);
    nn_parcel_take(parcel, request->classes, sizeof request->classes);
    for (int p = 0; p < NN_PARTS; p++)
        NN_TRY(share_take_source(parcel, request, p, &dataset->names, &dataset->sources[p]));
    dataset->names.count = (int)nn_parcel_take_number(parcel);
    for (int i = 0; i < dataset->names.count; i++) NN_TRY(share_take_names(parcel, &dataset->names.items[i]));
    return nn_parcel_status(parcel);
}

nn_status nn_sources_share(nn_comm *comm, nn_data_request *request, nn_dataset *dataset)
{
    nn_parcel parcel = {0};
    bool first = nn_comm_rank(comm) == 0;
    if (nn_comm_size(comm) == 1) return NN_OK;
    if (first) share_put(request, dataset, &parcel);
    nn_status status = nn_comm_share(comm, &parcel);
    if (status == NN_OK) status = nn_comm_agree(comm, first ? NN_OK : share_take(&parcel, request, dataset));
    nn_parcel_free(&parcel);
    return status;
}
