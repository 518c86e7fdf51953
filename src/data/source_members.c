/* Samples that are stored one by one: in groups that match a pattern, or in files of their own. Decides, for
 * each part, whether such a member is a sample, or its rows are samples. Done by the rank that looks at the
 * files. */
#include <string.h>

#include "data/source.h"

/* What the members of a part show. */
typedef struct members_seen {
    int patterns;          /* arrays that are patterns */
    bool singles, differ;  /* some are single numbers; some have different numbers of rows */
    bool scalar;           /* a dataset in a file is a single number */
    const nn_array *first; /* the first pattern */
} members_seen;

static int members_option(const nn_data_options *options, const nn_source *source, int array)
{
    return array < source->fields ? nn_source_field_options(options, source, array)->members
                                  : NN_STORE_MEMBERS_AUTO;
}

static bool members_is_pattern(const nn_array *array)
{
    return strpbrk(array->dataset, "*?") != NULL;
}

static nn_status members_look(nn_source *source, int which, members_seen *seen)
{
    nn_array *array = &source->arrays[which];
    nn_piece *piece = &source->pieces[0];
    nn_store_array *stored;
    nn_store_members found;
    nn_status status = nn_source_array(source, piece, which, &stored);
    if (status != NN_OK) { /* reported when it is described */
        nn_error_clear();
        return status == NN_ERROR_MEMORY ? status : NN_OK;
    }
    if (nn_store_array_members(stored, &found)) {
        if (seen->patterns++ == 0) seen->first = array;
        seen->singles |= found.single;
        seen->differ |= !found.alike;
        status = nn_piece_keep_facts(piece, which, stored);
    } else if (nn_store_array_info(stored)->dimensions == 0) {
        seen->scalar = true;
    }
    nn_source_close_array(piece, which);
    return status;
}

static nn_status members_decide(const nn_data_options *options, nn_source *source, const members_seen *seen)
{
    int rule = seen->differ ? NN_STORE_MEMBERS_ROWS : NN_STORE_MEMBERS_SAMPLES;
    bool decided = seen->differ || seen->singles;
    for (int a = 0; a < NN_DATA_ARRAYS; a++) {
        nn_array *array = &source->arrays[a];
        int option = members_option(options, source, a);
        if (!array->given) continue;
        bool pattern = members_is_pattern(array);
        if (option != NN_STORE_MEMBERS_AUTO)
            array->spec.members = option;
        else if (pattern && decided)
            array->spec.members = rule;
        else if (!pattern && source->piece_count > 1 && seen->scalar && seen->patterns == 0)
            array->spec.members = NN_STORE_MEMBERS_SAMPLES;
        else if (pattern && a < source->fields)
            NN_FAIL(
                NN_ERROR_USAGE,
                "data.%s.%s: \"%s\" matches several members with the same number of rows: set "
                "data.fields.%s.members: samples if each is one sample, or rows if their rows are samples",
                array->part, array->key, array->dataset, array->key);
        bool rows = pattern && array->spec.members == NN_STORE_MEMBERS_ROWS;
        if (rows && options->window.length > 0)
            NN_FAIL(
                NN_ERROR_USAGE,
                "data.window: windows would cross from one member of \"%s\" into the next: concatenate them "
                "in one dataset, with another that says which rows belong together, or store each in a file "
                "and give a pattern of files",
                array->dataset);
    }
    return NN_OK;
}

static nn_status members_look_at_part(const nn_data_options *options, nn_source *source)
{
    members_seen seen = {0};
    bool any = source->piece_count > 1;
    for (int a = 0; a < NN_DATA_ARRAYS; a++)
        any |= source->arrays[a].given && (members_is_pattern(&source->arrays[a]) ||
                                           members_option(options, source, a) != NN_STORE_MEMBERS_AUTO);
    if (!any) return NN_OK;
    for (int a = 0; a < NN_DATA_ARRAYS; a++)
        if (source->arrays[a].given && !source->arrays[a].absent) NN_TRY(members_look(source, a, &seen));
    return members_decide(options, source, &seen);
}

void nn_sources_find_members(const nn_data_options *options, nn_source *sources, nn_problems *problems)
{
    for (int p = 0; p < NN_PARTS; p++)
        if (sources[p].listed) nn_problems_collect(problems, members_look_at_part(options, &sources[p]));
}
