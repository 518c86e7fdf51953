/* Which rows and columns of an array a field has, and its values before they are normalised. */
#include "data/view.h"

#include <math.h>
#include <string.h>

#include "base/maths.h"
#include "base/memory.h"

/* ---- which rows and columns ---- */

static nn_status view_pick(nn_source *source, int which, const nn_text_list *names, nn_view *view)
{
    int64_t columns = source->arrays[which].values;
    view->picked = columns;
    if (names->count == 0) return NN_OK;
    NN_TRY(NN_ALLOCATE(&view->columns, names->count, "the columns of a field"));
    view->picked = (int64_t)names->count;
    for (size_t i = 0; i < names->count; i++)
        NN_TRY(nn_source_column(source, which, names->items[i], columns, &view->columns[i]));
    return NN_OK;
}

static void view_window(const nn_data_window_options *window, nn_view *view)
{
    bool difference = view->transform == NN_TRANSFORM_DIFFERENCE;
    view->first_row = 0;
    view->rows = window->length;
    if (view->input) return;
    bool every = window->target == NN_DATA_WINDOW_EVERY_STEP;
    view->rows = every ? window->length : 1;
    view->first_row = (every ? 0 : window->length - 1) + window->horizon;
    view->seen = difference ? window->horizon : 0;
    view->first_row -= view->seen;
    view->rows += view->seen;
}

static void view_shape(const nn_array *array, bool windows, nn_view *view)
{
    int64_t rows = view->rows - view->seen;
    view->values = rows * view->picked;
    view->shape = array->shape;
    if (view->columns || (windows && array->shape.dimensions == 1))
        view->shape = (nn_shape){.dimensions = 1, .extents = {view->picked}};
    if (view->index && view->shape.dimensions > 1 && view->shape.extents[view->shape.dimensions - 1] == 1)
        view->shape.dimensions--;
    if (windows && rows > 1) {
        if (view->shape.dimensions == 1 && view->picked == 1 && (!view->input || view->index))
            view->shape.dimensions = 0; /* one value per step */
        for (int d = view->shape.dimensions; d > 0; d--) view->shape.extents[d] = view->shape.extents[d - 1];
        view->shape.extents[0] = rows;
        view->shape.dimensions++;
    }
}

static nn_status view_check(const nn_array *array, const nn_data_window_options *window, const nn_view *view)
{
    bool windows = window->length > 0;
    bool mean = view->missing == NN_MISSING_MEAN, impute = view->missing == NN_MISSING_IMPUTE;
    if (((mean || impute) && array->label) ||
        (view->index && (mean || impute || view->missing == NN_MISSING_MASK)))
        NN_FAIL(NN_ERROR_USAGE, "data.fields.%s.missing: %s: %s; set drop%s", array->key,
                mean     ? "mean"
                : impute ? "impute"
                         : "mask",
                view->index ? "there is no index for a missing value"
                : mean      ? "class labels have no mean"
                            : "a class label cannot be made up",
                view->index ? "" : ", or mask");
    if (impute && !view->input)
        NN_FAIL(NN_ERROR_USAGE,
                "data.fields.%s.missing: impute: a target that is missing teaches nothing; set mask (it is "
                "ignored) or drop",
                array->key);
    if (view->transform != NN_TRANSFORM_NONE && (view->input || array->label))
        NN_FAIL(NN_ERROR_USAGE,
                "data.fields.%s.transform: only targets of values can be transformed: remove it", array->key);
    if (view->transform == NN_TRANSFORM_DIFFERENCE && (!windows || window->horizon == 0))
        NN_FAIL(NN_ERROR_USAGE,
                "data.fields.%s.transform: a difference to the last row seen needs data.window with a "
                "horizon of 1 or more",
                array->key);
    if (view->columns && array->shape.dimensions > 1)
        NN_FAIL(NN_ERROR_USAGE, "data.fields.%s.columns: only one-dimensional rows have columns", array->key);
    if (windows && array->shape.dimensions + 1 > NN_MAX_DIMENSIONS)
        NN_FAIL(NN_ERROR_USAGE, "data.%s.%s: rows have %d dimensions, which is too many for windows",
                array->part, array->key, array->shape.dimensions);
    return NN_OK;
}

/* Whether data.window.targets selects the target's columns: not for labels next to value targets. */
static bool view_takes_targets(const nn_source *source, int array, const nn_data_window_options *window)
{
    bool values = false;
    if (array < source->inputs || window->length == 0 || window->targets.count == 0) return false;
    for (int a = source->inputs; a < source->fields; a++) values |= !source->arrays[a].label;
    return !values || !source->arrays[array].label;
}

nn_status nn_view_create(nn_source *source, int array, const nn_data_options *options, nn_view *view)
{
    const nn_array *self = &source->arrays[array];
    const nn_data_field_options *field = nn_source_field_options(options, source, array);
    const nn_data_window_options *window = &options->window;
    const nn_text_list *names = &field->columns;
    *view =
        (nn_view){.array = array, .input = array < source->inputs, .rows = 1, .transform = field->transform};
    view->missing = field->missing;
    if (self->absent) {
        view->picked = view->values = self->values;
        view->shape = self->shape;
        view->raw_size = self->row_size;
        return NN_OK;
    }
    view->index = view->input && nn_data_is_index(field);
    view->indices = view->index ? field->classes : 0;
    bool of_window = view_takes_targets(source, array, window) && names->count == 0;
    nn_status status = view_pick(source, array, of_window ? &window->targets : names, view);
    if (status != NN_OK) return of_window ? nn_fail_context(status, "data.window.targets") : status;
    if (window->length > 0) view_window(window, view);
    NN_TRY(view_check(self, window, view));
    view_shape(self, window->length > 0, view);
    view->raw_size = (size_t)view->rows * self->row_size;
    return NN_OK;
}

void nn_view_release(nn_view *view)
{
    nn_free(view->columns);
    nn_free(view->scaling.scale);
    nn_free(view->scaling.offset);
    nn_encoding_release(&view->encoding);
    nn_free(view->scales);
    nn_free(view->offsets);
    *view = (nn_view){0};
}

/* ---- values ---- */

/* A value; *seen is the base of its difference, or 0. */
static double view_pair(const nn_view *view, const nn_array *array, const unsigned char *raw, int64_t i,
                        double *seen)
{
    double value;
    int64_t row = i / view->picked, column = i % view->picked;
    if (view->columns) column = view->columns[column];
    nn_array_convert(array, raw, (row + view->seen) * array->values + column, 1, &value);
    *seen = 0;
    if (view->seen > 0) nn_array_convert(array, raw, row * array->values + column, 1, seen);
    return value;
}

static double view_value(const nn_view *view, const nn_array *array, const unsigned char *raw, int64_t i)
{
    double seen, value = view_pair(view, array, raw, i, &seen);
    /* Not NaN for negative values: they are bad, not missing. */
    if (view->transform == NN_TRANSFORM_LOG) return value < 0 ? -INFINITY : nn_maths_log(value);
    return value - seen;
}

void nn_view_values(const nn_view *view, const nn_array *array, const unsigned char *raw, int64_t first,
                    int64_t count, double *values)
{
    if (!view->columns && view->transform == NN_TRANSFORM_NONE) {
        nn_array_convert(array, raw, first, count, values);
        return;
    }
    for (int64_t i = 0; i < count; i++) values[i] = view_value(view, array, raw, first + i);
}

void nn_view_observed(const nn_view *view, const nn_array *array, const unsigned char *raw, double *values,
                      double *bases)
{
    if (!view->columns && view->seen == 0) {
        nn_array_convert(array, raw, 0, view->values, values);
        if (bases) memset(bases, 0, (size_t)view->values * sizeof *bases);
        return;
    }
    for (int64_t i = 0; i < view->values; i++) {
        double seen;
        values[i] = view_pair(view, array, raw, i, &seen);
        if (bases)
            bases[i] = seen;
        else
            values[i] -= seen;
    }
}

void nn_view_labels(const nn_view *view, const nn_array *array, const unsigned char *raw, int64_t *labels)
{
    for (int64_t i = 0; i < view->values; i++) labels[i] = (int64_t)view_value(view, array, raw, i);
}

int64_t nn_view_end(const nn_view *view, int64_t length)
{
    if (view->steps == 0 || length >= view->steps) return view->values;
    return view->values / view->steps * length;
}

nn_status nn_view_prepare(nn_view *view)
{
    const nn_scaling *scaling = &view->scaling;
    int64_t length = scaling->columns + NN_ARRAY_BLOCK;
    if (scaling->columns == 0) return NN_OK;
    NN_TRY(NN_ALLOCATE(&view->scales, length, "the normalisation"));
    NN_TRY(NN_ALLOCATE(&view->offsets, length, "the normalisation"));
    for (int64_t i = 0; i < length; i++) {
        view->scales[i] = scaling->scale[i % scaling->columns];
        view->offsets[i] = scaling->offset[i % scaling->columns];
    }
    return NN_OK;
}
