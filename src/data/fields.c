/* Fields as the network sees them: shapes, normalisation, and what several of them are together. */
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "data/request.h"

/* What to do with the values of a view; none: nothing. */
static nn_normalize fields_normalize(nn_dataset *dataset, const nn_view *view)
{
    const nn_source *source = dataset->first;
    int chosen = nn_source_field_options(dataset->options, source, view->array)->normalize;
    if (source->arrays[view->array].label) return NN_NORMALIZE_NONE;
    return chosen == NN_NORMALIZE_AUTO ? NN_NORMALIZE_STANDARDIZE : (nn_normalize)chosen;
}

static const nn_scaling *fields_known_scaling(const nn_data_request *request, bool input)
{
    if (!request->known) return NULL;
    if (input) return request->known->input;
    return request->known->targets ? request->known->targets->scaling : NULL;
}

/* Everything that asks for statistics of a view: normalisation, and the mean target. */
nn_status nn_fields_statistics(nn_dataset *dataset, nn_data_request *request)
{
    for (int v = 0; v < dataset->view_count; v++) {
        const nn_view *view = &dataset->views[v];
        bool known = fields_known_scaling(request, view->input) != NULL;
        bool label = dataset->first->arrays[view->array].label;
        if (label || known || view->values == 0) continue;
        bool unasked = view->input || !dataset->looks; /* a target's mean is the best constant guess */
        if (unasked && fields_normalize(dataset, view) == NN_NORMALIZE_NONE) continue;
        bool has_columns = view->shape.dimensions == 1 || view->shape.dimensions == 3 || view->rows > 1;
        int64_t columns = has_columns ? view->shape.extents[view->shape.dimensions - 1] : 1;
        if (!view->input && fields_normalize(dataset, view) == NN_NORMALIZE_NONE) columns = view->values;
        if (view->rows - view->seen > 1 && !view->input && view->picked == 1) columns = 1;
        NN_TRY(nn_statistics_create(columns, &request->statistics[v]));
    }
    return NN_OK;
}

static nn_status fields_create_scaling(int64_t columns, nn_scaling *scaling)
{
    scaling->columns = columns;
    NN_TRY(NN_ALLOCATE(&scaling->scale, columns, "the normalisation"));
    return NN_ALLOCATE(&scaling->offset, columns, "the normalisation");
}

/* What the user says in place of a measurement. */
static nn_status fields_fixed_scaling(const nn_field_options *options, nn_scaling *scaling)
{
    double scale = options->scale == 0 ? 1 : options->scale;
    if (scale == 1 && options->offset == 0) return NN_OK;
    NN_TRY(fields_create_scaling(1, scaling));
    scaling->scale[0] = scale;
    scaling->offset[0] = options->offset;
    return NN_OK;
}

/* The part of a known scaling of all inputs, or all targets, that belongs to a view. */
static nn_status fields_known_part(const nn_dataset *dataset, const nn_scaling *known, nn_view *view)
{
    int64_t all = view->input ? dataset->input_values : dataset->target_values;
    bool joined = view->values != all;
    int64_t columns = known->columns == 0 ? 0 : joined ? view->values : known->columns;
    if (joined && known->columns != all && known->columns != 0) return NN_OK; /* the shape is refused later */
    NN_TRY(fields_create_scaling(columns, &view->scaling));
    for (int64_t c = 0; c < columns; c++) {
        view->scaling.scale[c] = known->scale[c + (joined ? view->begin : 0)];
        view->scaling.offset[c] = known->offset[c + (joined ? view->begin : 0)];
    }
    return NN_OK;
}

/* Constant columns say nothing, and may be a sign of a mistake. */
static void fields_warn_constant(const nn_array *array, const nn_statistics *statistics)
{
    int64_t constant = 0, first = 0;
    for (int64_t c = statistics->columns - 1; c >= 0; c--)
        if (statistics->variance[c] == 0) {
            constant++;
            first = c;
        }
    if (constant > 0)
        nn_log_warning(
            "data.%s.%s: %lld of %lld columns are constant in training, column %lld the first: they say "
            "nothing; is that meant? (data.fields.%s.columns chooses columns)",
            array->part, array->key, (long long)constant, (long long)statistics->columns, (long long)first,
            array->key);
}

static nn_status fields_scale(nn_dataset *dataset, const nn_data_request *request, int v)
{
    nn_view *view = &dataset->views[v];
    const nn_source *train = dataset->first;
    const nn_scaling *known = fields_known_scaling(request, view->input);
    const nn_statistics *statistics = &request->statistics[v];
    nn_normalize normalize = fields_normalize(dataset, view);
    bool label = train->given && train->arrays[view->array].label;
    if (known)
        NN_TRY(fields_known_part(dataset, known, view));
    else if (normalize == NN_NORMALIZE_NONE && !label)
        NN_TRY(fields_fixed_scaling(nn_source_field_options(dataset->options, train, view->array),
                                    &view->scaling));
    else if (statistics->columns > 0) {
        NN_TRY(fields_create_scaling(statistics->columns, &view->scaling));
        fields_warn_constant(&train->arrays[view->array], statistics);
        NN_TRY(nn_statistics_scaling(statistics, normalize, &train->arrays[view->array], &view->scaling));
    }
    return nn_view_prepare(view);
}

/* One scaling for all inputs, or all targets: of several, one column a value. */
static nn_status fields_join_scaling(const nn_dataset *dataset, bool input, nn_scaling *joined)
{
    int64_t values = input ? dataset->input_values : dataset->target_values;
    bool identity = true;
    for (int v = 0; v < dataset->view_count; v++) {
        const nn_view *view = &dataset->views[v];
        if (view->input != input) continue;
        identity &= view->scaling.columns == 0;
        if (view->values == values) values = view->scaling.columns;
    }
    if (identity) return NN_OK;
    NN_TRY(fields_create_scaling(values, joined));
    for (int v = 0; v < dataset->view_count; v++) {
        const nn_view *view = &dataset->views[v];
        if (view->input != input) continue;
        int64_t count = nn_array_smaller(view->values, values);
        for (int64_t i = 0; i < count; i++) {
            int64_t column = view->scaling.columns ? i % view->scaling.columns : 0;
            joined->scale[view->begin + i] = view->scaling.columns ? view->scaling.scale[column] : 1;
            joined->offset[view->begin + i] = view->scaling.columns ? view->scaling.offset[column] : 0;
        }
    }
    return NN_OK;
}

/* Where the values stand in the input that a target is a difference to: the same columns of the same dataset
 * in the last row of the window. */
static nn_status fields_find_seen(nn_dataset *dataset, const nn_view *target)
{
    const nn_source *source = dataset->first;
    NN_TRY(NN_ALLOCATE(&dataset->target.seen, dataset->target_values, "the targets"));
    for (int64_t i = 0; i < dataset->target_values; i++) dataset->target.seen[i] = -1;
    for (int v = 0; v < source->inputs; v++) {
        const nn_view *input = &dataset->views[v];
        if (strcmp(source->arrays[input->array].dataset, source->arrays[target->array].dataset) != 0)
            continue;
        int64_t steps = target->rows - target->seen, last = input->rows - 1;
        for (int64_t i = 0; i < target->values; i++) {
            int64_t column = target->columns ? target->columns[i % target->picked] : i % target->picked;
            int64_t row = steps > 1 ? i / target->picked : last;
            for (int64_t c = 0; c < input->picked; c++)
                if ((input->columns ? input->columns[c] : c) == column)
                    dataset->target.seen[i] = input->begin + row * input->picked + c;
        }
    }
    return NN_OK;
}

static nn_status fields_name_fields(nn_dataset *dataset, const nn_data_request *request)
{
    int inputs = 0, targets = 0;
    const nn_view *target = NULL;
    for (int v = 0; v < dataset->view_count; v++) {
        const nn_view *view = &dataset->views[v];
        nn_field *field = view->input ? &dataset->input : &dataset->target;
        field->shape = view->shape;
        if (view->input)
            inputs++;
        else if (targets++ == 0)
            target = view;
    }
    dataset->input.name = "x";
    dataset->target.name = "y";
    if (inputs > 1) dataset->input.shape = (nn_shape){.dimensions = 1, .extents = {dataset->input_values}};
    if (targets > 1) dataset->target.shape = (nn_shape){.dimensions = 1, .extents = {dataset->target_values}};
    dataset->target.transform = targets == 1 ? target->transform : NN_TRANSFORM_NONE;
    if (request->labels) {
        dataset->target.is_class = true;
        dataset->target.classes = request->classes;
        if (dataset->target_values == 1) dataset->target.shape = (nn_shape){0};
    }
    return dataset->target.transform == NN_TRANSFORM_DIFFERENCE ? fields_find_seen(dataset, target) : NN_OK;
}

/* The mean of every value of the target, normalised. */
static nn_status fields_make_prior(nn_dataset *dataset, const nn_data_request *request)
{
    dataset->prior_count = dataset->target.is_class ? dataset->target.classes : dataset->target_values;
    NN_TRY(NN_ALLOCATE(&dataset->prior, dataset->prior_count, "the best constant guess"));
    for (int v = 0; v < dataset->view_count; v++) {
        const nn_view *view = &dataset->views[v];
        const nn_statistics *statistics = &request->statistics[v];
        if (view->input || statistics->columns == 0) continue;
        for (int64_t i = 0; i < view->values; i++) {
            double mean = statistics->mean[i % statistics->columns];
            int64_t column = view->scaling.columns ? i % view->scaling.columns : 0;
            if (view->scaling.columns > 0)
                mean = mean * view->scaling.scale[column] + view->scaling.offset[column];
            dataset->prior[view->begin + i] = mean;
        }
    }
    return NN_OK;
}

nn_status nn_fields_describe(nn_dataset *dataset, const nn_data_request *request)
{
    for (int v = 0; v < dataset->view_count; v++) NN_TRY(fields_scale(dataset, request, v));
    NN_TRY(fields_join_scaling(dataset, true, &dataset->input_scaling));
    if (!request->labels) NN_TRY(fields_join_scaling(dataset, false, &dataset->target_scaling));
    NN_TRY(fields_name_fields(dataset, request));
    return fields_make_prior(dataset, request);
}
