#include "data/refuse.h"

#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "host/system.h"

/* How to read elements that are not numbers; $ is the dataset, % a field of its records, & the input. */
static const char *refuse_type_remedy(const nn_store_info *info)
{
    static const struct {
        const char *type, *remedy;
    } rows[] = {
        {"compound", "name a field of its records: data.@.&: $.%, or several as columns: data.@.&: [$.FIELD, "
                     "$.FIELD] (nntrain info lists them)"},
    };
    if (info->matlab == NN_STORE_MATLAB_CELL)
        return "it is a cell array: in MATLAB, number texts with [names, ~, y] = unique($), or join arrays "
               "along a new dimension, x = cat(4, ${:}), and save y or x with -v7.3";
    if (info->type == NN_STORE_TEXT)
        return "as an input, texts are looked up by an embedding: set data.fields.&.kind: index for names, "
               "or "
               "kind: text to read their characters; as a target, they are classes, for a loss such as "
               "cross_entropy";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strncmp(info->type_name, rows[i].type, strlen(rows[i].type)) == 0) return rows[i].remedy;
    return "store them as integers or floats";
}

/* The first field that is not a number of the rows. */
static void refuse_append_field(const nn_store_info *info, nn_text *text)
{
    const char *at = info->type_name + strlen("compound of ");
    size_t length = strcspn(at, ",.");
    if (length == strlen("index") && strncmp(at, "index", length) == 0 && at[length] == ',') {
        at += length + 2;
        length = strcspn(at, ",.");
    }
    nn_text_append(text, "%.*s", (int)length, at);
}

static nn_status refuse_type(const nn_array *array, const nn_store_info *info)
{
    nn_text remedy = {0};
    for (const char *at = refuse_type_remedy(info); *at; at++)
        if (*at == '$')
            nn_text_append(&remedy, "%s", array->dataset);
        else if (*at == '@')
            nn_text_append(&remedy, "%s", array->part);
        else if (*at == '&')
            nn_text_append(&remedy, "%s", array->key);
        else if (*at == '%')
            refuse_append_field(info, &remedy);
        else
            nn_text_append(&remedy, "%c", *at);
    nn_status status =
        nn_fail(NN_ERROR_DATA, "elements of type %s cannot be used as numbers: %s", info->type_name,
                remedy.failed ? "store them as integers or floats" : remedy.bytes);
    nn_text_free(&remedy);
    return status;
}

nn_status nn_refuse_info(const nn_array *array, const nn_store_info *info)
{
    if (info->matlab == NN_STORE_MATLAB_EMPTY)
        NN_FAIL(NN_ERROR_DATA, "is empty in MATLAB, which stores only its extents: use another dataset");
    if (info->matlab == NN_STORE_MATLAB_TEXT)
        NN_FAIL(
            NN_ERROR_DATA,
            "is text in MATLAB, stored as numbers of characters: number its rows there with [names, ~, y] = "
            "unique(cellstr(%s)), and save y with -v7.3",
            array->dataset);
    if (info->type >= NN_STORE_TEXT) return refuse_type(array, info);
    if (info->dimensions == 0)
        NN_FAIL(NN_ERROR_DATA, "holds a single number: store one sample per row, N x ...");
    if (info->dimensions - 1 > NN_MAX_DIMENSIONS - 1)
        NN_FAIL(NN_ERROR_DATA, "samples have %d dimensions, which is too many: reshape them to at most %d",
                info->dimensions - 1, NN_MAX_DIMENSIONS - 1);
    if (!info->written)
        NN_FAIL(NN_ERROR_DATA,
                "was never written and holds only its fill value; write the data, or use another dataset");
    return NN_OK;
}

/* Whether a name is that of texts, which are read only as numbers of classes or symbols. */
static bool refuse_is_text(nn_store_file *file, const char *name)
{
    const nn_store_spec spec = {.dataset = name, .incomplete = true, .codes = true};
    nn_store_array *stored;
    if (nn_store_array_open_as(file, &spec, &stored) != NN_OK) return false;
    bool text = strcmp(nn_store_array_info(stored)->layout, "text") == 0;
    nn_store_array_close(stored);
    return text;
}

/* Says that a table of records does not have a field, or how to read it; NN_OK: there is nothing to say. */
static nn_status refuse_field(const nn_array *array, nn_store_file *file, const char *table,
                              const char *field)
{
    nn_status status = NN_OK;
    nn_text_list names = {0};
    nn_text text = {0};
    nn_status listed = nn_store_list_fields(file, table, &names);
    if (listed == NN_OK) nn_list_append(&names, &text);
    const char *near =
        names.count > 0 ? nn_nearest(field, (const char *const *)names.items, names.count) : NULL;
    if (refuse_is_text(file, array->dataset))
        status =
            nn_fail_context(refuse_type(array, &(nn_store_info){.type = NN_STORE_TEXT, .type_name = "text"}),
                            "dataset \"%s\" of %s", array->dataset, array->path);
    else if (listed == NN_OK && names.count > 0 && nn_list_find(&names, field) >= 0)
        status = nn_fail(NN_ERROR_DATA, "field '%s' of dataset \"%s\" of %s has neither numbers nor texts",
                         field, table, array->path);
    else if (listed == NN_OK && names.count > 0)
        status = nn_fail(NN_ERROR_DATA, "dataset \"%s\" of %s has no field '%s'%s%s%s; its records have: %s",
                         table, array->path, field, near ? "; did you mean '" : "", near ? near : "",
                         near ? "'?" : "", text.bytes ? text.bytes : "");
    nn_list_release(&names);
    nn_text_free(&text);
    return status;
}

/* A file of several that lacks a dataset: perhaps another one has it. */
static nn_status refuse_elsewhere(const nn_array *array, nn_store_file *file, nn_status status)
{
    char *text = NULL;
    if (nn_store_has_array(file, array->dataset) || nn_copy_text(nn_error_text(), &text) != NN_OK)
        return status;
    status =
        nn_fail(status,
                "%s; every file of a part has rows of all its datasets: if this one is in files of its own, "
                "name them: %s: {file: FILE, path: DATASET}",
                text, array->key);
    nn_free(text);
    return status;
}

/* A table of records has only the fields that it has. */
nn_status nn_refuse_dataset(const nn_array *array, nn_store_file *file, int files, nn_status status)
{
    nn_text table = {0}, before = {0};
    nn_status better = NN_OK;
    if (status == NN_OK || !file || nn_system_may_pass(nn_error_number())) return status;
    nn_text_append(&before, "%s", nn_error_text()); /* looking for more overwrites it */
    for (const char *at = array->dataset; *at && table.length == 0; at++) {
        nn_text name = {0};
        if (*at != '.' && *at != '/') continue;
        nn_text_append(&name, "%.*s", (int)(at - array->dataset), array->dataset);
        if (!name.failed && name.length > 0 && nn_store_has(file, name.bytes)) {
            nn_text_append(&table, "%s", name.bytes);
            better = refuse_field(array, file, table.bytes, at + 1);
        }
        nn_text_free(&name);
    }
    bool found = table.length > 0;
    if (better == NN_OK) better = nn_fail(status, "%s", before.bytes ? before.bytes : "out of memory");
    nn_text_free(&table);
    nn_text_free(&before);
    return found || files == 1 ? better : refuse_elsewhere(array, file, better);
}

/* The layout of a dataset whose samples lie along a dimension; NULL: it has no usual name. */
static const char *refuse_layout(int dimension, int dimensions)
{
    static const char *const layouts[][4] = {{"", "FN"}, {"", "TNF", "HWN"}, {"", "CNHW", "HCNW", "HWCN"}};
    return dimensions >= 2 && dimensions <= 4 && dimension > 0 ? layouts[dimensions - 2][dimension] : NULL;
}

static void refuse_hint_axis(const nn_array *array, int dimension, int dimensions, int64_t rows,
                             nn_text *hint)
{
    const char *layout = refuse_layout(dimension, dimensions);
    nn_text_append(
        hint, "; dimension %d of \"%s\" has extent %lld: if samples lie along it, set data.fields.%s.layout",
        dimension + 1, array->dataset, (long long)rows, array->key);
    if (layout) nn_text_append(hint, ": %s", layout);
}

/* Both may have their samples along the last dimension, as MATLAB turns every array around. */
static void refuse_hint_both(const nn_array *first, const nn_array *array, const nn_store_info *info,
                             nn_text *hint)
{
    int last = info->dimensions - 1, other = first->shape.dimensions - 1;
    const char *a = refuse_layout(other + 1, other + 2), *b = refuse_layout(last, info->dimensions);
    bool common = first->axis == 0 && array->axis == 0 && last > 0 && other >= 0 && first->values > 1 &&
                  first->shape.extents[other] == info->extents[last];
    if (common && a && b)
        nn_text_append(hint,
                       "; both have %lld along the last dimension: if these are the samples, set "
                       "data.fields.%s.layout: %s and data.fields.%s.layout: %s",
                       (long long)info->extents[last], first->key, a, array->key, b);
}

/* The numbers of samples differ: perhaps they lie along another dimension, as MATLAB and Caffe store them. */
nn_status nn_refuse_rows(const nn_array *first, int64_t rows, const nn_array *array,
                         const nn_store_info *info)
{
    nn_text hint = {0};
    nn_text_append(&hint, "each sample needs its target");
    int d = 0, other = first->axis == 0 ? 0 : first->shape.dimensions;
    while (d < info->dimensions && (d == array->axis || info->extents[d] != rows)) d++;
    while (other < first->shape.dimensions && first->shape.extents[other] != array->rows) other++;
    if (d < info->dimensions)
        refuse_hint_axis(array, d, info->dimensions, rows, &hint);
    else if (other < first->shape.dimensions)
        refuse_hint_axis(first, other + 1, first->shape.dimensions + 1, array->rows, &hint);
    else
        refuse_hint_both(first, array, info, &hint);
    nn_status status = nn_fail(
        NN_ERROR_DATA, "data.%s: dataset \"%s\" has %lld samples, but dataset \"%s\" has %lld, of %s: %s",
        array->part, first->dataset, (long long)rows, array->dataset, (long long)array->rows, array->path,
        hint.failed ? "each sample needs its target" : hint.bytes);
    nn_text_free(&hint);
    return status;
}
