/* Sequences that are stored with lengths of their own: all are padded to the same number of steps, and their
 * lengths are those of the samples. Done by the rank that looks at the files. */
#include <string.h>

#include "base/log.h"
#include "data/source.h"

/* Opens an array to see whether it holds sequences, and keeps their lengths. *found is NULL if it does not,
 * or if it cannot be read, which is reported when it is described. */
static nn_status ragged_look(nn_source *source, nn_piece *piece, int which, const nn_store_sequences **found,
                             nn_store_sequences *room)
{
    nn_store_array *stored;
    *found = NULL;
    nn_status status = nn_source_array(source, piece, which, &stored);
    if (status == NN_OK && nn_store_array_sequences(stored, room)) {
        status = nn_piece_keep_facts(piece, which, stored);
        *found = room;
    }
    nn_source_close_array(piece, which);
    if (status == NN_OK || status == NN_ERROR_MEMORY) return status;
    nn_error_clear();
    return NN_OK;
}

/* The lengths of the first input apply to everything that has steps. */
static nn_status ragged_check_alike(const nn_source *source, const nn_piece *piece, int which,
                                    const nn_store_sequences *found, const nn_store_sequences *first)
{
    const nn_array *array = &source->arrays[which], *input = &source->arrays[0];
    if (!first)
        NN_FAIL(NN_ERROR_DATA,
                "data.%s.%s: \"%s\" of %s holds sequences of different lengths, but the first input, \"%s\", "
                "does not: name an input with these lengths first, or store \"%s\" padded, with "
                "data.%s.lengths",
                array->part, array->key, array->dataset, nn_source_path(piece, which), input->dataset,
                array->dataset, array->part);
    if (found->hash == first->hash) return NN_OK;
    NN_FAIL(NN_ERROR_DATA,
            "data.%s.%s: the sequences of \"%s\" and of \"%s\" of %s have different lengths (up to %lld and "
            "%lld steps): all sequences of a sample must have the same; store one of them padded",
            array->part, array->key, array->dataset, input->dataset, nn_source_path(piece, which),
            (long long)found->longest, (long long)first->longest);
}

static nn_status ragged_look_at_piece(nn_source *source, nn_piece *piece, bool *ragged, int64_t *longest)
{
    nn_store_sequences rooms[2];
    const nn_store_sequences *first = NULL, *found;
    for (int a = 0; a < source->fields; a++) {
        if (source->arrays[a].absent || (piece != source->pieces && !ragged[a])) continue;
        NN_TRY(ragged_look(source, piece, a, &found, &rooms[a > 0]));
        if (a == 0) first = found;
        ragged[a] |= found != NULL;
        if (found && found->longest > longest[a]) longest[a] = found->longest;
        if (found && a > 0) NN_TRY(ragged_check_alike(source, piece, a, found, first));
    }
    return NN_OK;
}

static nn_status ragged_take_lengths(const nn_data_options *options, nn_source *source)
{
    nn_array *lengths = &source->arrays[NN_DATA_LENGTH];
    const nn_array *input = &source->arrays[0];
    if (lengths->given)
        NN_FAIL(NN_ERROR_USAGE,
                "data.%s.lengths: the sequences of data.%s.%s are stored with their lengths: remove it",
                input->part, input->part, input->key);
    if (options->window.length > 0)
        NN_FAIL(NN_ERROR_USAGE,
                "data.window: windows are cut from one long series, but \"%s\" holds a sequence per sample: "
                "remove window",
                input->dataset);
    lengths->given = true;
    return NN_OK;
}

static nn_status ragged_look_at_part(const nn_data_options *options, nn_source *source, int64_t *longest)
{
    bool ragged[NN_DATA_FIELDS] = {false};
    for (int i = 0; i < source->piece_count; i++) {
        bool any = i == 0;
        for (int a = 0; a < source->fields; a++) any |= ragged[a];
        if (any) NN_TRY(ragged_look_at_piece(source, &source->pieces[i], ragged, longest));
    }
    return ragged[0] ? ragged_take_lengths(options, source) : NN_OK;
}

void nn_sources_pad(const nn_data_options *options, int64_t known_steps, nn_source *sources,
                    nn_problems *problems)
{
    int64_t longest[NN_DATA_FIELDS] = {0};
    for (int p = 0; p < NN_PARTS; p++)
        if (sources[p].listed)
            nn_problems_collect(problems, ragged_look_at_part(options, &sources[p], longest));
    for (int p = 0; p < NN_PARTS; p++)
        for (int a = 0; a < sources[p].fields; a++) {
            nn_store_spec *spec = &sources[p].arrays[a].spec;
            int64_t wanted = nn_source_field_options(options, &sources[p], a)->steps;
            spec->steps = wanted > 0 ? wanted : known_steps > 0 && longest[a] > 0 ? known_steps : longest[a];
            if (a == 0) sources[p].arrays[NN_DATA_LENGTH].spec.steps = spec->steps;
        }
}

void nn_source_tell_layouts(const nn_source *source)
{
    for (int a = 0; a < source->fields && !source->silent; a++) {
        const nn_array *array = &source->arrays[a];
        nn_text text = {0};
        if (array->sound && source->piece_count > 0 && source->pieces[0].stored[a])
            nn_store_array_describe(source->pieces[0].stored[a], &text);
        if (text.length > 0)
            nn_log_line("data.%s.%s: \"%s\"%s: %s", array->part, array->key, array->dataset,
                        source->piece_count > 1 ? " of the first file" : "", text.bytes);
        nn_text_free(&text);
    }
}
