#include "data/encodings.h"

#include "base/least.h"
#include "base/log.h"
#include "base/memory.h"

/* Columns of up to this many categories are one-hot; more would mostly be zeros. */
#define ENCODING_ONE_HOT 20
#define ENCODING_UNITS 50

/* ---- which columns ---- */

/* The names of the categories in place p of a view. */
static const nn_text_list *encoding_names(const nn_dataset *dataset, int v, int64_t p)
{
    const nn_view *view = &dataset->views[v];
    const nn_names *names = &dataset->names.items[v];
    int64_t column = view->columns ? view->columns[p] : p;
    return nn_names_categories(names, column < (int64_t)names->columns.count ? column : -1);
}

/* Only rows have columns with categories. */
static bool encoding_has_categories(const nn_dataset *dataset, int v)
{
    const nn_view *view = &dataset->views[v];
    const nn_array *array = &dataset->first->arrays[view->array];
    bool any = false;
    if (view->index || !array->sound || array->shape.dimensions != 1) return false;
    for (int64_t p = 0; p < view->picked; p++) any |= encoding_names(dataset, v, p)->count > 0;
    return any;
}

static bool encoding_is_embedded(const nn_data_field_options *options, int64_t categories)
{
    if (options->categorical == NN_CATEGORICAL_AUTO) return categories > ENCODING_ONE_HOT;
    return options->categorical == NN_CATEGORICAL_EMBEDDING;
}

static nn_status encoding_set_categories(const nn_dataset *dataset, const nn_data_field_options *options,
                                         bool replaces, int v, nn_encoding *encoding)
{
    NN_TRY(NN_ALLOCATE(&encoding->categories, encoding->places, "how columns are read"));
    NN_TRY(NN_ALLOCATE(&encoding->units, encoding->places, "how columns are read"));
    for (int64_t p = 0; p < encoding->places; p++) {
        int64_t count = (int64_t)encoding_names(dataset, v, p)->count;
        if (count == 0) continue;
        bool embedded = encoding_is_embedded(options, count);
        int64_t units = nn_smaller((count + 1) / 2, ENCODING_UNITS);
        if (embedded) encoding->units[p] = options->embedding_units > 0 ? options->embedding_units : units;
        /* A missing category has a row of its own in the table. */
        encoding->categories[p] = embedded && replaces ? count + 1 : count;
    }
    return NN_OK;
}

static nn_status encoding_make(const nn_dataset *dataset, int v, nn_encoding *encoding)
{
    const nn_view *view = &dataset->views[v];
    const nn_data_field_options *options =
        nn_source_field_options(dataset->options, dataset->first, view->array);
    bool codes = dataset->options->codes || options->categorical == NN_CATEGORICAL_CODE;
    bool categories = !codes && encoding_has_categories(dataset, v);
    bool replaces = options->missing == NN_MISSING_MEAN || options->missing == NN_MISSING_MASK ||
                    options->missing == NN_MISSING_IMPUTE;
    bool fills = replaces && !view->index && !dataset->options->codes &&
                 (categories || options->missing_indicator || options->missing == NN_MISSING_IMPUTE);
    if (!categories && !fills) return NN_OK;
    encoding->places = view->shape.dimensions > 0 ? view->shape.extents[view->shape.dimensions - 1] : 1;
    encoding->indicates = fills && options->missing_indicator;
    if (fills) NN_TRY(NN_ALLOCATE(&encoding->fills, encoding->places, "what missing values become"));
    return categories ? encoding_set_categories(dataset, options, replaces, v, encoding) : NN_OK;
}

nn_status nn_encodings_make(nn_dataset *dataset, const nn_data_request *request)
{
    const nn_data_known *known = request->known;
    for (int v = 0; v < dataset->view_count; v++) {
        nn_view *view = &dataset->views[v];
        if (!view->input || view->values == 0) continue;
        if (known && known->encodings)
            NN_TRY(nn_encoding_copy(known->encodings[v], &view->encoding));
        else
            NN_TRY(encoding_make(dataset, v, &view->encoding));
    }
    return NN_OK;
}

/* ---- values ---- */

static double encoding_fill(const nn_view *view, const nn_data_field_options *options, int64_t p)
{
    const nn_encoding *encoding = &view->encoding;
    const nn_scaling *scaling = &view->scaling;
    if (encoding->categories && encoding->categories[p] > 0)
        return encoding->units[p] > 0 ? (double)(encoding->categories[p] - 1) : -1;
    if (options->missing != NN_MISSING_IMPUTE) return 0; /* the mean of a standardised column */
    if (scaling->columns == 0) return options->impute;
    return options->impute * scaling->scale[p % scaling->columns] + scaling->offset[p % scaling->columns];
}

nn_status nn_encodings_scale(nn_dataset *dataset, const nn_data_request *request, int v)
{
    nn_view *view = &dataset->views[v];
    nn_encoding *encoding = &view->encoding;
    const nn_data_field_options *options =
        nn_source_field_options(dataset->options, dataset->first, view->array);
    if (encoding->places == 0 || (request->known && request->known->encodings)) return NN_OK;
    /* Rows have a scale for each column, or the same for all, which the user gave. */
    bool scaled = view->scaling.columns > 0, joint = scaled && view->scaling.columns < encoding->places;
    if (encoding->categories && joint)
        NN_FAIL(
            NN_ERROR_USAGE,
            "data.fields.%s: scale and offset would change the numbers of categories: remove them, or set "
            "categorical: code",
            dataset->first->arrays[view->array].key);
    for (int64_t p = 0; encoding->categories && scaled && p < encoding->places; p++) {
        if (encoding->categories[p] == 0) continue;
        view->scaling.scale[p] = 1;
        view->scaling.offset[p] = 0;
    }
    for (int64_t p = 0; encoding->fills && p < encoding->places; p++)
        encoding->fills[p] = encoding_fill(view, options, p);
    return NN_OK;
}

/* ---- what is said ---- */

static void encoding_append(const nn_dataset *dataset, int v, nn_text *text)
{
    const nn_view *view = &dataset->views[v];
    const nn_encoding *encoding = &view->encoding;
    for (int64_t p = 0; p < encoding->places; p++) {
        if (encoding->categories[p] == 0) continue;
        const char *name = dataset->names.items[v].columns.items[view->columns ? view->columns[p] : p];
        nn_text_append(text, "%s%s (%zu categories, ", text->length > 0 ? ", " : "", name,
                       encoding_names(dataset, v, p)->count);
        if (encoding->units[p] > 0)
            nn_text_append(text, "embedding of %lld)", (long long)encoding->units[p]);
        else
            nn_text_append(text, "one-hot)");
    }
}

void nn_encodings_log(const nn_dataset *dataset, const nn_data_request *request)
{
    if (request->known && request->known->encodings) return;
    for (int v = 0; v < dataset->view_count; v++) {
        const nn_view *view = &dataset->views[v];
        const char *key = dataset->first->arrays[view->array].key;
        nn_text text = {0};
        if (view->encoding.categories) encoding_append(dataset, v, &text);
        if (text.length > 0)
            nn_log_line("input %s: %s; data.fields.%s.categorical changes this", key, text.bytes, key);
        nn_text_free(&text);
    }
}
