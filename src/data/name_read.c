/* Reads the names that a file has for a field. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "data/naming.h"

/* Finds the dataset that names a dataset's columns or classes: DATASET_WHAT, or without the part's suffix:
 * for x_train, x_WHAT. Empty if there is none. */
static nn_status read_find(nn_store_file *file, const char *dataset, const char *what, bool group,
                           nn_text *path)
{
    static const char *const parts[] = {"", "_train", "_validation", "_test"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t length = nn_store_stem(dataset), tail = strlen(parts[i]);
        if (tail > length || strcmp(dataset + length - tail, parts[i]) != 0) continue;
        nn_text_free(path);
        nn_text_append(path, "%.*s_%s", (int)(length - tail), dataset, what);
        if (path->failed) NN_FAIL(NN_ERROR_MEMORY, "out of memory for a name");
        if (group ? nn_store_has_group(file, path->bytes) : nn_store_has(file, path->bytes)) return NN_OK;
    }
    nn_text_free(path);
    return NN_OK;
}

static nn_status read_list(nn_store_file *file, const char *path, nn_text_list *list)
{
    char **names = NULL;
    size_t count = 0;
    NN_TRY(nn_store_read_names(file, path, &names, &count));
    nn_status status = NN_OK;
    for (size_t i = 0; i < count && status == NN_OK; i++) status = nn_list_add(list, names[i]);
    nn_store_free_names(names, count);
    return status;
}

/* Finds the names of genes in a file of AnnData: those of X and of layers are the index of `var`, a dataset
 * that an attribute names; of 10x, matrix/features/id. Empty if there are none. */
static nn_status read_find_genes(nn_store_file *file, const char *dataset, nn_text *path)
{
    char *index = NULL;
    const char *var = strcmp(dataset, "raw/X") == 0 ? "raw/var" : "var";
    bool cells = strcmp(dataset, "X") == 0 || strncmp(dataset, "layers/", 7) == 0 || var[0] == 'r';
    if (cells) NN_TRY(nn_store_read_text_of(file, var, "_index", &index));
    if (index) nn_text_append(path, "%s/%s", var, index);
    nn_free(index);
    if (!cells) nn_text_append(path, "%s/features/id", dataset);
    if (path->failed) NN_FAIL(NN_ERROR_MEMORY, "out of memory for a name");
    if (path->length > 0 && !nn_store_has(file, path->bytes)) nn_text_free(path);
    return NN_OK;
}

static int read_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names that other programs do not keep unique name nothing if one occurs twice. */
static nn_status read_genes(nn_store_file *file, const char *dataset, int64_t columns, nn_text_list *names)
{
    nn_text path = {0};
    char **sorted = NULL;
    bool unique = true;
    nn_status status = read_find_genes(file, dataset, &path);
    if (status == NN_OK && path.length > 0) status = read_list(file, path.bytes, names);
    nn_text_free(&path);
    if (status == NN_OK && names->count > 0) status = NN_ALLOCATE(&sorted, names->count, "names of columns");
    for (size_t i = 0; sorted && i < names->count; i++) sorted[i] = names->items[i];
    if (sorted) qsort(sorted, names->count, sizeof *sorted, read_compare);
    for (size_t i = 1; sorted && i < names->count; i++) unique &= strcmp(sorted[i - 1], sorted[i]) != 0;
    nn_free(sorted);
    if (!unique || (int64_t)names->count != columns) nn_list_release(names);
    return status;
}

static nn_status read_columns(nn_store_file *file, const nn_array *array, const nn_store_array *stored,
                              nn_names *names)
{
    nn_text path = {0};
    int64_t columns = array->shape.dimensions ? array->shape.extents[array->shape.dimensions - 1] : 1;
    nn_status status = read_find(file, array->dataset, "columns", false, &path);
    if (status == NN_OK && path.length > 0) status = read_list(file, path.bytes, &names->columns);
    if (status == NN_OK && path.length == 0 && !array->label)
        status = nn_store_array_columns(stored, &names->columns);
    if (status == NN_OK && names->columns.count == 0 && !array->label && array->shape.dimensions == 1)
        status = read_genes(file, array->dataset, columns, &names->columns);
    bool fits = names->columns.count == 0 || (int64_t)names->columns.count == columns;
    if (status == NN_OK && !fits && array->shape.dimensions == 1 && !array->label)
        status =
            nn_fail(NN_ERROR_DATA, "it has %lld columns, but \"%s\" has %zu names: create the file again",
                    (long long)columns, path.bytes, names->columns.count);
    nn_text_free(&path);
    if (!fits) nn_list_release(&names->columns); /* they belong to something else */
    return status;
}

/* The units of each column, from DATASET_units; or of all values, from an attribute. */
static nn_status read_units(nn_store_file *file, const nn_array *array, nn_names *names)
{
    nn_text path = {0};
    char *units = NULL;
    nn_status status = read_find(file, array->dataset, "units", false, &path);
    if (status == NN_OK && path.length > 0) status = read_list(file, path.bytes, &names->units);
    nn_text_free(&path);
    bool fits = names->units.count > 0 && names->units.count == names->columns.count;
    if (status != NN_OK || fits) return status;
    nn_list_release(&names->units);
    nn_text_append(&path, "%.*s", (int)nn_store_stem(array->dataset), array->dataset);
    status = path.failed ? NN_ERROR_MEMORY : nn_store_find_attribute(file, path.bytes, "units", &units);
    nn_text_free(&path);
    if (status == NN_OK && units && *units) status = nn_list_add(&names->units, units);
    nn_free(units);
    return status;
}

static nn_status read_categories(nn_store_file *file, const nn_array *array, nn_names *names)
{
    nn_text group = {0};
    if (names->columns.count == 0) return NN_OK;
    nn_status status = read_find(file, array->dataset, "categories", true, &group);
    for (size_t c = 0; group.length > 0 && c < names->columns.count && status == NN_OK; c++) {
        nn_text path = {0};
        nn_names_append_path(&path, group.bytes, names->columns.items[c]);
        if (path.failed) status = nn_fail(NN_ERROR_MEMORY, "out of memory for a name");
        if (status == NN_OK && nn_store_has(file, path.bytes)) {
            status = nn_names_make_categories(names);
            if (status == NN_OK) status = read_list(file, path.bytes, &names->categories[c]);
        }
        nn_text_free(&path);
    }
    nn_text_free(&group);
    return status;
}

/* Reads class names from the configured dataset, from DATASET_classes, from the group of a categorical
 * column, or from the array itself: those of its texts, or of its enumeration. */
static nn_status read_classes(nn_store_file *file, const nn_array *array, const nn_store_array *stored,
                              const nn_data_field_options *options, nn_names *names)
{
    nn_text path = {0};
    const char *given = array->texts ? NULL : options->class_names;
    if (array->texts) return nn_store_array_classes(stored, &names->classes);
    if (given) return nn_store_has(file, given) ? read_list(file, given, &names->classes) : NN_OK;
    nn_status status = read_find(file, array->dataset, "classes", false, &path);
    if (status == NN_OK && path.length == 0)
        nn_text_append(&path, "%.*s/categories", (int)nn_store_stem(array->dataset), array->dataset);
    if (status == NN_OK && path.failed)
        status = nn_fail(NN_ERROR_MEMORY, "out of memory for the names of classes");
    bool named = status == NN_OK && nn_store_has(file, path.bytes);
    if (named) status = read_list(file, path.bytes, &names->classes);
    nn_text_free(&path);
    if (status == NN_OK && names->classes.count == 0 && array->one_hot == 0)
        status = nn_store_array_classes(stored, &names->classes);
    /* Without other names, listed labels are their own names. */
    bool listed = status == NN_OK && names->classes.count == 0;
    for (size_t i = 0; listed && i < options->labels.count && status == NN_OK; i++)
        status = nn_list_add(&names->classes, options->labels.items[i]);
    return status;
}

bool nn_naming_is_index(const nn_data_options *options, const nn_source *source, int which)
{
    return which < source->inputs && nn_data_is_index(nn_source_field_options(options, source, which));
}

static nn_status read_all(nn_source *source, nn_piece *piece, int which, const nn_data_options *options,
                          nn_names *names)
{
    const nn_array *array = &source->arrays[which];
    nn_store_file *file = nn_source_file(piece, which);
    nn_store_array *stored;
    NN_TRY(nn_source_array(source, piece, which, &stored));
    NN_TRY(read_columns(file, array, stored, names));
    if (!array->label) NN_TRY(read_units(file, array, names));
    if (!array->label) NN_TRY(read_categories(file, array, names));
    if (!array->label && !nn_naming_is_index(options, source, which)) return NN_OK;
    return read_classes(file, array, stored, nn_source_field_options(options, source, which), names);
}

nn_status nn_naming_require(nn_source *source, int which, const char *path)
{
    nn_store_array *stored;
    nn_text_list list = {0};
    NN_TRY(nn_source_array(source, &source->pieces[0], which, &stored));
    nn_status status = read_list(nn_source_file(&source->pieces[0], which), path, &list);
    nn_list_release(&list);
    return nn_array_context(&source->arrays[which], status);
}

nn_status nn_piece_read_names(nn_source *source, nn_piece *piece, int which, const nn_data_options *options)
{
    nn_names *made = NULL;
    nn_array at = source->arrays[which];
    at.path = nn_source_path(piece, which);
    NN_TRY(NN_ALLOCATE(&made, 1, "the names of a file"));
    nn_status status = nn_array_context(&at, read_all(source, piece, which, options, made));
    bool known = status == NN_OK && piece != source->pieces && source->pieces[0].names[which] &&
                 nn_names_equal(made, source->pieces[0].names[which]);
    piece->names[which] = made;
    if (status == NN_OK && !known) return NN_OK;
    nn_names_release(made);
    nn_free(made);
    piece->names[which] = NULL;
    return status;
}

const nn_names *nn_naming_of_piece(const nn_source *source, int piece, int which)
{
    static const nn_names none = {0};
    const nn_names *own = source->pieces[piece].names[which];
    if (!own) own = source->pieces[0].names[which];
    return own ? own : &none;
}

/* ---- columns by name ---- */

static nn_status read_find_column(const nn_text_list *columns, const char *dataset, const char *name,
                                  int64_t *column)
{
    if (columns->count == 0)
        NN_FAIL(NN_ERROR_USAGE,
                "columns have no names here: give them in a dataset \"%s_columns\", or use column numbers, "
                "from 0",
                dataset);
    *column = nn_list_find(columns, name);
    if (*column >= 0) return NN_OK;
    const char *near = nn_nearest(name, (const char *const *)columns->items, columns->count);
    NN_FAIL(NN_ERROR_USAGE, "there is no column '%s'%s%s%s", name, near ? "; did you mean '" : "",
            near ? near : "", near ? "'?" : "");
}

nn_status nn_source_column(const nn_source *source, int array, const char *name, int64_t columns,
                           int64_t *column)
{
    static const nn_names none = {0};
    const nn_array *self = &source->arrays[array];
    const nn_names *names = self->names ? self->names : &none;
    char *end;
    *column = nn_list_find(&names->columns, name);
    if (*column >= 0) return NN_OK;
    *column = strtoll(name, &end, 10);
    nn_status status = NN_OK;
    if (!isdigit((unsigned char)name[0]) || *end)
        status = read_find_column(&names->columns, self->dataset, name, column);
    if (status == NN_OK && *column >= columns)
        status = nn_fail(NN_ERROR_USAGE, "there is no column %lld: there are %lld, numbered from 0",
                         (long long)*column, (long long)columns);
    return nn_array_context(self, status);
}
