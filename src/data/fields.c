/* Fields as the network sees them: shapes, normalisation, and joining several into one. */
#include <string.h>

#include "base/least.h"
#include "base/list.h"
#include "base/log.h"
#include "base/memory.h"
#include "data/encodings.h"
#include "data/request.h"

/* How a view is normalised. */
static nn_normalize fields_normalize(const nn_dataset *dataset, const nn_view *view)
{
    const nn_source *source = dataset->first;
    int chosen = nn_source_field_options(dataset->options, source, view->array)->normalize;
    if (source->arrays[view->array].label || view->index) return NN_NORMALIZE_NONE;
    bool as_it_is = !view->input && dataset->targets[view->target].as_it_is;
    if (chosen == NN_NORMALIZE_AUTO && as_it_is) return NN_NORMALIZE_NONE;
    return chosen == NN_NORMALIZE_AUTO ? NN_NORMALIZE_STANDARDIZE : (nn_normalize)chosen;
}

/* The views that share a scaling: all inputs, or one target. */
typedef struct fields_group {
    int first_view, view_count;
    int64_t begin, values;
} fields_group;

static fields_group fields_inputs(const nn_dataset *dataset)
{
    return (fields_group){0, dataset->first->inputs, 0, dataset->input_values};
}

static fields_group fields_of_target(const nn_data_target *target)
{
    return (fields_group){target->first_view, target->view_count, target->field.begin, target->values};
}

static const nn_scaling *fields_known_scaling(const nn_data_request *request, const nn_view *view)
{
    if (!request->known) return NULL;
    if (view->input) return request->known->input;
    return request->known->targets ? request->known->targets[view->target].scaling : NULL;
}

const char *nn_data_request_key(const nn_data_request *request, int target)
{
    const nn_data_names *y = &request->options->parts[NN_TRAIN].y;
    if (request->wanted[target].name) return request->wanted[target].name;
    for (int p = 0; p < NN_PARTS && y->count == 0; p++) y = &request->options->parts[p].y;
    return y->count == 1 ? y->names[0] : "y";
}

/* The scaling of an earlier run, if the field keeps it. */
static const nn_scaling *fields_kept(const nn_dataset *dataset, const nn_data_request *request, int v)
{
    const nn_view *view = &dataset->views[v];
    const nn_array *array = &dataset->first->arrays[view->array];
    const nn_data_known *known = request->known;
    for (int f = 0; known && f < known->field_count; f++) {
        const nn_known_field *field = &known->fields[f];
        if (field->input != view->input || strcmp(field->key, array->key) != 0) continue;
        const nn_names *here = &dataset->names.items[v], *there = nn_names_set_find(known->names, array->key);
        bool named = there && here->columns.count > 0 && there->columns.count > 0;
        if (named && !nn_list_equal(&here->columns, &there->columns)) return NULL;
        return nn_shape_equal(field->shape, view->shape) ? &field->scaling : NULL;
    }
    return NULL;
}

int64_t nn_fields_columns(const nn_dataset *dataset, const nn_view *view)
{
    const char *layout = nn_source_field_options(dataset->options, dataset->first, view->array)->layout;
    int dimensions = view->shape.dimensions;
    bool steps = view->steps > 0 || (layout && strchr(layout, 'N') && strchr(layout, 'T'));
    if (steps && dimensions == 1) return 1;
    if (steps || dimensions == 1 || dimensions == 3 || view->rows > 1)
        return view->shape.extents[dimensions - 1];
    return 1;
}

/* The number of target columns with metrics of their own: one if the values are steps of one quantity. */
static int64_t fields_outputs(const nn_dataset *dataset, const nn_view *view)
{
    return view->rows - view->seen > 1 && view->picked == 1 ? 1 : nn_fields_columns(dataset, view);
}

/* Statistics are needed for normalisation and for the mean target. */
nn_status nn_fields_statistics(nn_dataset *dataset, nn_data_request *request)
{
    for (int v = 0; v < dataset->view_count; v++) {
        const nn_view *view = &dataset->views[v];
        bool known = fields_known_scaling(request, view) != NULL;
        bool label = dataset->first->arrays[view->array].label;
        bool kept = fields_kept(dataset, request, v) != NULL;
        if (label || ((known || kept) && view->input) || view->values == 0) continue;
        bool asked = !known && !kept && fields_normalize(dataset, view) != NN_NORMALIZE_NONE;
        if (!asked && (view->input || !nn_data_measures(dataset, v)))
            continue; /* neither normalised nor needed for the baseline */
        int64_t columns = nn_fields_columns(dataset, view);
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

static nn_status fields_copy_scaling(const nn_scaling *from, nn_scaling *to)
{
    NN_TRY(fields_create_scaling(from->columns, to));
    for (int64_t c = 0; c < from->columns; c++) {
        to->scale[c] = from->scale[c];
        to->offset[c] = from->offset[c];
    }
    return NN_OK;
}

/* The user's scale and offset, in place of measured ones. */
static nn_status fields_fixed_scaling(const nn_data_field_options *options, nn_scaling *scaling)
{
    double scale = options->scale == 0 ? 1 : options->scale;
    if (scale == 1 && options->offset == 0) return NN_OK;
    NN_TRY(fields_create_scaling(1, scaling));
    scaling->scale[0] = scale;
    scaling->offset[0] = options->offset;
    return NN_OK;
}

/* The view's part of a known scaling, which is of all inputs or of a target. */
static nn_status fields_known_part(const nn_dataset *dataset, const nn_scaling *known, nn_view *view)
{
    fields_group group =
        view->input ? fields_inputs(dataset) : fields_of_target(&dataset->targets[view->target]);
    bool joined = view->values != group.values;
    int64_t columns = known->columns == 0 ? 0 : joined ? view->values : known->columns;
    if (joined && known->columns != group.values && known->columns != 0)
        return NN_OK; /* a wrong shape is refused later */
    NN_TRY(fields_create_scaling(columns, &view->scaling));
    for (int64_t c = 0; c < columns; c++) {
        int64_t at = c + (joined ? view->begin - group.begin : 0);
        view->scaling.scale[c] = known->scale[at];
        view->scaling.offset[c] = known->offset[at];
    }
    return NN_OK;
}

/* Constant columns carry no information, and may hint at a mistake. */
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
            "data.%s.%s: %lld of %lld columns are constant in training (the first: column %lld); they carry "
            "no information; is this intended? (data.fields.%s.columns selects columns)",
            array->part, array->key, (long long)constant, (long long)statistics->columns, (long long)first,
            array->key);
}

static nn_status fields_all_missing(const nn_dataset *dataset, const nn_view *view)
{
    return nn_array_context(&dataset->first->arrays[view->array],
                            nn_fail(NN_ERROR_DATA, "all training values are missing"));
}

/* What training has measured; for a described data set an identity of the same size. */
static nn_status fields_measured_scaling(const nn_dataset *dataset, const nn_statistics *statistics,
                                         nn_normalize normalize, nn_view *view)
{
    const nn_array *array = &dataset->first->arrays[view->array];
    for (int64_t c = 0; dataset->describes && c < statistics->columns; c++) view->scaling.scale[c] = 1;
    if (dataset->describes) return NN_OK;
    if (statistics->seen == 0) return fields_all_missing(dataset, view);
    fields_warn_constant(array, statistics);
    return nn_statistics_scaling(statistics, normalize, array, &view->scaling);
}

static nn_status fields_scale(nn_dataset *dataset, const nn_data_request *request, int v)
{
    nn_view *view = &dataset->views[v];
    const nn_source *train = dataset->first;
    const nn_scaling *known = fields_known_scaling(request, view);
    const nn_statistics *statistics = &request->statistics[v];
    nn_normalize normalize = fields_normalize(dataset, view);
    bool label = train->given && train->arrays[view->array].label;
    const nn_scaling *kept = normalize == NN_NORMALIZE_NONE ? NULL : fields_kept(dataset, request, v);
    if (kept)
        NN_TRY(fields_copy_scaling(kept, &view->scaling));
    else if (known)
        NN_TRY(fields_known_part(dataset, known, view));
    else if (normalize == NN_NORMALIZE_NONE && !label)
        NN_TRY(fields_fixed_scaling(nn_source_field_options(dataset->options, train, view->array),
                                    &view->scaling));
    else if (statistics->columns > 0) {
        NN_TRY(fields_create_scaling(statistics->columns, &view->scaling));
        NN_TRY(fields_measured_scaling(dataset, statistics, normalize, view));
    }
    NN_TRY(nn_encodings_scale(dataset, request, v));
    return nn_view_prepare(view);
}

/* Joins the scalings of a group's views; with several views, one column per value. */
static nn_status fields_join_scaling(const nn_dataset *dataset, fields_group group, nn_scaling *joined)
{
    const nn_view *views = dataset->views + group.first_view;
    int64_t values = group.view_count == 1 ? views->scaling.columns : group.values;
    bool identity = true;
    for (int v = 0; v < group.view_count; v++) identity &= views[v].scaling.columns == 0;
    if (identity) return NN_OK;
    NN_TRY(fields_create_scaling(values, joined));
    for (int v = 0; v < group.view_count; v++) {
        const nn_view *view = &views[v];
        int64_t count = nn_smaller(view->values, values), begin = view->begin - group.begin;
        for (int64_t i = 0; i < count; i++) {
            int64_t column = view->scaling.columns ? i % view->scaling.columns : 0;
            joined->scale[begin + i] = view->scaling.columns ? view->scaling.scale[column] : 1;
            joined->offset[begin + i] = view->scaling.columns ? view->scaling.offset[column] : 0;
        }
    }
    return NN_OK;
}

/* ---- inputs ---- */

static nn_field fields_describe_input(const nn_dataset *dataset, const nn_data_request *request, int v)
{
    const nn_view *view = &dataset->views[v];
    return (nn_field){.name = dataset->first->arrays[v].key,
                      .shape = view->shape,
                      .begin = view->begin,
                      .features = dataset->views[0].steps > 0 && view->steps == 0,
                      .is_class = view->index,
                      .classes = view->index ? request->indices[v] : 0,
                      .class_names = dataset->index_names[v],
                      .encoding = view->encoding};
}

static nn_status fields_describe_inputs(nn_dataset *dataset, const nn_data_request *request)
{
    const nn_source *source = dataset->first;
    nn_field *input = &dataset->input;
    *input = fields_describe_input(dataset, request, 0);
    input->name = "x";
    if (source->inputs == 1) return NN_OK;
    *input = (nn_field){.name = "x"};
    input->shape = (nn_shape){.dimensions = 1, .extents = {dataset->input_values}};
    NN_TRY(NN_ALLOCATE(&input->parts, source->inputs, "the inputs"));
    input->part_count = source->inputs;
    for (int v = 0; v < source->inputs; v++) input->parts[v] = fields_describe_input(dataset, request, v);
    return NN_OK;
}

/* ---- targets ---- */

/* Finds the base of a difference within the input: the same columns of the same dataset in the last row of
 * the window. */
static nn_status fields_find_seen(const nn_dataset *dataset, nn_data_target *target)
{
    const nn_source *source = dataset->first;
    const nn_view *own = &dataset->views[target->first_view];
    int64_t *seen;
    NN_TRY(NN_ALLOCATE(&target->field.seen, own->values, "the targets"));
    seen = target->field.seen;
    for (int64_t i = 0; i < own->values; i++) seen[i] = -1;
    for (int v = 0; v < source->inputs; v++) {
        const nn_view *input = &dataset->views[v];
        if (strcmp(source->arrays[input->array].dataset, source->arrays[own->array].dataset) != 0) continue;
        int64_t steps = own->rows - own->seen, last = input->rows - 1;
        for (int64_t i = 0; i < own->values; i++) {
            int64_t column = own->columns ? own->columns[i % own->picked] : i % own->picked;
            int64_t row = steps > 1 ? i / own->picked : last;
            for (int64_t c = 0; c < input->picked; c++)
                if ((input->columns ? input->columns[c] : c) == column)
                    seen[i] = input->begin + row * input->picked + c;
        }
    }
    return NN_OK;
}

/* Warns about a target whose layout has steps while no input does: its columns are then not separate
 * quantities. */
static void fields_warn_steps(const nn_dataset *dataset, const nn_view *view)
{
    const nn_array *array = &dataset->first->arrays[view->array];
    const char *layout = nn_source_field_options(dataset->options, dataset->first, view->array)->layout;
    bool steps = layout && strchr(layout, 'N') && strchr(layout, 'T') && view->shape.dimensions == 1;
    for (int v = 0; v < dataset->first->inputs; v++)
        steps &= dataset->views[v].shape.extents[0] != view->shape.extents[0];
    if (steps && view->shape.extents[0] > 1)
        nn_log_warning(
            "data.fields.%s.layout: %s: the %lld values of a sample are read as steps of one quantity with "
            "joint metrics, although no input has this many steps; if they are columns, remove layout",
            array->key, layout, (long long)view->shape.extents[0]);
}

/* The normalised mean of every value of a target. */
static nn_status fields_make_prior(const nn_dataset *dataset, const nn_data_request *request,
                                   nn_data_target *target)
{
    target->prior_count = target->field.is_class ? target->field.classes : target->values;
    NN_TRY(NN_ALLOCATE(&target->prior, target->prior_count, "the constant prediction"));
    target->prior_known = !target->field.is_class && dataset->parts[NN_TRAIN].count > 0;
    for (int v = target->first_view; v < target->first_view + target->view_count; v++) {
        const nn_view *view = &dataset->views[v];
        const nn_statistics *statistics = &request->statistics[v];
        target->prior_known &= statistics->columns > 0;
        if (statistics->columns == 0) continue;
        if (statistics->seen == 0 && !dataset->describes && !request->known)
            return fields_all_missing(dataset, view);
        for (int64_t i = 0; i < view->values; i++) {
            double mean = statistics->mean[i % statistics->columns];
            int64_t column = view->scaling.columns ? i % view->scaling.columns : 0;
            if (view->scaling.columns > 0)
                mean = mean * view->scaling.scale[column] + view->scaling.offset[column];
            target->prior[view->begin - target->field.begin + i] = mean;
        }
    }
    return NN_OK;
}

static nn_status fields_describe_target(nn_dataset *dataset, const nn_data_request *request, int number)
{
    nn_data_target *target = &dataset->targets[number];
    const nn_view *view = &dataset->views[target->first_view];
    nn_field *field = &target->field;
    const char *name = request->wanted[number].name;
    field->name = name ? dataset->first->arrays[view->array].key : "y";
    field->shape = view->shape;
    if (target->view_count > 1) field->shape = (nn_shape){.dimensions = 1, .extents = {target->values}};
    field->transform = target->view_count == 1 ? view->transform : NN_TRANSFORM_NONE;
    field->is_class = request->labels[number];
    fields_warn_steps(dataset, view);
    if (field->is_class) {
        field->classes = request->classes[number];
        if (target->values == 1) field->shape = (nn_shape){0};
    } else {
        const nn_domain *domain = request->wanted[number].domain;
        field->shares = domain && domain->shares;
        field->outputs = target->view_count > 1 ? target->values : fields_outputs(dataset, view);
        NN_TRY(fields_join_scaling(dataset, fields_of_target(target), &target->scaling));
    }
    if (field->transform == NN_TRANSFORM_DIFFERENCE) NN_TRY(fields_find_seen(dataset, target));
    return fields_make_prior(dataset, request, target);
}

/* Logs which fields are normalised as in an earlier run, and which are not. */
static void fields_log_kept(const nn_dataset *dataset, const nn_data_request *request)
{
    nn_text kept = {0}, measured = {0};
    const nn_data_known *known = request->known;
    if (!known || known->field_count == 0 || known->silent) return;
    for (int v = 0; v < dataset->view_count; v++) {
        const nn_view *view = &dataset->views[v];
        if (fields_normalize(dataset, view) == NN_NORMALIZE_NONE) continue;
        nn_text *text = fields_kept(dataset, request, v) ? &kept : &measured;
        nn_text_append(text, "%s%s", text->length > 0 ? ", " : "", dataset->first->arrays[view->array].key);
    }
    if (kept.length > 0)
        nn_log_line("init_from: %s normalised as in %s, where the weights come from%s%s%s "
                    "(init_from.normalization: new measures it on this data)",
                    kept.bytes, known->names_from, measured.length > 0 ? "; on this data: " : "",
                    measured.length > 0 ? measured.bytes : "",
                    measured.length > 0 ? ", which has another shape, columns or output there" : "");
    else if (measured.length > 0)
        nn_log_line("init_from: %s normalised on this data: it has another shape, columns or output in %s",
                    measured.bytes, known->names_from);
    nn_text_free(&kept);
    nn_text_free(&measured);
}

nn_status nn_fields_describe(nn_dataset *dataset, const nn_data_request *request)
{
    fields_log_kept(dataset, request);
    nn_encodings_log(dataset, request);
    for (int v = 0; v < dataset->view_count; v++) NN_TRY(fields_scale(dataset, request, v));
    NN_TRY(fields_join_scaling(dataset, fields_inputs(dataset), &dataset->input_scaling));
    NN_TRY(fields_describe_inputs(dataset, request));
    for (int t = 0; t < dataset->target_count; t++) NN_TRY(fields_describe_target(dataset, request, t));
    return NN_OK;
}

bool nn_fields_measures(const nn_dataset *dataset, int view)
{
    return fields_normalize(dataset, &dataset->views[view]) != NN_NORMALIZE_NONE;
}

static void fields_forget_scaling(nn_scaling *scaling)
{
    nn_free(scaling->scale);
    nn_free(scaling->offset);
    *scaling = (nn_scaling){0};
}

nn_status nn_fields_rescale(nn_dataset *dataset, const nn_data_request *request)
{
    for (int v = 0; v < dataset->view_count; v++) {
        nn_view *view = &dataset->views[v];
        fields_forget_scaling(&view->scaling);
        nn_free(view->scales);
        nn_free(view->offsets);
        view->scales = view->offsets = NULL;
        NN_TRY(fields_scale(dataset, request, v));
    }
    fields_forget_scaling(&dataset->input_scaling);
    NN_TRY(fields_join_scaling(dataset, fields_inputs(dataset), &dataset->input_scaling));
    for (int t = 0; t < dataset->target_count; t++) {
        nn_data_target *target = &dataset->targets[t];
        fields_forget_scaling(&target->scaling);
        if (!target->field.is_class)
            NN_TRY(fields_join_scaling(dataset, fields_of_target(target), &target->scaling));
    }
    return NN_OK;
}
