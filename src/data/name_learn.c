/* Finds the names that a data set uses. */
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "data/naming.h"

/* Adds the new names of a file at the end of the list. grows: whether the list may grow. */
static nn_status learn_piece(const nn_names *from, bool label, bool grows, nn_names *to)
{
    if (to->columns.count == 0) NN_TRY(nn_list_copy(&from->columns, &to->columns));
    bool applies = from->units.count == 1 || nn_list_equal(&from->columns, &to->columns);
    if (to->units.count == 0 && applies) NN_TRY(nn_list_copy(&from->units, &to->units));
    if (grows) NN_TRY(nn_list_join(&from->classes, &to->classes));
    if (label || !from->categories || to->columns.count == 0) return NN_OK;
    NN_TRY(nn_names_make_categories(to));
    for (size_t c = 0; c < to->columns.count; c++) {
        int64_t there = nn_list_find(&from->columns, to->columns.items[c]);
        if (there >= 0 && (grows || to->categories[c].count == 0))
            NN_TRY(nn_list_join(&from->categories[there], &to->categories[c]));
    }
    return NN_OK;
}

/* Whether a file of the first part has no names for its numbers. */
static bool learn_lacks_classes(const nn_dataset *dataset, int v)
{
    bool lacks = false;
    for (int i = 0; i < dataset->first->piece_count; i++)
        lacks |= nn_naming_of_piece(dataset->first, i, v)->classes.count == 0;
    return lacks;
}

static int learn_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Merges the names of the files of the first part; other parts may not add any. If some files have numeric
 * names and others none, all of them mean the numbers. Texts are in the order of their bytes. */
static nn_status learn_files(nn_dataset *dataset, int v, nn_names *to)
{
    for (int p = 0; p < NN_PARTS; p++) {
        nn_source *source = &dataset->sources[p];
        if (!source->listed || source->fields != dataset->first->fields || !source->arrays[v].sound) continue;
        if (source->arrays[v].absent) continue;
        for (int i = 0; i < source->piece_count; i++) {
            if (i > 0 && !source->pieces[i].names[v]) continue; /* the same as the first file's */
            nn_status status = learn_piece(nn_naming_of_piece(source, i, v), source->arrays[v].label,
                                           source == dataset->first, to);
            nn_array at = source->arrays[v];
            at.path = nn_source_path(&source->pieces[i], v);
            if (status != NN_OK) return nn_array_context(&at, status);
        }
    }
    if (nn_list_is_numeric(&to->classes) && learn_lacks_classes(dataset, v)) nn_list_release(&to->classes);
    int unit = dataset->first->arrays[v].spec.unit;
    size_t first = unit != NN_STORE_UNIT_NONE; /* 0 is not that of a character */
    bool sorted = dataset->first->arrays[v].texts && unit != NN_STORE_UNIT_BYTES && to->classes.count > first;
    if (sorted)
        qsort(to->classes.items + first, to->classes.count - first, sizeof *to->classes.items, learn_compare);
    return NN_OK;
}

/* Whether every name of `list` is in `all`. */
static nn_status learn_is_among(const nn_text_list *list, const nn_text_list *all, bool *among)
{
    int32_t *map = NULL;
    NN_TRY(NN_ALLOCATE(&map, list->count, "a list of names"));
    nn_status status = nn_list_map(list, all, map);
    *among = status == NN_OK && list->count > 0;
    for (size_t i = 0; i < list->count; i++) *among = *among && map[i] >= 0;
    nn_free(map);
    return status;
}

static nn_status learn_replace(const nn_text_list *from, nn_text_list *to)
{
    nn_list_release(to);
    return nn_list_copy(from, to);
}

/* Weights of another run keep their meaning if its order is kept: for columns if they are the same, for
 * classes if the run has all of them, and for categories and indices always, since new ones can follow. */
static nn_status learn_from_run(const nn_names *run, bool label, bool narrow, nn_names *to)
{
    bool among = false;
    if (to->columns.count == run->columns.count) NN_TRY(learn_is_among(&to->columns, &run->columns, &among));
    if (among && !nn_list_equal(&to->columns, &run->columns)) {
        nn_names ordered = {0};
        nn_status status = nn_list_copy(&run->columns, &ordered.columns);
        if (status == NN_OK) status = learn_piece(to, label, true, &ordered);
        nn_list_release(&ordered.classes);
        ordered.classes = to->classes;
        to->classes = (nn_text_list){0};
        ordered.key = to->key;
        to->key = NULL;
        nn_names_release(to);
        *to = ordered;
        NN_TRY(status);
    }
    for (size_t c = 0; among && !label && run->categories && to->categories && c < to->columns.count; c++) {
        nn_text_list joined = {0};
        if (run->categories[c].count == 0 || to->categories[c].count == 0) continue;
        nn_status status = nn_list_copy(&run->categories[c], &joined);
        if (status == NN_OK) status = nn_list_join(&to->categories[c], &joined);
        nn_list_release(&to->categories[c]);
        to->categories[c] = joined;
        NN_TRY(status);
    }
    if (to->classes.count == 0 || run->classes.count == 0) return NN_OK;
    NN_TRY(learn_is_among(&to->classes, &run->classes, &among));
    if (label)
        return among && (!narrow || to->classes.count == run->classes.count)
                   ? learn_replace(&run->classes, &to->classes)
                   : NN_OK;
    nn_text_list own = to->classes;
    to->classes = (nn_text_list){0};
    nn_status status = nn_list_copy(&run->classes, &to->classes);
    if (status == NN_OK) status = nn_list_join(&own, &to->classes);
    nn_list_release(&own);
    return status;
}

/* A class absent in training is shown by its name if predictions are not scored. */
static nn_status learn_more_classes(nn_dataset *dataset, int v, nn_names *to)
{
    for (int p = 0; p < NN_PARTS; p++) {
        nn_source *source = &dataset->sources[p];
        for (int i = 0; source->listed && i < source->piece_count && to->classes.count > 0; i++)
            NN_TRY(nn_list_join(&nn_naming_of_piece(source, i, v)->classes, &to->classes));
    }
    return NN_OK;
}

nn_status nn_naming_learn(nn_dataset *dataset, const nn_data_request *request, int v)
{
    const nn_array *array = &dataset->first->arrays[v];
    const nn_data_known *known = request->known;
    const nn_names *run = known && known->names ? nn_names_set_find(known->names, array->key) : NULL;
    nn_names *to = &dataset->names.items[v];
    const char *given = nn_source_field_options(dataset->options, dataset->first, v)->class_names;
    bool begins = known && known->use == NN_DATA_NAMES_BEGIN;
    if (known && known->names && !begins) {
        if (run) NN_TRY(nn_names_copy(run, to));
        if (!to->key) NN_TRY(nn_copy_text(array->key, &to->key));
        return known->use == NN_DATA_NAMES_OPEN && array->label ? learn_more_classes(dataset, v, to) : NN_OK;
    }
    NN_TRY(nn_copy_text(array->key, &to->key));
    NN_TRY(learn_files(dataset, v, to));
    const nn_text_list *order = &nn_source_field_options(dataset->options, dataset->first, v)->labels;
    if (array->texts && order->count > 0) return learn_replace(order, &to->classes);
    bool numbers = array->label || nn_naming_is_index(dataset->options, dataset->first, v);
    if (given && numbers && array->sound && to->classes.count == 0)
        NN_TRY(nn_naming_require(dataset->first, v, given));
    return run ? learn_from_run(run, array->label, known->narrow, to) : NN_OK;
}
