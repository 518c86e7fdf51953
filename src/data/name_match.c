/* Maps the names of each file to those of the data set. */
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "base/memory.h"
#include "data/naming.h"
#include "data/value_map.h"

/* The field of a file being matched. */
typedef struct match {
    nn_source *source;
    nn_piece *piece;
    int v;
    nn_array *array;
    const nn_names *from, *to;
    const nn_text_list *picks; /* columns used, by name or number; empty: all */
    const char *origin;        /* origin of the names in `to`, for messages */
    bool known;                /* they come from a run */
} match;

/* Files without names among files with names: the assumption is logged once. */
typedef struct match_note {
    int64_t files;
    const char *path, *dataset;
} match_note;

typedef struct match_notes {
    match_note columns, classes, categories, unnamed;
    const nn_text_list *listed; /* categories of the first column without names */
    const char *column;
} match_notes;

static void match_count(const match *of, match_note *note)
{
    if (note->files++ > 0) return;
    note->path = nn_source_path(of->piece, of->v);
    note->dataset = of->array->dataset;
}

/* ---- failures ---- */

/* in: " of column 'colour'", or nothing. */
static nn_status match_fail(const match *of, const char *what, const char *name, const char *in, bool lacks,
                            const nn_text_list *from, const nn_text_list *to)
{
    nn_text there = {0}, here = {0};
    nn_array at = *of->array;
    at.path = nn_source_path(of->piece, of->v);
    nn_list_append(to, &there);
    nn_list_append(from, &here);
    nn_status status =
        nn_fail(NN_ERROR_DATA, "%s the %s '%s'%s%s%s; the names there: %s; the names here: %s; %s",
                lacks ? "lacks" : "has", what, name, in, lacks ? " of " : ", which is not known to ",
                of->origin, there.bytes ? there.bytes : "none", here.bytes ? here.bytes : "none",
                lacks ? "create the file with the same columns"
                      : "create the file without it, or train on data that has it");
    nn_text_free(&there);
    nn_text_free(&here);
    return nn_array_context(&at, status);
}

/* ---- numbers ---- */

static nn_status match_map(const match *of, int64_t columns, nn_value_map **map)
{
    if (!of->piece->maps[of->v]) NN_TRY(nn_value_map_create(columns, &of->piece->maps[of->v]));
    *map = of->piece->maps[of->v];
    return NN_OK;
}

static bool match_is_start(const nn_text_list *from, const nn_text_list *to)
{
    bool start = from->count <= to->count;
    for (size_t i = 0; start && i < from->count; i++) start = strcmp(from->items[i], to->items[i]) == 0;
    return start;
}

/* Takes `numbers`. */
static nn_status match_set_codes(const match *of, int64_t columns, int64_t column, const char *what,
                                 int64_t count, int32_t *numbers)
{
    nn_value_map *map;
    int64_t largest = 0;
    nn_status status = match_map(of, columns, &map);
    if (status != NN_OK) {
        nn_free(numbers);
        return status;
    }
    for (int64_t i = 0; i < count; i++)
        if (numbers[i] > largest) largest = numbers[i];
    if (!of->array->label) nn_array_widen(of->array, largest);
    return nn_value_map_codes(map, column, count, numbers, what);
}

/* Characters of an input that training does not have are none; says which, and how often they occur. */
static nn_status match_unknown(const match *of, const nn_text_list *from, int32_t *numbers)
{
    nn_text_list unknown = {0};
    nn_text text = {0};
    nn_store_array *stored;
    int64_t times = 0;
    NN_TRY(nn_source_array(of->source, of->piece, of->v, &stored));
    nn_status status = NN_OK;
    for (size_t i = 0; i < from->count && status == NN_OK; i++) {
        if (numbers[i] >= 0) continue;
        numbers[i] = 0;
        times += nn_store_array_occurrences(stored, (int64_t)i);
        status = nn_list_add(&unknown, from->items[i]);
    }
    if (status == NN_OK && unknown.count > 0) {
        nn_list_append(&unknown, &text);
        nn_log_warning(
            "data.%s.%s: dataset \"%s\" of %s has %zu characters, %lld times, that are not known to "
            "%s, and are read as number 0, %s: %s",
            of->array->part, of->array->key, of->array->dataset, nn_source_path(of->piece, of->v),
            unknown.count, (long long)times, of->origin, NN_STORE_NO_CHARACTER, text.bytes ? text.bytes : "");
    }
    nn_text_free(&text);
    nn_list_release(&unknown);
    return status;
}

/* Maps the numbers of a file's classes, or of a column's categories, to those of the data set. what: "class";
 * in: as above. */
static nn_status match_codes(const match *of, const nn_text_list *from, const nn_text_list *to,
                             int64_t columns, int64_t column, const char *what, const char *in)
{
    int32_t *numbers = NULL;
    if (match_is_start(from, to)) return NN_OK;
    NN_TRY(NN_ALLOCATE(&numbers, from->count, "the names of a file"));
    nn_array at = *of->array;
    at.path = nn_source_path(of->piece, of->v);
    nn_status status = nn_array_context(&at, nn_list_map(from, to, numbers));
    if (status == NN_OK && of->array->index && of->array->spec.unit != NN_STORE_UNIT_NONE)
        status = match_unknown(of, from, numbers);
    for (size_t i = 0; i < from->count && status == NN_OK; i++)
        if (numbers[i] < 0) status = match_fail(of, what, from->items[i], in, false, from, to);
    if (status == NN_OK)
        return match_set_codes(of, columns, column, *in ? in + 4 : what, (int64_t)from->count, numbers);
    nn_free(numbers);
    return status;
}

/* If the data set has no names, numeric names say which number is meant. */
static nn_status match_numeric(const match *of, match_notes *notes)
{
    const nn_text_list *from = &of->from->classes;
    int32_t *numbers = NULL;
    bool same = true;
    if (!nn_list_is_numeric(from)) {
        match_count(of, &notes->unnamed);
        return NN_OK;
    }
    NN_TRY(NN_ALLOCATE(&numbers, from->count, "the names of a file"));
    for (size_t i = 0; i < from->count; i++) {
        numbers[i] = (int32_t)strtol(from->items[i], NULL, 10);
        same = same && numbers[i] == (int32_t)i;
    }
    if (!same) return match_set_codes(of, 1, 0, "class", (int64_t)from->count, numbers);
    nn_free(numbers);
    return NN_OK;
}

static nn_status match_classes(const match *of, match_notes *notes)
{
    const nn_text_list *from = &of->from->classes, *to = &of->to->classes;
    if (from->count == 0 && to->count > 0) match_count(of, &notes->classes);
    if (from->count > 0 && to->count == 0) return match_numeric(of, notes);
    if (from->count == 0 || to->count == 0) return NN_OK;
    return match_codes(of, from, to, 1, 0, of->array->label ? "class" : "symbol", "");
}

static nn_status match_categories(const match *of, match_notes *notes)
{
    int64_t columns = (int64_t)of->to->columns.count;
    for (int64_t c = 0; c < columns; c++) {
        const char *name = of->to->columns.items[c];
        int64_t there = of->from->columns.count > 0 ? nn_list_find(&of->from->columns, name) : c;
        const nn_text_list *to = nn_names_categories(of->to, c),
                           *from = nn_names_categories(of->from, of->from->columns.count > 0 ? there : -1);
        if (there < 0) continue;
        nn_text what = {0};
        nn_text_append(&what, " of column '%s'", name);
        nn_status status = NN_OK;
        if (what.failed)
            status = nn_fail(NN_ERROR_MEMORY, "out of memory for a name");
        else if (from->count > 0)
            status = match_codes(of, from, to, columns, c, "category", what.bytes);
        nn_text_free(&what);
        NN_TRY(status);
        if (from->count > 0 || to->count == 0) continue;
        match_count(of, &notes->categories);
        if (notes->column) continue;
        notes->column = name;
        notes->listed = to;
    }
    return NN_OK;
}

/* ---- columns ---- */

/* Finds which columns of the data set are used. */
static void match_used(const match *of, int64_t columns, bool *used)
{
    for (int64_t c = 0; c < columns; c++) used[c] = of->picks->count == 0;
    for (size_t i = 0; i < of->picks->count; i++) {
        int64_t column;
        nn_array named = *of->array;
        nn_source source = {0};
        named.names = of->to;
        source.arrays[0] = named;
        if (nn_source_column(&source, 0, of->picks->items[i], columns, &column) == NN_OK) used[column] = true;
    }
    nn_error_clear(); /* a missing column is reported when the view is made */
}

/* Finds the columns in the file; -1: not there. */
static nn_status match_find_columns(const match *of, bool *used, int32_t *there)
{
    const nn_text_list *from = &of->from->columns, *to = &of->to->columns;
    int32_t *back = NULL;
    nn_array at = *of->array;
    at.path = nn_source_path(of->piece, of->v);
    match_used(of, (int64_t)to->count, used);
    NN_TRY(nn_array_context(&at, nn_list_map(to, from, there)));
    for (size_t c = 0; c < to->count; c++)
        if (there[c] < 0 && used[c]) return match_fail(of, "column", to->items[c], "", true, from, to);
    if (of->picks->count > 0) return NN_OK;
    NN_TRY(NN_ALLOCATE(&back, from->count, "the names of a file"));
    nn_status status = nn_list_map(from, to, back);
    for (size_t c = 0; c < from->count && status == NN_OK; c++)
        if (back[c] < 0) status = match_fail(of, "column", from->items[c], "", false, from, to);
    nn_free(back);
    return status;
}

/* Makes rows as wide as the list; all files of a part have the same width. */
static void match_resize(const match *of, int64_t columns)
{
    nn_array *array = of->array;
    int64_t own = (int64_t)of->from->columns.count;
    array->values = array->stored_values / own * columns;
    array->shape.extents[array->shape.dimensions - 1] = columns;
    array->row_size = (size_t)array->values * nn_store_type_size(array->type);
}

static nn_status match_place(const match *of, const int32_t *there)
{
    const nn_array *array = of->array;
    int64_t own = (int64_t)of->from->columns.count, columns = (int64_t)of->to->columns.count;
    bool categories = !array->label && of->to->categories && of->to->classes.count == 0;
    nn_value_map *map;
    NN_TRY(match_map(of, categories ? columns : 1, &map));
    int64_t count = array->stored_values / own * columns;
    NN_TRY(NN_ALLOCATE(&map->places, count, "the columns of a file"));
    map->place_count = count;
    for (int64_t i = 0; i < count; i++) {
        int64_t place = there[i % columns] < 0 ? -1 : i / columns * own + there[i % columns];
        map->places[i] = place >= 0 && array->places ? array->places[place] : place;
    }
    match_resize(of, columns);
    return NN_OK;
}

static nn_status match_columns(const match *of, match_notes *notes)
{
    const nn_text_list *from = &of->from->columns, *to = &of->to->columns;
    if (from->count == 0 && to->count > 0 && of->array->values > 1) match_count(of, &notes->columns);
    if (from->count == 0 || to->count == 0 || nn_list_equal(from, to) || of->array->one_hot > 0) return NN_OK;
    if (of->array->label && of->array->values == 1) return NN_OK;
    bool *used = NULL;
    int32_t *there = NULL;
    nn_status status = NN_ALLOCATE(&used, to->count, "the columns of a file");
    if (status == NN_OK) status = NN_ALLOCATE(&there, to->count, "the columns of a file");
    if (status == NN_OK) status = match_find_columns(of, used, there);
    if (status == NN_OK) status = match_place(of, there);
    nn_free(used);
    nn_free(there);
    return status;
}

/* ---- notes ---- */

static void match_warn(const match *of, const match_note *note, const char *what, const nn_text_list *list)
{
    nn_text text = {0}, more = {0};
    if (note->files == 0) return;
    for (size_t i = 0; i < list->count && i < 8; i++)
        nn_text_append(&text, "%s%zu %s", i > 0 ? ", " : "", i, list->items[i]);
    if (list->count > 8) nn_text_append(&text, ", ...");
    if (note->files > 1) nn_text_append(&more, " and %lld other files", (long long)note->files - 1);
    nn_log_warning("data.%s.%s: dataset \"%s\" of %s%s has no names for its %s: its numbers are assumed to "
                   "mean the same as in %s: %s",
                   of->array->part, of->array->key, note->dataset, note->path, more.bytes ? more.bytes : "",
                   what, of->origin, text.bytes ? text.bytes : "");
    nn_text_free(&text);
    nn_text_free(&more);
}

static void match_warn_all(const match *of, const match_notes *notes)
{
    nn_text what = {0};
    match_warn(of, &notes->columns, "columns", &of->to->columns);
    match_warn(of, &notes->classes, of->array->label ? "classes" : "symbols", &of->to->classes);
    if (notes->column && notes->columns.files == 0) {
        nn_text_append(&what, "column '%s'", notes->column);
        match_warn(of, &notes->categories, what.bytes ? what.bytes : "categories", notes->listed);
        nn_text_free(&what);
    }
    if (notes->unnamed.files > 0)
        nn_log_warning("data.%s.%s: dataset \"%s\" of %s has names for its %s, but %s has none: class number "
                       "i is assumed to be class i there",
                       of->array->part, of->array->key, notes->unnamed.dataset, notes->unnamed.path,
                       of->array->label ? "classes" : "symbols", of->origin);
}

/* ---- all of it ---- */

static const nn_text_list *match_picks(const nn_dataset *dataset, int v)
{
    const nn_text_list *own = &nn_source_field_options(dataset->options, dataset->first, v)->columns;
    const nn_data_window_options *window = &dataset->options->window;
    return own->count == 0 && window->length > 0 && v >= dataset->first->inputs ? &window->targets : own;
}

static void match_source(match *of, match_notes *notes, nn_problems *problems)
{
    nn_source *source = of->source;
    of->array = &source->arrays[of->v];
    of->array->names = of->to;
    if (of->array->absent) return;
    for (int i = 0; i < source->piece_count; i++) {
        of->piece = &source->pieces[i];
        of->from = nn_naming_of_piece(source, i, of->v);
        nn_status status = match_columns(of, notes);
        bool numbers = of->array->label || of->from->classes.count > 0 || of->to->classes.count > 0;
        if (status == NN_OK) status = numbers ? match_classes(of, notes) : match_categories(of, notes);
        if (!nn_problems_collect(problems, status)) of->array->sound = false;
        if (status != NN_OK) return;
    }
}

/* The maps of all files for a field whose list is known. */
static void match_field(nn_dataset *dataset, const nn_data_request *request, int v, nn_problems *problems)
{
    match_notes notes = {0};
    match of = {.v = v, .to = &dataset->names.items[v], .picks = match_picks(dataset, v)};
    of.known = request->known && request->known->names && request->known->use != NN_DATA_NAMES_BEGIN;
    of.origin = of.known && request->known->names_from ? request->known->names_from
                                                       : nn_source_path(&dataset->first->pieces[0], v);
    bool ordered = dataset->first->arrays[v].texts &&
                   nn_source_field_options(dataset->options, dataset->first, v)->labels.count > 0;
    if (ordered && !of.known) of.origin = "the configuration's labels";
    for (int p = 0; p < NN_PARTS; p++) {
        of.source = &dataset->sources[p];
        bool fits = of.source->listed && of.source->fields == dataset->first->fields;
        if (fits && of.source->arrays[v].sound) match_source(&of, &notes, problems);
    }
    if (of.array) match_warn_all(&of, &notes);
}

void nn_naming_settle(nn_dataset *dataset, const nn_data_request *request, nn_problems *problems)
{
    const nn_source *first = dataset->first;
    dataset->names.count = first && first->listed && first->piece_count > 0 ? first->fields : 0;
    for (int v = 0; v < dataset->names.count; v++)
        if (nn_problems_collect(problems, nn_naming_learn(dataset, request, v)))
            match_field(dataset, request, v, problems);
}
