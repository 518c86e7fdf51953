#include "data/refuse.h"

#include <string.h>

#include "base/text.h"

/* How to convert elements that are not numbers; $ is the dataset. */
static const char *refuse_type_remedy(const nn_array *array, const nn_store_info *info)
{
    static const struct {
        const char *type, *remedy;
    } rows[] = {
        {"compound", "copy a field to a separate dataset, in Python with h5py: f['$_FIELD'] = "
                     "f['$']['FIELD'], and use $_FIELD"},
        {"complex", "copy both parts to separate datasets, in Python with h5py: f['$_re'] = f['$'][:].real; "
                    "f['$_im'] = f['$'][:].imag, and use them as two inputs, {re: $_re, im: $_im}"},
        {"variable length", "store sequences of different lengths padded: one dataset of samples x steps (x "
                            "features), padded with zeros, and one of the lengths for data.train.lengths"},
    };
    if (info->type == NN_STORE_TEXT && array->label)
        return "number the classes, in Python with h5py and numpy: names, y = "
               "numpy.unique(f['$'][:].astype('S'), return_inverse=True); f['$_index'] = y; "
               "f['$_index_classes'] = names, and use $_index: the names are kept";
    if (info->type == NN_STORE_TEXT)
        return "number the words, in Python with h5py and numpy: names, x = "
               "numpy.unique(f['$'][:].astype('S'), return_inverse=True); f['$_index'] = x; "
               "f['$_index_classes'] = names, and read $_index with data.fields.x.kind: index and an "
               "embedding";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strncmp(info->type_name, rows[i].type, strlen(rows[i].type)) == 0) return rows[i].remedy;
    return "store them as integers or floats";
}

static nn_status refuse_type(const nn_array *array, const nn_store_info *info)
{
    nn_text remedy = {0};
    for (const char *at = refuse_type_remedy(array, info); *at; at++)
        if (*at == '$')
            nn_text_append(&remedy, "%s", array->dataset);
        else
            nn_text_append(&remedy, "%c", *at);
    nn_status status = nn_fail(NN_ERROR_DATA, "elements of type %s cannot be used: %s", info->type_name,
                               remedy.failed ? "store them as integers or floats" : remedy.bytes);
    nn_text_free(&remedy);
    return status;
}

nn_status nn_refuse_info(const nn_array *array, const nn_store_info *info)
{
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

/* Patterns over groups, and fields of a table of records, are not read. */
nn_status nn_refuse_dataset(const nn_array *array, nn_store_file *file, nn_status status)
{
    nn_text table = {0};
    const char *slash = strrchr(array->dataset, '/');
    if (status == NN_OK || !file) return status;
    if (strpbrk(array->dataset, "*?"))
        return nn_fail(NN_ERROR_DATA,
                       "dataset \"%s\" of %s: patterns match files, not groups: concatenate the samples into "
                       "one dataset, in Python with h5py: f['NEW'] = numpy.concatenate([f[name] for name in "
                       "NAMES]), or store each group in a separate file and give a pattern of files",
                       array->dataset, array->path);
    if (!slash || nn_store_has(file, array->dataset)) return status;
    nn_text_append(&table, "%.*s", (int)(slash - array->dataset), array->dataset);
    if (!table.failed && nn_store_has(file, table.bytes))
        status =
            nn_fail(NN_ERROR_DATA,
                    "dataset \"%s\" of %s is a dataset, not a group; copy the field of a table of records to "
                    "a separate dataset, in Python with h5py: f['NEW'] = f['%s']['%s'], and use that",
                    table.bytes, array->path, table.bytes, slash + 1);
    nn_text_free(&table);
    return status;
}

static void refuse_hint_axis(const nn_array *array, int dimension, int dimensions, int64_t rows,
                             nn_text *hint)
{
    static const char *const layouts[][4] = {{"", "FN"}, {"", "TNF", "HWN"}, {"", "CNHW", "HCNW", "HWCN"}};
    nn_text_append(
        hint, "; dimension %d of \"%s\" has extent %lld: if samples lie along it, set data.fields.%s.layout",
        dimension + 1, array->dataset, (long long)rows, array->key);
    if (dimensions >= 2 && dimensions <= 4 && dimension > 0)
        nn_text_append(hint, ": %s", layouts[dimensions - 2][dimension]);
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
    nn_status status = nn_fail(
        NN_ERROR_DATA, "data.%s: dataset \"%s\" has %lld samples, but dataset \"%s\" has %lld, of %s: %s",
        array->part, first->dataset, (long long)rows, array->dataset, (long long)array->rows, array->path,
        hint.failed ? "each sample needs its target" : hint.bytes);
    nn_text_free(&hint);
    return status;
}
