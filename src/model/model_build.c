/* Builds a model from its spec and the properties of its data. */
#include "model/model.h"

#include <stdio.h>
#include <string.h>

#include "base/maths.h"
#include "base/memory.h"
#include "model/arithmetic.h"
#include "model/encode.h"
#include "model/indices.h"
#include "model/symbols.h"

static nn_status model_copy_field(const nn_field *from, nn_field *to)
{
    *to = *from;
    to->name = NULL;
    to->seen = NULL;
    to->class_names = NULL;
    to->parts = NULL;
    to->part_count = 0;
    to->encoding = (nn_encoding){0};
    char *name = NULL;
    nn_status status = nn_copy_text(from->name, &name);
    to->name = name;
    if (status == NN_OK && from->class_names) status = nn_copy_text(from->class_names, &to->class_names);
    if (status == NN_OK) status = nn_encoding_copy(&from->encoding, &to->encoding);
    NN_TRY(status);
    if (from->part_count > 0) NN_TRY(NN_ALLOCATE(&to->parts, from->part_count, "the parts of an input"));
    for (int p = 0; p < from->part_count; p++) {
        to->part_count = p + 1;
        NN_TRY(model_copy_field(&from->parts[p], &to->parts[p]));
    }
    if (!from->seen) return NN_OK;
    size_t count = (size_t)nn_shape_count(from->shape);
    NN_TRY(NN_ALLOCATE(&to->seen, count, "a target"));
    memcpy(to->seen, from->seen, count * sizeof *to->seen);
    return NN_OK;
}

/* ---- heads ---- */

int64_t nn_head_class_weights(const nn_loss_type *loss, const nn_field *target)
{
    if (loss->yes_no) return target->is_class ? 2 : 2 * nn_shape_count(target->shape);
    int64_t classes = nn_field_classes(target);
    return classes > 2 ? classes : 2;
}

/* Weights of no and yes: two given numbers apply to every column; balanced treats each column separately. */
static nn_status model_make_yes_no_weights(nn_head *head, const nn_model_target *facts, bool *made)
{
    const nn_text_list *given = head->loss->class_weights(head->loss_options);
    int64_t count = nn_head_class_weights(head->loss, &head->target);
    for (int64_t i = 0; i < count; i += 2) {
        bool one_class = head->target.is_class && head->target.classes < 2;
        double yes = 0;
        if (facts->shares && !one_class) yes = facts->shares[head->target.is_class ? 1 : i / 2];
        const double shares[2] = {1 - yes, yes};
        NN_TRY(nn_class_weights_make(given, 2, facts->shares ? shares : NULL, head->class_weights + i, made));
    }
    return NN_OK;
}

/* Shares of classes at several positions are averaged over the positions. */
static nn_status model_make_weights(nn_head *head, const nn_model_target *facts, bool *made)
{
    if (head->loss->yes_no) return model_make_yes_no_weights(head, facts, made);
    int64_t classes = nn_field_classes(&head->target), places = nn_shape_count(head->target.shape) / classes;
    double *shares = NULL;
    NN_TRY(NN_ALLOCATE(&shares, classes, "the class proportions"));
    if (head->target.is_class) places = 1;
    for (int64_t i = 0; facts->shares && i < places * classes; i++)
        shares[i % classes] += facts->shares[i] / (double)places;
    nn_status status = nn_class_weights_make(head->loss->class_weights(head->loss_options), classes,
                                             facts->shares ? shares : NULL, head->class_weights, made);
    nn_free(shares);
    return status;
}

static nn_status model_fill_class_weights(nn_head *head, const nn_model_target *facts)
{
    /* The loss's own check refuses a target of values that it does not take. */
    if (!head->loss->class_weights || (!head->loss->yes_no && nn_field_classes(&head->target) == 0))
        return NN_OK;
    bool made = true;
    int64_t count = nn_head_class_weights(head->loss, &head->target);
    NN_TRY(NN_ALLOCATE(&head->class_weights, count, "the weights of classes"));
    if (facts->class_weights)
        memcpy(head->class_weights, facts->class_weights, (size_t)count * sizeof *head->class_weights);
    else
        NN_TRY(model_make_weights(head, facts, &made));
    if (made) return NN_OK;
    nn_free(head->class_weights);
    head->class_weights = NULL;
    return NN_OK;
}

static nn_status model_fill_head(nn_head *head, nn_head_spec *spec, const nn_model_target *facts)
{
    head->loss = spec->loss;
    head->loss_options = spec->options;
    spec->options = NULL;
    head->weight = spec->weight;
    head->given = spec->name;
    spec->name = NULL;
    NN_TRY(nn_copy_text(head->given ? head->given : facts->field->name, &head->name));
    NN_TRY(model_copy_field(facts->field, &head->target));
    head->target.shares = head->loss->domain.shares && !head->target.is_class;
    NN_TRY(nn_scaling_copy(facts->scaling, &head->scaling));
    if (facts->shares) {
        head->prior_count = head->target.is_class ? head->target.classes : nn_shape_count(head->target.shape);
        NN_TRY(NN_ALLOCATE(&head->prior, head->prior_count, "the constant prediction"));
        memcpy(head->prior, facts->shares, (size_t)head->prior_count * sizeof *head->prior);
    }
    nn_status status = model_fill_class_weights(head, facts);
    return status == NN_OK ? NN_OK : nn_fail_context(status, "loss %s", head->loss->name);
}

/* If the data does not define outputs, every value of a one-dimensional target is a separate output. */
static int64_t model_outputs(const nn_head *head)
{
    const nn_shape *shape = &head->target.shape;
    if (!nn_head_is_values(head)) return 1;
    if (head->target.outputs > 0 && head->columns % head->target.outputs == 0) return head->target.outputs;
    return shape->dimensions == 1 ? head->columns : 1;
}

/* Sets rows and columns per sample for each loss: one row per label, or one row with all values. */
static void model_lay_out_heads(nn_model *model)
{
    for (int h = 0; h < model->head_count; h++) {
        nn_head *head = &model->heads[h];
        head->layer = model->network->outputs[h];
        head->rows = head->target.is_class ? nn_shape_count(head->target.shape) : 1;
        if (head->target.shares)
            head->rows = nn_shape_count(head->target.shape) / nn_field_classes(&head->target);
        head->columns = nn_head_output(model, h) / head->rows;
        head->outputs = model_outputs(head);
    }
}

int64_t nn_head_output(const nn_model *model, int head)
{
    return nn_shape_count(model->network->layers[model->heads[head].layer].output_shape);
}

int64_t nn_model_output_count(const nn_model *model)
{
    int64_t count = 0;
    for (int h = 0; h < model->head_count; h++) count += nn_head_output(model, h);
    return count;
}

bool nn_head_has_units(const nn_head *head)
{
    return head->scaling.columns > 0 || head->target.transform == NN_TRANSFORM_LOG;
}

bool nn_head_is_values(const nn_head *head)
{
    return !head->target.is_class && !head->loss->domain.bounded;
}

int nn_model_metric_index(const nn_model_metric *metrics, int count, int head_count, const char *head,
                          const char *name)
{
    size_t length = strlen(head);
    if (head_count == 1 && strncmp(name, head, length) == 0 && name[length] == '.') name += length + 1;
    for (int m = 0; m < count; m++)
        if (!metrics[m].extra && strcmp(metrics[m].name, name) == 0) return m;
    return -1;
}

/* ---- checking ---- */

/* Adds the recorded text of a failure, on lines of its own. Returns whether the status is NN_OK. */
static bool model_collect(nn_text *problems, nn_status status, nn_status *first)
{
    if (status == NN_OK) return true;
    nn_text_append(problems, "%s%s", problems->length > 0 ? "\n" : "", nn_error_text());
    if (*first == NN_OK || status == NN_ERROR_MEMORY) *first = status;
    return false;
}

static nn_status model_check_loss(const nn_model *model, int h)
{
    const nn_head *head = &model->heads[h];
    const nn_layer *layer = &model->network->layers[head->layer];
    nn_status status = head->loss->check(head->loss_options, layer->output_shape, &head->target);
    if (status == NN_OK) return NN_OK;
    return nn_fail_context(status, "loss %s on the output of layer %s", head->loss->name, layer->name);
}

static nn_status model_check_metric(const nn_model *model, const nn_model_metric *metric)
{
    const nn_head *head = &model->heads[metric->head];
    const nn_layer *layer = &model->network->layers[head->layer];
    nn_judged judged = {layer->output_shape, &head->target, head->loss->yes_no};
    nn_status status = metric->type->check(metric->options, &judged);
    if (status == NN_OK) return NN_OK;
    return nn_fail_context(status, "metric %s on the output of layer %s", metric->name, layer->name);
}

/* Where a loss does not fit its output, the metrics of that output cannot be judged. */
nn_status nn_model_check(const nn_model *model)
{
    bool fits[NN_MODEL_HEADS];
    nn_text problems = {0};
    nn_status status = NN_OK;
    for (int h = 0; h < model->head_count; h++)
        fits[h] = model_collect(&problems, model_check_loss(model, h), &status);
    for (int m = 0; m < model->metric_count; m++)
        if (fits[model->metrics[m].head])
            model_collect(&problems, model_check_metric(model, &model->metrics[m]), &status);
    if (status != NN_OK) status = nn_fail(status, "%s", problems.bytes ? problems.bytes : nn_error_text());
    nn_text_free(&problems);
    return status;
}

/* ---- create and destroy ---- */

static bool model_has_metric(const nn_model *model, const nn_metric_type *type, int head)
{
    for (int m = 0; m < model->metric_count; m++)
        if (model->metrics[m].type == type && model->metrics[m].head == head) return true;
    return false;
}

/* Copies the threshold that the head's requested metrics have: their options are laid out alike. */
static nn_status model_copy_threshold(const nn_model *model, nn_model_metric *metric)
{
    for (int m = 0; m < model->metric_count; m++) {
        const nn_model_metric *given = &model->metrics[m];
        size_t size = metric->type->options_size;
        if (given->head != metric->head || !given->options || given->type->options_size != size ||
            strcmp(given->type->options->name, "threshold") != 0)
            continue;
        NN_TRY(nn_allocate(&metric->options, size, 1, "the options of a metric"));
        memcpy(metric->options, given->options, size);
        return NN_OK;
    }
    return NN_OK;
}

/* Adds a metric that was not requested, if it fits the head. */
static nn_status model_add_metric(nn_model *model, const char *type, int h, int extra)
{
    const nn_head *head = &model->heads[h];
    nn_model_metric metric = {.type = nn_metric_find(model->scalar, type), .head = h, .extra = extra};
    nn_judged judged = {model->network->layers[head->layer].output_shape, &head->target, head->loss->yes_no};
    if (model->metric_count == NN_MODEL_METRICS || model_has_metric(model, metric.type, h)) return NN_OK;
    if (metric.type->check(NULL, &judged) != NN_OK) {
        nn_error_clear();
        return NN_OK;
    }
    char name[160];
    bool several = model->head_count > 1;
    snprintf(name, sizeof name, "%s%s%s", several ? head->name : "", several ? "." : "", type);
    nn_status status = nn_copy_text(name, &metric.name);
    if (status == NN_OK && metric.type->options_size > 0) status = model_copy_threshold(model, &metric);
    if (status == NN_OK)
        model->metrics[model->metric_count++] = metric;
    else
        nn_model_metric_release(&metric);
    return status;
}

/* Whether a requested metric counts hits by class. */
static bool model_counts_classes(const nn_model *model, int head)
{
    for (int m = 0; m < model->metric_count; m++)
        if (model->metrics[m].head == head && model->metrics[m].type->of_class) return true;
    return false;
}

/* The end of a run always reports errors of values in the target's own units, and results by class; of very
 * many outputs or classes no person reads them. */
static nn_status model_add_metrics(nn_model *model)
{
    enum { CLASSES_MAX = 1000, OUTPUTS_MAX = 256 };
    for (int h = 0; h < model->head_count; h++) {
        if (nn_head_is_values(&model->heads[h])) {
            NN_TRY(model_add_metric(model, "rmse", h, NN_METRIC_SHOWN));
            if (model->heads[h].outputs > OUTPUTS_MAX) continue;
            NN_TRY(model_add_metric(model, "mae", h, NN_METRIC_TABLED));
            NN_TRY(model_add_metric(model, "r2", h, NN_METRIC_TABLED));
        } else if (model->heads[h].columns <= CLASSES_MAX) {
            if (!model_counts_classes(model, h)) NN_TRY(model_add_metric(model, "f1", h, NN_METRIC_TABLED));
            NN_TRY(model_add_metric(model, "confusion", h, NN_METRIC_TABLED));
        }
    }
    return NN_OK;
}

static nn_status model_fill(nn_model *model, nn_model_spec *spec, const nn_field *input,
                            const nn_scaling *input_scaling, const nn_model_target *targets)
{
    model->scalar = spec->network.scalar;
    model->has_lengths = spec->network.has_lengths;
    model->head_count = spec->head_count;
    for (int h = 0; h < spec->head_count; h++)
        NN_TRY(model_fill_head(&model->heads[h], &spec->heads[h], &targets[h]));
    model->metric_count = spec->metric_count;
    memcpy(model->metrics, spec->metrics, sizeof spec->metrics);
    spec->metric_count = 0;
    NN_TRY(model_copy_field(input, &model->input));
    NN_TRY(nn_scaling_copy(input_scaling, &model->input_scaling));
    spec->network.input = model->input;
    NN_TRY(nn_symbols_resolve(&spec->network, model->heads, model->head_count));
    NN_TRY(nn_encode_inputs(&spec->network));
    NN_TRY(nn_network_create(&spec->network, &model->network));
    model_lay_out_heads(model);
    NN_TRY(nn_indices_check(model));
    NN_TRY(nn_model_check(model));
    return model_add_metrics(model);
}

nn_status nn_model_create(nn_model_spec *spec, const nn_field *input, const nn_scaling *input_scaling,
                          const nn_model_target *targets, bool has_lengths, int64_t microbatch_size,
                          nn_model **model)
{
    *model = NULL;
    spec->network.microbatch_size = microbatch_size;
    spec->network.has_lengths = has_lengths;
    nn_status status = NN_ALLOCATE(model, 1, "a model");
    if (status == NN_OK) status = model_fill(*model, spec, input, input_scaling, targets);
    nn_model_spec_release(spec);
    if (status != NN_OK) {
        nn_model_destroy(*model);
        *model = NULL;
    }
    return status;
}

static void model_release_field(nn_field *field)
{
    nn_free((void *)(uintptr_t)field->name);
    nn_free(field->seen);
    nn_free(field->class_names);
    nn_encoding_release(&field->encoding);
    for (int p = 0; p < field->part_count; p++) model_release_field(&field->parts[p]);
    nn_free(field->parts);
}

static void model_release_head(nn_head *head)
{
    if (head->loss_options) nn_options_release(head->loss->options, head->loss_options);
    nn_free(head->loss_options);
    nn_free(head->name);
    nn_free(head->given);
    nn_free(head->class_weights);
    nn_free(head->prior);
    model_release_field(&head->target);
    nn_scaling_release(&head->scaling);
}

void nn_model_destroy(nn_model *model)
{
    if (!model) return;
    nn_network_destroy(model->network);
    for (int h = 0; h < model->head_count; h++) model_release_head(&model->heads[h]);
    for (int m = 0; m < model->metric_count; m++) nn_model_metric_release(&model->metrics[m]);
    model_release_field(&model->input);
    nn_scaling_release(&model->input_scaling);
    nn_names_set_release(&model->names);
    nn_free(model);
}

int64_t nn_model_steps(const nn_model *model)
{
    const nn_field *input = model->input.part_count > 0 ? &model->input.parts[0] : &model->input;
    return input->shape.extents[0];
}

/* ---- predictions ---- */

double nn_model_undo_value(const nn_head *head, int64_t i, double value)
{
    const nn_scaling *scaling = &head->scaling;
    int64_t column = scaling->columns > 0 ? i % scaling->columns : 0;
    double units = value;
    if (scaling->columns > 0) units = (units - scaling->offset[column]) / scaling->scale[column];
    return head->target.transform == NN_TRANSFORM_LOG ? nn_maths_exp(units) : units;
}

double nn_model_undo_slope(const nn_head *head, int64_t i, double value)
{
    const nn_scaling *scaling = &head->scaling;
    double slope = scaling->columns > 0 ? 1 / scaling->scale[i % scaling->columns] : 1;
    bool of_logarithm = head->target.transform == NN_TRANSFORM_LOG;
    return of_logarithm ? slope * nn_model_undo_value(head, i, value) : slope;
}
