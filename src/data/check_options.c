/* Checks of the options of a data set. */
#include <string.h>

#include "data/request.h"

nn_status nn_data_check_train(const nn_data_request *request)
{
    const nn_data_options *options = request->options;
    const nn_known_target *targets = request->known ? request->known->targets : NULL;
    bool splits = options->split.validation > 0 || options->split.test > 0 || options->split.folds > 0;
    bool measures = !request->known || !request->known->input, given = false;
    for (int t = 0; t < request->target_count; t++)
        measures |= !request->labels[t] && !(targets && targets[t].scaling);
    for (int p = 0; p < NN_PARTS; p++)
        given |= options->parts[p].x.count > 0 || options->parts[p].y.count > 0;
    if (options->parts[NN_TRAIN].x.count > 0 || options->parts[NN_TRAIN].y.count > 0 ||
        (!splits && !measures && given))
        return NN_OK;
    NN_FAIL(NN_ERROR_USAGE,
            "data.train: is missing; give its datasets, such as train: {x: x_train, y: y_train}");
}

/* Windows are cut by the first input alone. */
static nn_status check_longer(const nn_data_options *options, const nn_source *source, int array)
{
    const nn_data_field_options *field = nn_source_field_options(options, source, array);
    const char *key = source->arrays[array].key;
    if (field->longer != NN_STORE_LONGER_WINDOW) return NN_OK;
    if (field->steps == 0)
        NN_FAIL(NN_ERROR_USAGE, "data.fields.%s.longer: window: needs steps, those of a window", key);
    if (array > 0 && !nn_source_cuts_windows(options, source))
        NN_FAIL(NN_ERROR_USAGE,
                "data.fields.%s.longer: window: is set for the first input, %s, and then applies to all "
                "sequences",
                key, source->arrays[0].key);
    if (array == 0 && !strstr(source->arrays[0].dataset, " by "))
        NN_FAIL(NN_ERROR_USAGE,
                "data.fields.%s.longer: window: \"%s\" does not have its values one after another: store "
                "them so, "
                "and name them VALUES by offsets OFFSETS, or set longer: cut",
                key, source->arrays[0].dataset);
    return NN_OK;
}

static nn_status check_input(const nn_array *self, const nn_data_field_options *field)
{
    if (field->kind == NN_KIND_CLASS || field->kind == NN_KIND_VALUE || field->kind == NN_KIND_ONE_HOT)
        NN_FAIL(NN_ERROR_USAGE,
                "data.fields.%s.kind: only targets can be of this kind; use kind: index for an input of "
                "integers that an embedding looks up",
                self->key);
    if (field->labels.count > 0)
        NN_FAIL(NN_ERROR_USAGE, "data.fields.%s.labels: only targets have classes: remove it", self->key);
    if (!nn_data_is_index(field)) return NN_OK;
    bool scaled = (field->scale != 0 && field->scale != 1) || field->offset != 0;
    if (scaled || (field->normalize != NN_NORMALIZE_AUTO && field->normalize != NN_NORMALIZE_NONE))
        NN_FAIL(NN_ERROR_USAGE,
                "data.fields.%s.kind: %s: indices are not normalised: remove normalize, scale and offset",
                self->key, field->kind == NN_KIND_TEXT ? "text" : "index");
    return NN_OK;
}

/* The normalised mean must be known where nothing is measured again: on a resume, and for other files. */
static nn_status check_missing(const nn_data_request *request, const nn_source *source, int array)
{
    const nn_data_field_options *field = nn_source_field_options(request->options, source, array);
    bool input = array < source->inputs, label = source->arrays[array].label && !input;
    int target = input || request->target_count == 1 ? 0 : array - source->inputs;
    const nn_domain *domain = input ? NULL : request->wanted[target].domain;
    bool as_it_is = field->normalize == NN_NORMALIZE_AUTO && domain && domain->bounded;
    if (field->missing == NN_MISSING_DROP && request->options->shuffle == NN_SHUFFLE_STATEFUL)
        NN_FAIL(NN_ERROR_USAGE,
                "data.fields.%s.missing: drop: with data.shuffle: stateful, no sample of a sequence may be "
                "left out: set mask or mean",
                source->arrays[array].key);
    bool replaces = field->missing != NN_MISSING_ERROR && field->missing != NN_MISSING_DROP;
    if (field->missing_indicator && (!input || !replaces || nn_data_is_index(field)))
        NN_FAIL(NN_ERROR_USAGE, "data.fields.%s.missing_indicator: %s", source->arrays[array].key,
                input && !nn_data_is_index(field)
                    ? "without missing: mean, mask or impute no value is missing: set one of these, or "
                      "remove it"
                    : "only inputs of values have it: remove it");
    if (field->missing != NN_MISSING_MEAN || label || nn_data_is_index(field)) return NN_OK;
    if (!as_it_is && (field->normalize == NN_NORMALIZE_AUTO || field->normalize == NN_NORMALIZE_STANDARDIZE))
        return NN_OK;
    NN_FAIL(NN_ERROR_USAGE,
            "data.fields.%s.missing: mean: needs standardised values, which these are not%s: set missing: "
            "mask (%s) or drop%s",
            source->arrays[array].key, as_it_is ? " for this loss" : "",
            input ? "an input is then 0 after normalisation" : "they are then ignored",
            as_it_is ? "" : ", or normalize: standardize");
}

static nn_status check_field(const nn_data_request *request, const nn_source *source, int array)
{
    const nn_array *self = &source->arrays[array];
    const nn_data_field_options *field = nn_source_field_options(request->options, source, array);
    NN_TRY(check_missing(request, source, array));
    NN_TRY(check_longer(request->options, source, array));
    if (array < source->inputs) return check_input(self, field);
    if (field->kind == NN_KIND_INDEX)
        NN_FAIL(NN_ERROR_USAGE, "data.fields.%s.kind: index: only inputs can be of this kind; use class",
                self->key);
    if (field->kind == NN_KIND_TEXT && field->labels.count > 0)
        NN_FAIL(
            NN_ERROR_USAGE,
            "data.fields.%s.labels: with kind: text, the classes are the characters in the files: remove it",
            self->key);
    if (self->label && field->normalize != NN_NORMALIZE_AUTO && field->normalize != NN_NORMALIZE_NONE)
        NN_FAIL(NN_ERROR_USAGE, "data.fields.%s.normalize: class labels are not normalised: remove it",
                self->key);
    int target = request->target_count == 1 ? 0 : array - source->inputs;
    const nn_domain *domain = request->wanted[target].domain;
    bool normalised = field->normalize != NN_NORMALIZE_AUTO && field->normalize != NN_NORMALIZE_NONE;
    if (!self->label && domain && domain->bounded && (normalised || field->transform != NN_TRANSFORM_NONE))
        NN_FAIL(NN_ERROR_USAGE,
                "data.fields.%s: the loss %s takes numbers from %g to %g as they are: remove normalize and "
                "transform; to bring other numbers into this range, set scale and offset (value x scale + "
                "offset)",
                self->key, request->wanted[target].loss, domain->least, domain->most);
    if (field->augment.count > 0)
        NN_FAIL(NN_ERROR_USAGE, "data.fields.%s.augment: only inputs are augmented: remove it", self->key);
    if (request->wanted[target].unknown) return NN_OK;
    if (!self->label && field->labels.count > 0)
        NN_FAIL(NN_ERROR_USAGE,
                "data.fields.%s.labels: the target is read as values, not classes: remove labels, or use a "
                "loss for classes, such as cross_entropy",
                self->key);
    if (!self->label && field->ignored_label)
        NN_FAIL(NN_ERROR_USAGE,
                "data.fields.%s.ignored_label: the target is read as values: remove it, or set kind: class; "
                "to ignore values, store them as NaN and set missing: mask",
                self->key);
    if (self->label && source->fields > source->inputs + request->target_count)
        NN_FAIL(NN_ERROR_USAGE,
                "data.train.y: several targets under one loss must all be values; a class label must be the "
                "only target, or have its own loss: losses: {NAME: cross_entropy, ...}");
    return NN_OK;
}

/* Balanced and stratified sampling need one class per sample. */
static bool check_has_classes(const nn_source *train)
{
    int array = nn_source_class_array(train);
    return array >= 0 && (!train->arrays[array].sound || train->arrays[array].values == 1);
}

/* State is carried from a sample to the next one in the file. */
static nn_status check_stateful(const nn_data_options *options)
{
    const nn_data_window_options *window = &options->window;
    if (options->shuffle != NN_SHUFFLE_STATEFUL) return NN_OK;
    if (options->balanced || options->bucket_by_length)
        NN_FAIL(NN_ERROR_USAGE, "data.shuffle: stateful: samples chosen by class or length are not "
                                "consecutive: remove balanced and bucket_by_length");
    if (window->length > 0 && window->stride != window->length)
        NN_FAIL(NN_ERROR_USAGE,
                "data.shuffle: stateful: each window must start where the one before it ends: set "
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
                                                    "samples that are sequences, not windows"));
    if (train->arrays[NN_DATA_WEIGHT].given && request->options->window.length > 0)
        nn_problems_collect(
            problems,
            nn_fail(NN_ERROR_USAGE,
                    "data.train.weights: windows have no weights, only samples that are rows: remove it"));
    if (request->options->balanced && train->listed &&
        (!check_has_classes(train) || request->options->window.length > 0))
        nn_problems_collect(
            problems,
            nn_fail(NN_ERROR_USAGE, "data.balanced: needs exactly one class per sample; remove it"));
}

/* ---- once the fields are known ---- */

/* A mixed sample has a target between two others: values, or class proportions. */
static nn_status check_mixing(const nn_dataset *dataset)
{
    if (!nn_dataset_mixes(dataset)) return NN_OK;
    const char *field = dataset->first->arrays[0].key;
    const nn_array *target = &dataset->first->arrays[dataset->first->inputs];
    if (dataset->views[0].encoding.categories)
        NN_FAIL(NN_ERROR_USAGE,
                "data.fields.%s.augment: columns of categories cannot be mixed: remove mixup, or set "
                "data.fields.%s.categorical: code",
                field, field);
    if (dataset->views[0].steps > 0 || dataset->views[0].index || target->ignores ||
        (target->label && target->masks))
        NN_FAIL(NN_ERROR_USAGE,
                "data.fields.%s.augment: samples that have lengths, are indices or may lack a label cannot "
                "be mixed: remove mixup",
                field);
    if (dataset->target_count > 1)
        NN_FAIL(NN_ERROR_USAGE,
                "data.fields.%s.augment: samples with several targets cannot be mixed: remove mixup", field);
    if (dataset->label_values > 1)
        NN_FAIL(NN_ERROR_USAGE,
                "data.fields.%s.augment: samples with several labels cannot be mixed: remove mixup", field);
    return NN_OK;
}

/* Whether a target has a value per step or pixel of an input. */
static bool check_is_spread(const nn_view *target, const nn_view *input)
{
    const nn_shape *own = &target->shape, *of = &input->shape;
    if (target->input || own->extents[0] != of->extents[0]) return false;
    bool map = own->dimensions > 1 && of->dimensions > 1 && own->extents[1] == of->extents[1];
    return map || target->steps > 0 || (target->rows - target->seen > 1 && input->rows > 1);
}

/* Refuses what a transform would spoil: indices, and targets that would not move with the input. */
static nn_status check_transform(const nn_dataset *dataset, const nn_view *input,
                                 const nn_transform_type *type)
{
    if (input->index)
        NN_FAIL(NN_ERROR_USAGE, "%s changes values, which makes no sense for indices: remove it", type->name);
    if (input->encoding.categories)
        NN_FAIL(NN_ERROR_USAGE,
                "%s changes values, which makes no sense for columns of categories: remove it, or set "
                "data.fields.%s.categorical: code",
                type->name, dataset->first->arrays[input->array].key);
    for (int v = 0; v < dataset->view_count && type->moves; v++)
        if (check_is_spread(&dataset->views[v], input))
            NN_FAIL(NN_ERROR_USAGE,
                    "%s moves steps or pixels, but not target '%s', which has a value for each: remove it",
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
            status = check_transform(dataset, view, nn_transform_types()[augment->transforms[t].type]);
        if (status != NN_OK)
            return nn_fail_context(status, "data.fields.%s.augment", dataset->first->arrays[view->array].key);
    }
    return NN_OK;
}
