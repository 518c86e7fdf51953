/* What is wrong with the options of a data set. */
#include <string.h>

#include "data/request.h"

nn_status nn_data_check_train(const nn_data_request *request)
{
    const nn_data_options *options = request->options;
    const nn_known_target *targets = request->known ? request->known->targets : NULL;
    bool splits = options->split.validation > 0 || options->split.test > 0;
    bool measures = !request->known || !request->known->input, given = false;
    for (int t = 0; t < request->target_count; t++)
        measures |= !request->labels[t] && !(targets && targets[t].scaling);
    for (int p = 0; p < NN_PARTS; p++)
        given |= options->parts[p].x.count > 0 || options->parts[p].y.count > 0;
    if (options->parts[NN_TRAIN].x.count > 0 || options->parts[NN_TRAIN].y.count > 0 ||
        (!splits && !measures && given))
        return NN_OK;
    NN_FAIL(NN_ERROR_USAGE,
            "data.train: is missing; name its datasets, such as train: {x: x_train, y: y_train}");
}

static nn_status check_input(const nn_array *self, const nn_field_options *field)
{
    if (field->kind == NN_KIND_CLASS || field->kind == NN_KIND_VALUE)
        NN_FAIL(NN_ERROR_USAGE,
                "data.fields.%s.kind: only a target can be of this kind; an input of whole numbers that an "
                "embedding looks up is of kind: index",
                self->key);
    if (field->labels.count > 0)
        NN_FAIL(NN_ERROR_USAGE, "data.fields.%s.labels: only a target has classes: leave it out", self->key);
    if (field->kind != NN_KIND_INDEX) return NN_OK;
    bool scaled = (field->scale != 0 && field->scale != 1) || field->offset != 0;
    if (scaled || (field->normalize != NN_NORMALIZE_AUTO && field->normalize != NN_NORMALIZE_NONE))
        NN_FAIL(NN_ERROR_USAGE,
                "data.fields.%s.kind: index: an index is not normalised: leave normalize, scale and offset "
                "out",
                self->key);
    return NN_OK;
}

/* What a mean becomes must be known where nothing is measured again: on a resume, and of other files. */
static nn_status check_missing(const nn_data_request *request, const nn_source *source, int array)
{
    const nn_field_options *field = nn_source_field_options(request->options, source, array);
    bool input = array < source->inputs, label = source->arrays[array].label && !input;
    int target = input || request->target_count == 1 ? 0 : array - source->inputs;
    const nn_domain *domain = input ? NULL : request->wanted[target].domain;
    bool as_it_is = field->normalize == NN_NORMALIZE_AUTO && domain && domain->bounded;
    if (field->missing == NN_MISSING_DROP && request->options->shuffle == NN_SHUFFLE_STATEFUL)
        NN_FAIL(NN_ERROR_USAGE,
                "data.fields.%s.missing: drop: with data.shuffle: stateful every sample must follow the one "
                "before it: set mask or mean",
                source->arrays[array].key);
    if (field->missing != NN_MISSING_MEAN || label || field->kind == NN_KIND_INDEX) return NN_OK;
    if (!as_it_is && (field->normalize == NN_NORMALIZE_AUTO || field->normalize == NN_NORMALIZE_STANDARDIZE))
        return NN_OK;
    NN_FAIL(NN_ERROR_USAGE,
            "data.fields.%s.missing: mean: needs values that are standardised, which these are not%s: set "
            "missing: mask (%s) or drop%s",
            source->arrays[array].key, as_it_is ? " for this loss" : "",
            input ? "an input is then 0 after normalisation" : "they then count for nothing",
            as_it_is ? "" : ", or normalize: standardize");
}

static nn_status check_field(const nn_data_request *request, const nn_source *source, int array)
{
    const nn_array *self = &source->arrays[array];
    const nn_field_options *field = nn_source_field_options(request->options, source, array);
    NN_TRY(check_missing(request, source, array));
    if (array < source->inputs) return check_input(self, field);
    if (field->kind == NN_KIND_INDEX)
        NN_FAIL(NN_ERROR_USAGE, "data.fields.%s.kind: index: only an input can be of this kind; use class",
                self->key);
    if (self->label && field->normalize != NN_NORMALIZE_AUTO && field->normalize != NN_NORMALIZE_NONE)
        NN_FAIL(NN_ERROR_USAGE, "data.fields.%s.normalize: class labels are not normalised: leave it out",
                self->key);
    int target = request->target_count == 1 ? 0 : array - source->inputs;
    const nn_domain *domain = request->wanted[target].domain;
    bool normalised = field->normalize != NN_NORMALIZE_AUTO && field->normalize != NN_NORMALIZE_NONE;
    if (!self->label && domain && domain->bounded && (normalised || field->transform != NN_TRANSFORM_NONE))
        NN_FAIL(NN_ERROR_USAGE,
                "data.fields.%s: the loss %s takes numbers from %g to %g as they are: leave normalize and "
                "transform "
                "out; scale and offset bring other numbers there (value x scale + offset)",
                self->key, request->wanted[target].loss, domain->least, domain->most);
    if (!self->label && field->labels.count > 0)
        NN_FAIL(
            NN_ERROR_USAGE,
            "data.fields.%s.labels: the target is read as values, which stay as they are: leave it out, or "
            "use a loss for classes, such as cross_entropy",
            self->key);
    if (!self->label && field->ignored_label)
        NN_FAIL(
            NN_ERROR_USAGE,
            "data.fields.%s.ignored_label: the target is read as values: leave it out, or set kind: class; "
            "values that are missing are NaN, with missing: mask",
            self->key);
    if (self->label && source->fields > source->inputs + request->target_count)
        NN_FAIL(NN_ERROR_USAGE,
                "data.train.y: several targets for one loss are values together; a class must be alone, or "
                "have a loss of its own: losses: {NAME: cross_entropy, ...}");
    if (field->augment.count > 0)
        NN_FAIL(NN_ERROR_USAGE, "data.fields.%s.augment: only inputs are augmented: leave it out", self->key);
    return NN_OK;
}

/* Balanced and stratified samples are of one class each. */
static bool check_has_classes(const nn_source *train)
{
    int array = nn_source_class_array(train);
    return array >= 0 && (!train->arrays[array].sound || train->arrays[array].values == 1);
}

/* State goes on from a sample to the one that follows it in the file. */
static nn_status check_stateful(const nn_data_options *options)
{
    const nn_data_window_options *window = &options->window;
    if (options->shuffle != NN_SHUFFLE_STATEFUL) return NN_OK;
    if (options->balanced || options->bucket_by_length)
        NN_FAIL(NN_ERROR_USAGE, "data.shuffle: stateful: samples that are chosen by class or length do not "
                                "follow each other: leave balanced and bucket_by_length out");
    if (window->length > 0 && window->stride != window->length)
        NN_FAIL(NN_ERROR_USAGE,
                "data.shuffle: stateful: a window must begin where the one before it ended: set "
                "data.window.stride to the length, %lld",
                (long long)window->length);
    return NN_OK;
}

void nn_data_check_fields(const nn_data_request *request, const nn_source *train, nn_problems *problems)
{
    for (int a = 0; a < train->fields; a++) nn_problems_collect(problems, check_field(request, train, a));
    nn_problems_collect(problems, check_stateful(request->options));
    if ((request->options->bucket_by_length || train->arrays[NN_DATA_LENGTH].given) &&
        (!train->arrays[NN_DATA_LENGTH].given || request->options->window.length > 0))
        nn_problems_collect(problems,
                            nn_fail(NN_ERROR_USAGE, "data.bucket_by_length: needs data.train.lengths, and "
                                                    "sequences that are samples, not windows"));
    if (train->arrays[NN_DATA_WEIGHT].given && request->options->window.length > 0)
        nn_problems_collect(problems,
                            nn_fail(NN_ERROR_USAGE, "data.train.weights: only samples that are rows "
                                                    "have weights, not windows: leave it out"));
    if (request->options->balanced && train->listed &&
        (!check_has_classes(train) || request->options->window.length > 0))
        nn_problems_collect(problems,
                            nn_fail(NN_ERROR_USAGE, "data.balanced: needs samples that are of one class "
                                                    "each; leave it out"));
}

/* ---- once the fields are known ---- */

/* Mixed samples have one target between the two: values, or soft shares of classes. */
static nn_status check_mixing(const nn_dataset *dataset)
{
    if (!nn_dataset_mixes(dataset)) return NN_OK;
    const char *field = dataset->first->arrays[0].key;
    const nn_array *target = &dataset->first->arrays[dataset->first->inputs];
    if (dataset->views[0].steps > 0 || dataset->views[0].index || target->ignores ||
        (target->label && target->masks))
        NN_FAIL(
            NN_ERROR_USAGE,
            "data.fields.%s.augment: samples cannot be mixed that have lengths, are indices or may have no "
            "label: leave mixup out",
            field);
    if (dataset->target_count > 1)
        NN_FAIL(NN_ERROR_USAGE,
                "data.fields.%s.augment: samples with several targets cannot be mixed: leave mixup out",
                field);
    if (dataset->label_values > 1)
        NN_FAIL(NN_ERROR_USAGE,
                "data.fields.%s.augment: samples with several labels cannot be mixed: leave mixup out",
                field);
    return NN_OK;
}

/* Whether a target says something of each step or pixel of an input. */
static bool check_is_spread(const nn_view *target, const nn_view *input)
{
    const nn_shape *own = &target->shape, *of = &input->shape;
    if (target->input || own->extents[0] != of->extents[0]) return false;
    bool map = own->dimensions > 1 && of->dimensions > 1 && own->extents[1] == of->extents[1];
    return map || target->steps > 0 || (target->rows - target->seen > 1 && input->rows > 1);
}

/* What a transform would spoil: numbers that stand for something, and targets that do not move along. */
static nn_status check_transform(const nn_dataset *dataset, const nn_view *input,
                                 const nn_transform_type *type)
{
    if (input->index)
        NN_FAIL(NN_ERROR_USAGE, "%s changes values, but an index stands for something: leave it out",
                type->name);
    for (int v = 0; v < dataset->view_count && type->moves; v++)
        if (check_is_spread(&dataset->views[v], input))
            NN_FAIL(
                NN_ERROR_USAGE,
                "%s moves what the target '%s' says of each step or pixel, but not the target: leave it out",
                type->name, dataset->first->arrays[v].key);
    return NN_OK;
}

nn_status nn_data_check_augment(const nn_dataset *dataset)
{
    NN_TRY(check_mixing(dataset));
    for (int v = 0; v < dataset->view_count; v++) {
        const nn_view *view = &dataset->views[v];
        if (!view->input) continue;
        const nn_augment *augment =
            &nn_source_field_options(dataset->options, dataset->first, view->array)->augment;
        nn_status status = nn_augment_check(augment, view->shape, true);
        for (int t = 0; t < augment->count && status == NN_OK; t++)
            status = check_transform(dataset, view, augment->transforms[t].type);
        if (status != NN_OK)
            return nn_fail_context(status, "data.fields.%s.augment", dataset->first->arrays[view->array].key);
    }
    return NN_OK;
}
