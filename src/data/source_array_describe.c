/* Describes an array from the information in its file. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/refuse.h"
#include "data/source_array.h"

/* ---- layouts ---- */

/* The letters of dimensions in the network's order. */
static const char array_letters[] = "TDHWCF";

/* A parsed layout; `of` maps a dimension of a row to one of the dataset without its sample axis. */
typedef struct array_layout {
    int axis; /* the dimension of the samples */
    int dimensions;
    int of[NN_MAX_DIMENSIONS];
    bool adds_channel;
} array_layout;

static bool array_has(const char *letters, char letter)
{
    return strchr(letters, letter) != NULL;
}

/* Letters must be known and occur once. */
static nn_status array_check_letters(const char *letters, int dimensions, bool windows)
{
    for (const char *letter = letters; *letter; letter++)
        if ((*letter != 'N' && !array_has(array_letters, *letter)) || strchr(letter + 1, *letter))
            NN_FAIL(NN_ERROR_USAGE,
                    "layout: %s: '%c' is unknown or repeated; the letters are N samples, C channels, D "
                    "depth, H height, W width, T time, F features",
                    letters, *letter);
    if ((int)strlen(letters) != dimensions)
        NN_FAIL(NN_ERROR_USAGE, "layout: %s has %zu dimensions, but the dataset has %d", letters,
                strlen(letters), dimensions);
    if (!array_has(letters, 'N') && !(windows && array_has(letters, 'T')))
        NN_FAIL(NN_ERROR_USAGE, "layout: %s lacks N, the sample dimension%s", letters,
                windows ? ", or T, the time dimension" : "");
    return NN_OK;
}

static nn_status array_lay_out(const char *letters, const nn_store_info *info, bool windows,
                               array_layout *layout)
{
    *layout = (array_layout){0};
    layout->dimensions = info->dimensions - 1;
    for (int d = 0; d < layout->dimensions && d < NN_MAX_DIMENSIONS; d++) layout->of[d] = d;
    if (!letters || !*letters) return NN_OK;
    NN_TRY(array_check_letters(letters, info->dimensions, windows));
    char samples = array_has(letters, 'N') ? 'N' : 'T';
    layout->axis = (int)(strchr(letters, samples) - letters);
    int next = 0;
    for (const char *letter = array_letters; *letter; letter++) {
        const char *at = strchr(letters, *letter);
        if (!at || *letter == samples) continue;
        int d = (int)(at - letters);
        layout->of[next++] = d > layout->axis ? d - 1 : d;
    }
    layout->adds_channel = array_has(letters, 'H') && array_has(letters, 'W') && !array_has(letters, 'C');
    return NN_OK;
}

/* The extents of the dataset without its sample axis. */
static void array_extents(const nn_store_info *info, int axis, int64_t *extents)
{
    for (int d = 0, next = 0; d < info->dimensions; d++)
        if (d != axis) extents[next++] = info->extents[d];
}

static nn_shape array_shape(const nn_store_info *info, const array_layout *layout)
{
    int64_t extents[NN_STORE_MAX_DIMENSIONS];
    nn_shape shape = {.dimensions = layout->dimensions};
    array_extents(info, layout->axis, extents);
    for (int d = 0; d < layout->dimensions; d++) shape.extents[d] = extents[layout->of[d]];
    if (layout->adds_channel || shape.dimensions == 0) shape.extents[shape.dimensions++] = 1;
    return shape;
}

/* Finds the index of each value of a row in the stored row. */
static nn_status array_place_values(nn_array *array, const nn_store_info *info, const array_layout *layout)
{
    int64_t extents[NN_STORE_MAX_DIMENSIONS], strides[NN_STORE_MAX_DIMENSIONS],
        index[NN_MAX_DIMENSIONS] = {0};
    bool in_order = true;
    for (int d = 0; d < layout->dimensions; d++) in_order &= layout->of[d] == d;
    if (in_order) return NN_OK;
    array_extents(info, layout->axis, extents);
    strides[layout->dimensions - 1] = 1;
    for (int d = layout->dimensions - 2; d >= 0; d--) strides[d] = strides[d + 1] * extents[d + 1];
    NN_TRY(NN_ALLOCATE(&array->places, array->values, "the layout of a sample"));
    for (int64_t i = 0; i < array->values; i++) {
        for (int d = 0; d < layout->dimensions; d++) array->places[i] += index[d] * strides[layout->of[d]];
        for (int d = layout->dimensions - 1; d >= 0; d--) {
            if (++index[d] < extents[layout->of[d]]) break;
            index[d] = 0;
        }
    }
    return NN_OK;
}

/* ---- describing ---- */

void nn_array_forget(nn_array *array)
{
    nn_free(array->places);
    nn_free(array->listed);
    array->places = array->listed = NULL;
}

static nn_status array_find_ignored(const nn_data_field_options *options, nn_array *array)
{
    char *end;
    if (!options->ignored_label) return NN_OK;
    array->ignored_label = strtoll(options->ignored_label, &end, 10);
    array->ignores = true;
    if (end != options->ignored_label && !*end) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE, "ignored_label: '%s' is not an integer", options->ignored_label);
}

/* The labels of data.fields.NAME.labels. */
static nn_status array_list_labels(const nn_data_field_options *options, nn_array *array)
{
    const nn_text_list *labels = &options->labels;
    if (labels->count == 0 || array->texts) return NN_OK;
    if (options->first_label != 0)
        NN_FAIL(NN_ERROR_USAGE, "labels and first_label cannot both be given: remove first_label");
    NN_TRY(NN_ALLOCATE(&array->listed, labels->count, "the labels of the classes"));
    array->listed_count = (int64_t)labels->count;
    for (size_t i = 0; i < labels->count; i++) {
        char *end;
        array->listed[i] = strtoll(labels->items[i], &end, 10);
        if (end == labels->items[i] || *end)
            NN_FAIL(NN_ERROR_USAGE, "labels: '%s' is not an integer", labels->items[i]);
        for (size_t k = 0; k < i; k++)
            if (array->listed[k] == array->listed[i])
                NN_FAIL(NN_ERROR_USAGE, "labels: %lld is listed twice", (long long)array->listed[i]);
    }
    return NN_OK;
}

/* One label per sample, one-hot or not; or one per step or pixel, one-hot if that was recognised. A single
 * dimension is one-hot unless the layout or the sequence lengths make it time. */
static nn_status array_describe_labels(const nn_data_field_options *options, nn_array *array)
{
    nn_shape *shape = &array->shape;
    const char *layout = options->layout ? options->layout : "";
    bool time = array_has(layout, 'N') && array_has(layout, 'T');
    bool steps = array->values == array->steps && !array_has(layout, 'F') && !array_has(layout, 'C');
    NN_TRY(array_find_ignored(options, array));
    NN_TRY(array_list_labels(options, array));
    array->masks = options->missing == NN_MISSING_MASK;
    array->type = NN_STORE_I32;
    if (shape->dimensions > 1 && shape->extents[shape->dimensions - 1] == 1) shape->dimensions--;
    if (array->values > 1 && shape->dimensions == 1 && !time && !steps) {
        array->one_hot = array->values;
        array->values = 1;
    }
    if (array->one_hot == 0 && (array->hot || options->kind == NN_KIND_ONE_HOT) && array->values > 1) {
        array->one_hot = shape->extents[--shape->dimensions];
        array->values /= array->one_hot;
    }
    if (array->values == 1) *shape = (nn_shape){.dimensions = 1, .extents = {1}};
    return NN_OK;
}

nn_status nn_array_describe(nn_array *array, const nn_store_info *info, const nn_data_field_options *options,
                            bool windows)
{
    array_layout layout;
    nn_store_info seen = *info;
    if (options->unwritten == NN_UNWRITTEN_FILL) seen.written = true;
    NN_TRY(nn_refuse_info(array, &seen));
    NN_TRY(array_lay_out(options->layout, info, windows, &layout));
    array->axis = layout.axis;
    array->type = array->stored_type = array->file_type = info->type;
    array->packing = nn_store_packing_none(info->type);
    array->shape = array_shape(info, &layout);
    array->rows = info->extents[layout.axis];
    array->values = array->stored_values = nn_shape_count(array->shape);
    array->chunk_rows = info->chunked ? info->chunk[layout.axis] : 1;
    array->stored_dimensions = info->dimensions;
    for (int d = 0; d < info->dimensions; d++) array->chunk[d] = info->chunked ? info->chunk[d] : 1;
    array->first_label = options->first_label;
    array->texts = strcmp(info->layout, "text") == 0 || array->spec.unit != NN_STORE_UNIT_NONE;
    if (array->rows == 0) NN_FAIL(NN_ERROR_DATA, "is empty: a part needs at least one sample");
    if (array->values == 0) NN_FAIL(NN_ERROR_DATA, "its samples have no values: an extent is 0");
    size_t value_size = nn_store_type_size(array->type);
    if ((uint64_t)array->values > PTRDIFF_MAX / value_size)
        NN_FAIL(NN_ERROR_DATA, "its samples would not fit in any memory: check its extents");
    array->stored_size = (size_t)array->values * value_size;
    NN_TRY(array_place_values(array, info, &layout));
    if (array->label) NN_TRY(array_describe_labels(options, array));
    array->row_size = (size_t)array->values * nn_store_type_size(array->type);
    return NN_OK;
}
