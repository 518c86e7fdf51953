/* Loading a microbatch, and its forward pass with losses and metrics. */
#include "step/leaf.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "model/values.h"
#include "tensor/kernels.h"

/* ---- memory ---- */

/* Values, or labels, of a sample of all targets together. */
static int64_t leaf_target_count(const nn_model *model, bool classes)
{
    int64_t count = 0;
    for (int h = 0; h < model->head_count; h++)
        if (model->heads[h].target.is_class == classes) count += nn_shape_count(model->heads[h].target.shape);
    return count;
}

static bool leaf_has_weights(const nn_dataset *data)
{
    bool has = false;
    for (int p = 0; p < NN_PARTS; p++) has |= nn_dataset_has_weights(data, (nn_part)p);
    return has;
}

nn_leaf_needs nn_leaf_needs_of(const nn_model *model, const nn_dataset *data)
{
    return (nn_leaf_needs){.soft = nn_dataset_mixes(data) && model->heads[0].target.is_class,
                           .weights = leaf_has_weights(data),
                           .scratch = nn_dataset_scratch(data)};
}

/* Soft targets stand where those that are values would. */
static int64_t leaf_value_count(const nn_model *model, const nn_leaf_needs *needs)
{
    return needs->soft ? nn_head_output(model, 0) : leaf_target_count(model, false);
}

/* Values that are compared in their own units; 0 where no metric does. */
static int64_t leaf_observed_count(const nn_model *model)
{
    bool any = false;
    for (int h = 0; h < model->head_count; h++) any |= nn_head_is_values(&model->heads[h]);
    return any ? leaf_target_count(model, false) : 0;
}

/* Whether row weights are not those of the samples. */
static bool leaf_spreads_weights(const nn_model *model, int h, bool has_weights)
{
    return model->heads[h].rows > 1 && has_weights;
}

size_t nn_leaf_memory(const nn_model *model, const nn_dataset *data, int64_t capacity)
{
    nn_leaf_needs needs = nn_leaf_needs_of(model, data);
    int64_t reals = leaf_value_count(model, &needs) + needs.scratch + needs.weights;
    int64_t integers = 1 + leaf_target_count(model, true), doubles = leaf_observed_count(model);
    for (int h = 0; h < model->head_count; h++) {
        const nn_head *head = &model->heads[h];
        int64_t count = nn_shape_count(head->target.shape);
        if (model->head_count > 1 && head->target.is_class) integers += count;
        if (head->target.shares) integers += head->rows;
        if (model->head_count > 1 && !head->target.is_class) reals += count;
        if (leaf_spreads_weights(model, h, needs.weights)) reals += head->rows;
        if (nn_head_is_values(head)) doubles += 2 * nn_head_output(model, h);
    }
    return nn_microbatch_memory(model->network, capacity, true) +
           (size_t)(capacity * integers) * sizeof(int64_t) + (size_t)(capacity * doubles) * sizeof(double) +
           (size_t)(capacity * reals) * sizeof(nn_real);
}

/* The only head has what was gathered as it is; of several each gets its own part. */
static nn_status leaf_create_head(const nn_model *model, const nn_leaf_needs *needs, int64_t capacity, int h,
                                  nn_leaf *leaf)
{
    const nn_head *head = &model->heads[h];
    nn_leaf_head *made = &leaf->heads[h];
    int64_t count = capacity * nn_shape_count(head->target.shape);
    if (model->head_count == 1) {
        made->labels = head->target.is_class ? leaf->labels : NULL;
        made->targets = leaf->targets;
    } else if (head->target.is_class) {
        NN_TRY(NN_ALLOCATE(&made->labels, count, "the labels of a microbatch"));
    } else {
        NN_TRY(NN_ALLOCATE(&made->targets, count, "the targets of a microbatch"));
    }
    if (head->target.shares)
        NN_TRY(NN_ALLOCATE(&made->labels, capacity * head->rows, "the labels of a microbatch"));
    made->weights = leaf->weights;
    if (leaf_spreads_weights(model, h, needs->weights))
        NN_TRY(NN_ALLOCATE(&made->weights, capacity * head->rows, "the weights of a microbatch"));
    if (!nn_head_is_values(head)) return NN_OK;
    int64_t outputs = capacity * nn_head_output(model, h);
    NN_TRY(NN_ALLOCATE(&made->predicted, outputs, "the output of a microbatch"));
    return NN_ALLOCATE(&made->observed, outputs, "the targets of a microbatch");
}

nn_status nn_leaf_create(const nn_model *model, const nn_leaf_needs *needs, int64_t capacity, nn_leaf *leaf)
{
    NN_TRY(nn_microbatch_create(model->network, capacity, true, &leaf->microbatch));
    NN_TRY(NN_ALLOCATE(&leaf->samples, capacity, "a microbatch"));
    NN_TRY(NN_ALLOCATE(&leaf->labels, capacity * leaf_target_count(model, true), "a microbatch"));
    NN_TRY(NN_ALLOCATE(&leaf->targets, capacity * leaf_value_count(model, needs), "a microbatch"));
    int64_t observed = needs->bases ? leaf_target_count(model, false) : leaf_observed_count(model);
    if (observed > 0) NN_TRY(NN_ALLOCATE(&leaf->observed, capacity * observed, "a microbatch"));
    if (observed > 0 && needs->bases) NN_TRY(NN_ALLOCATE(&leaf->bases, capacity * observed, "a microbatch"));
    NN_TRY(NN_ALLOCATE(&leaf->data_scratch, capacity * needs->scratch, "the transforms of the data"));
    if (needs->weights) NN_TRY(NN_ALLOCATE(&leaf->weights, capacity, "a microbatch"));
    leaf->head_count = model->head_count;
    for (int h = 0; h < model->head_count; h++) NN_TRY(leaf_create_head(model, needs, capacity, h, leaf));
    return NN_OK;
}

void nn_leaf_destroy(nn_leaf *leaf)
{
    for (int h = 0; h < leaf->head_count; h++) {
        nn_leaf_head *head = &leaf->heads[h];
        if (head->labels != leaf->labels) nn_free(head->labels);
        if (head->targets != leaf->targets) nn_free(head->targets);
        if (head->weights != leaf->weights) nn_free(head->weights);
        nn_free(head->predicted);
        nn_free(head->observed);
    }
    nn_microbatch_destroy(leaf->microbatch);
    nn_free(leaf->samples);
    nn_free(leaf->labels);
    nn_free(leaf->targets);
    nn_free(leaf->observed);
    nn_free(leaf->bases);
    nn_free(leaf->weights);
    nn_free(leaf->data_scratch);
}

/* ---- loading ---- */

/* The targets of a head in its own units. */
static void leaf_observe(nn_leaf *leaf, const nn_model *model, const nn_dataset *data, int h)
{
    const nn_head *head = &model->heads[h];
    double *observed = leaf->heads[h].observed;
    int64_t values = leaf_target_count(model, false), count = head->columns;
    for (int64_t i = 0; observed && i < leaf->microbatch->samples; i++)
        memcpy(observed + i * count, leaf->observed + i * values + nn_dataset_target(data, h)->begin,
               (size_t)count * sizeof *observed);
}

void nn_leaf_find_dominant(nn_leaf *leaf, const nn_model *model)
{
    for (int h = 0; h < model->head_count; h++) {
        const nn_head *head = &model->heads[h];
        for (int64_t r = 0; head->target.shares && r < leaf->microbatch->samples * head->rows; r++) {
            const nn_real *shares = leaf->heads[h].targets + r * head->columns;
            int64_t dominant = 0;
            bool missing = false;
            for (int64_t c = 0; c < head->columns; c++) {
                missing |= isnan(shares[c]);
                if (shares[c] > shares[dominant]) dominant = c;
            }
            leaf->heads[h].labels[r] = missing ? -1 : dominant;
        }
    }
}

/* What was gathered of all heads, to the heads. */
static void leaf_share_out(nn_leaf *leaf, const nn_model *model, const nn_dataset *data)
{
    int64_t labels = leaf_target_count(model, true), values = leaf_target_count(model, false);
    for (int h = 0; model->head_count > 1 && h < model->head_count; h++) {
        const nn_field *field = nn_dataset_target(data, h);
        int64_t count = nn_shape_count(field->shape);
        for (int64_t i = 0; i < leaf->microbatch->samples; i++)
            if (field->is_class)
                memcpy(leaf->heads[h].labels + i * count, leaf->labels + i * labels + field->begin,
                       (size_t)count * sizeof *leaf->labels);
            else
                memcpy(leaf->heads[h].targets + i * count, leaf->targets + i * values + field->begin,
                       (size_t)count * sizeof *leaf->targets);
    }
    nn_leaf_find_dominant(leaf, model);
    for (int h = 0; h < model->head_count; h++) leaf_observe(leaf, model, data, h);
    for (int h = 0; leaf->weighted && h < model->head_count; h++)
        for (int64_t r = 0; leaf_spreads_weights(model, h, leaf->weighted) &&
                            r < leaf->microbatch->samples * model->heads[h].rows;
             r++)
            leaf->heads[h].weights[r] = leaf->weights[r / model->heads[h].rows];
}

static void leaf_whole_lengths(nn_leaf *leaf, const nn_model *model)
{
    for (int64_t i = 0; i < leaf->microbatch->samples; i++)
        leaf->microbatch->lengths[0][i] = nn_model_steps(model);
}

/* What follows from the place alone. */
static void leaf_settle(nn_leaf *leaf, const nn_model *model, const nn_dataset *data,
                        const nn_leaf_place *place, bool inputs)
{
    nn_microbatch *microbatch = leaf->microbatch;
    microbatch->samples = place->range.end - place->range.begin;
    microbatch->first_sample = place->range.begin;
    microbatch->batch_samples = place->batch_samples;
    microbatch->seed = place->seed;
    microbatch->step = place->step;
    microbatch->statistics = place->statistics;
    microbatch->training = place->training;
    leaf->first_position = place->batch_first + place->range.begin;
    leaf->soft = place->training && inputs && nn_dataset_mixes(data) && model->heads[0].target.is_class;
    leaf->weighted = nn_dataset_has_weights(data, place->part);
}

static void leaf_gather(nn_leaf *leaf, const nn_model *model, const nn_dataset *data,
                        const nn_leaf_place *place, nn_real *inputs)
{
    nn_microbatch *microbatch = leaf->microbatch;
    leaf_settle(leaf, model, data, place, inputs != NULL);
    bool has_lengths = nn_dataset_has_lengths(data, place->part);
    nn_gathered gathered = {.inputs = inputs,
                            .targets = leaf_target_count(model, false) > 0 ? leaf->targets : NULL,
                            .soft = leaf->soft ? leaf->targets : NULL,
                            .observed = leaf->observed,
                            .bases = leaf->bases,
                            .labels = leaf_target_count(model, true) > 0 ? leaf->labels : NULL,
                            .weights = leaf->weighted ? leaf->weights : NULL,
                            .lengths = has_lengths ? microbatch->lengths[0] : NULL,
                            .samples = leaf->samples,
                            .scratch = leaf->data_scratch};
    nn_data_span span = {place->epoch, leaf->first_position, microbatch->samples};
    nn_dataset_gather(data, place->part, span, place->training, &gathered);
    if (microbatch->lengths[0] && !has_lengths) leaf_whole_lengths(leaf, model);
    leaf_share_out(leaf, model, data);
}

void nn_leaf_load(nn_leaf *leaf, const nn_model *model, const nn_dataset *data, const nn_leaf_place *place,
                  bool inputs)
{
    leaf_gather(leaf, model, data, place, inputs ? leaf->microbatch->outputs[0] : NULL);
}

/* ---- the loaded leaf as bytes ---- */

typedef struct leaf_piece {
    void *bytes;
    size_t size;
} leaf_piece;

enum { LEAF_PIECES = 6 };

/* The arrays that a load fills in. */
static void leaf_list_pieces(const nn_leaf *leaf, const nn_model *model, const nn_dataset *data,
                             leaf_piece pieces[LEAF_PIECES])
{
    const nn_microbatch *microbatch = leaf->microbatch;
    size_t capacity = (size_t)microbatch->capacity, value = sizeof(nn_real), integer = sizeof(int64_t);
    size_t inputs = (size_t)nn_shape_count(model->network->layers[0].output_shape);
    nn_leaf_needs needs = nn_leaf_needs_of(model, data);
    pieces[0] = (leaf_piece){microbatch->outputs[0], capacity * inputs * value};
    pieces[1] = (leaf_piece){leaf->labels, capacity * (size_t)leaf_target_count(model, true) * integer};
    pieces[2] = (leaf_piece){leaf->targets, capacity * (size_t)leaf_value_count(model, &needs) * value};
    pieces[3] = (leaf_piece){leaf->weights, leaf->weights ? capacity * value : 0};
    pieces[4] = (leaf_piece){microbatch->lengths[0], microbatch->lengths[0] ? capacity * integer : 0};
    pieces[5] =
        (leaf_piece){leaf->observed, capacity * (size_t)leaf_observed_count(model) * sizeof *leaf->observed};
}

size_t nn_leaf_packed_size(const nn_leaf *leaf, const nn_model *model, const nn_dataset *data)
{
    leaf_piece pieces[LEAF_PIECES];
    size_t size = 0;
    leaf_list_pieces(leaf, model, data, pieces);
    for (int i = 0; i < LEAF_PIECES; i++) size += pieces[i].size;
    return size;
}

void nn_leaf_pack(const nn_leaf *leaf, const nn_model *model, const nn_dataset *data, char *bytes)
{
    leaf_piece pieces[LEAF_PIECES];
    leaf_list_pieces(leaf, model, data, pieces);
    for (int i = 0; i < LEAF_PIECES; bytes += pieces[i++].size)
        if (pieces[i].size > 0) memcpy(bytes, pieces[i].bytes, pieces[i].size);
}

void nn_leaf_unpack(nn_leaf *leaf, const nn_model *model, const nn_dataset *data, const nn_leaf_place *place,
                    const char *bytes)
{
    leaf_piece pieces[LEAF_PIECES];
    leaf_settle(leaf, model, data, place, true);
    leaf_list_pieces(leaf, model, data, pieces);
    for (int i = 0; i < LEAF_PIECES; bytes += pieces[i++].size)
        if (pieces[i].size > 0) memcpy(pieces[i].bytes, bytes, pieces[i].size);
    leaf_share_out(leaf, model, data);
}

/* ---- losses ---- */

static nn_loss_call leaf_loss_call(const nn_leaf *leaf, const nn_model *model, int h)
{
    const nn_head *head = &model->heads[h];
    const nn_leaf_head *own = &leaf->heads[h];
    bool shares = head->target.shares;
    return (nn_loss_call){.rows = leaf->microbatch->samples * head->rows,
                          .columns = head->columns,
                          .output = leaf->microbatch->outputs[head->layer],
                          .labels = head->target.is_class || shares ? own->labels : NULL,
                          .targets = head->target.is_class || shares ? NULL : own->targets,
                          .soft = leaf->soft || shares ? own->targets : NULL,
                          .weights = leaf->weighted ? own->weights : NULL,
                          .class_weights = head->class_weights};
}

void nn_leaf_denominators(nn_leaf *leaf, const nn_model *model, const nn_dataset *data,
                          const nn_leaf_place *place, double *denominators)
{
    leaf_gather(leaf, model, data, place, NULL);
    for (int h = 0; h < model->head_count; h++) {
        nn_loss_call call = leaf_loss_call(leaf, model, h);
        call.output = NULL;
        denominators[h] = model->heads[h].loss->denominator(model->heads[h].loss_options, &call);
    }
}

/* The call for metrics: of values, in the target's own units. */
static nn_loss_call leaf_metric_call(const nn_leaf *leaf, const nn_model *model, int h)
{
    nn_loss_call call = leaf_loss_call(leaf, model, h);
    call.predicted = leaf->heads[h].predicted;
    call.observed = leaf->heads[h].observed;
    call.outputs = model->heads[h].outputs;
    return call;
}

/* denominator: global, 0 where nothing of the batch counts, or where there is no training. */
static void leaf_head_figures(nn_leaf *leaf, const nn_model *model, int h, double denominator,
                              const double *constant, double *figures)
{
    const nn_head *head = &model->heads[h];
    nn_microbatch *microbatch = leaf->microbatch;
    nn_loss_call call = leaf_loss_call(leaf, model, h);
    call.denominator = denominator > 0 ? denominator / head->weight : 1;
    call.gradient = microbatch->training ? microbatch->gradients[head->layer] : NULL;
    figures[NN_FIGURE_LOSS] = head->loss->evaluate(head->loss_options, &call);
    figures[NN_FIGURE_DENOMINATOR] = head->loss->denominator(head->loss_options, &call);
    double *predicted = leaf->heads[h].predicted;
    if (!predicted) return;
    nn_model_undo(head, call.rows * call.columns, call.output, predicted);
    for (int64_t i = 0; constant && i < call.rows * call.columns; i++)
        predicted[i] = nn_model_undo_value(head, i, constant[i % nn_head_output(model, h)]);
}

/* denominators: NULL where there is no training. constant: what the outputs are, of all heads; or NULL. */
static void leaf_figures(nn_leaf *leaf, const nn_model *model, const double *denominators,
                         const double *constant, double *figures)
{
    bool training = denominators != NULL;
    memset(figures, 0, (size_t)nn_figures_width(model, training) * sizeof *figures);
    for (int h = 0; h < model->head_count; h++) {
        leaf_head_figures(leaf, model, h, denominators ? denominators[h] : 0, constant,
                          figures + h * NN_HEAD_FIGURES);
        if (constant) constant += nn_head_output(model, h);
    }
    double *sums = figures + model->head_count * NN_HEAD_FIGURES;
    for (int m = 0; m < model->metric_count; m++) {
        const nn_metric *metric = &model->metrics[m];
        if (!nn_metric_is_summed(model, m, training)) continue;
        nn_loss_call call = leaf_metric_call(leaf, model, metric->head);
        metric->type->accumulate(metric->options, &call, sums);
        sums += nn_metric_width(model, m);
    }
}

void nn_leaf_figures(nn_leaf *leaf, const nn_model *model, const double *denominators, double *figures)
{
    leaf_figures(leaf, model, denominators, NULL, figures);
}

void nn_leaf_judge(nn_leaf *leaf, const nn_model *model, int thread, int64_t sample,
                   const nn_findings *findings)
{
    for (int m = 0; m < model->metric_count; m++) {
        const nn_metric *metric = &model->metrics[m];
        nn_loss_call call = leaf_metric_call(leaf, model, metric->head);
        int64_t width = nn_metric_width(model, m), row = sample * model->heads[metric->head].rows;
        if (findings->counts[m])
            metric->type->accumulate(metric->options, &call, findings->counts[m] + thread * width);
        if (findings->collected[m])
            metric->type->collect(metric->options, &call, findings->collected[m] + row * width);
    }
}

/* ---- forward ---- */

/* The first layer that has a non-finite output, and in it the first sample. */
static nn_nonfinite leaf_find_nonfinite(const nn_leaf *leaf, const nn_model *model)
{
    const nn_microbatch *microbatch = leaf->microbatch;
    int mixed = 0;
    for (int l = 0; l < model->network->layer_count; l++) {
        mixed += microbatch->statistics && nn_network_collects(model->network, l, NN_FORWARD);
        int64_t count = nn_shape_count(model->network->layers[l].output_shape);
        for (int64_t i = 0; i < microbatch->samples; i++)
            if (!nn_all_finite(count, microbatch->outputs[l] + i * count))
                return (nn_nonfinite){leaf->first_position + i, l, mixed};
    }
    return (nn_nonfinite){leaf->first_position, model->network->layer_count, mixed};
}

nn_nonfinite nn_leaf_forward(nn_leaf *leaf, const nn_model *model, const nn_real *weights, nn_real *scratch,
                             const double *denominators, double *figures)
{
    nn_leaf_run(leaf, model, weights, NULL, scratch, 1, model->network->layer_count);
    return nn_leaf_finish(leaf, model, denominators, figures);
}

void nn_leaf_run(nn_leaf *leaf, const nn_model *model, const nn_real *weights, const nn_packed *packed,
                 nn_real *scratch, int begin, int end)
{
    nn_network_group group = {.weights = weights, .microbatches = &leaf->microbatch, .count = 1};
    for (int l = begin; l < end; l++) {
        group.packed = nn_packed_at(packed, l, NN_FORWARD);
        nn_network_forward_group(model->network, l, &group, scratch);
    }
}

nn_nonfinite nn_leaf_finish(nn_leaf *leaf, const nn_model *model, const double *denominators, double *figures)
{
    nn_leaf_figures(leaf, model, denominators, figures);
    for (int h = 0; h < model->head_count; h++)
        if (!isfinite(figures[h * NN_HEAD_FIGURES + NN_FIGURE_LOSS])) return leaf_find_nonfinite(leaf, model);
    return (nn_nonfinite){.position = -1};
}

void nn_leaf_constant(nn_leaf *leaf, const nn_model *model, const double *constant, double *figures)
{
    const double *of_head = constant;
    for (int h = 0; h < model->head_count; h++) {
        int64_t count = nn_head_output(model, h);
        nn_real *output = leaf->microbatch->outputs[model->heads[h].layer];
        for (int64_t i = 0; i < leaf->microbatch->samples * count; i++)
            output[i] = (nn_real)of_head[i % count];
        of_head += count;
    }
    leaf_figures(leaf, model, NULL, constant, figures);
}
