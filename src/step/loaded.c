/* Filling a microbatch, and its forward pass with losses and metrics. */
#include "step/loaded.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "model/values.h"
#include "tensor/kernels.h"

/* ---- memory ---- */

/* Values, or labels, per sample, of all targets together. */
static int64_t loaded_target_count(const nn_model *model, bool classes)
{
    int64_t count = 0;
    for (int h = 0; h < model->head_count; h++)
        if (model->heads[h].target.is_class == classes) count += nn_shape_count(model->heads[h].target.shape);
    return count;
}

static bool loaded_has_weights(const nn_dataset *data)
{
    bool has = false;
    for (int p = 0; p < NN_PARTS; p++) has |= nn_dataset_has_weights(data, (nn_part)p);
    return has;
}

nn_loaded_needs nn_loaded_needs_of(const nn_model *model, const nn_dataset *data)
{
    return (nn_loaded_needs){.soft = nn_dataset_mixes(data) && model->heads[0].target.is_class,
                             .weights = loaded_has_weights(data),
                             .scratch = nn_dataset_scratch(data)};
}

/* Soft targets take the place of targets that are values. */
static int64_t loaded_value_count(const nn_model *model, const nn_loaded_needs *needs)
{
    return needs->soft ? nn_head_output(model, 0) : loaded_target_count(model, false);
}

/* Values that are compared in their own units; 0 where no metric does. */
static int64_t loaded_observed_count(const nn_model *model)
{
    bool any = false;
    for (int h = 0; h < model->head_count; h++) any |= nn_head_is_values(&model->heads[h]);
    return any ? loaded_target_count(model, false) : 0;
}

/* Whether row weights are not those of the samples. */
static bool loaded_spreads_weights(const nn_model *model, int h, bool has_weights)
{
    return model->heads[h].rows > 1 && has_weights;
}

size_t nn_loaded_memory(const nn_model *model, const nn_dataset *data, int64_t capacity)
{
    nn_loaded_needs needs = nn_loaded_needs_of(model, data);
    int64_t reals = loaded_value_count(model, &needs) + needs.scratch + needs.weights;
    int64_t integers = 1 + loaded_target_count(model, true), doubles = loaded_observed_count(model);
    for (int h = 0; h < model->head_count; h++) {
        const nn_head *head = &model->heads[h];
        int64_t count = nn_shape_count(head->target.shape);
        if (model->head_count > 1 && head->target.is_class) integers += count;
        if (head->target.shares) integers += head->rows;
        if (model->head_count > 1 && !head->target.is_class) reals += count;
        if (loaded_spreads_weights(model, h, needs.weights)) reals += head->rows;
        if (nn_head_is_values(head)) doubles += 2 * nn_head_output(model, h);
    }
    return nn_microbatch_memory(model->network, capacity, true) +
           (size_t)(capacity * integers) * sizeof(int64_t) + (size_t)(capacity * doubles) * sizeof(double) +
           (size_t)(capacity * reals) * sizeof(nn_real);
}

/* A single head uses the gathered arrays themselves; each of several has arrays of its own. */
static nn_status loaded_create_head(const nn_model *model, const nn_loaded_needs *needs, int64_t capacity,
                                    int h, nn_loaded *loaded)
{
    const nn_head *head = &model->heads[h];
    nn_loaded_head *made = &loaded->heads[h];
    int64_t count = capacity * nn_shape_count(head->target.shape);
    if (model->head_count == 1) {
        made->labels = head->target.is_class ? loaded->labels : NULL;
        made->targets = loaded->targets;
    } else if (head->target.is_class) {
        NN_TRY(NN_ALLOCATE(&made->labels, count, "the labels of a microbatch"));
    } else {
        NN_TRY(NN_ALLOCATE(&made->targets, count, "the targets of a microbatch"));
    }
    if (head->target.shares)
        NN_TRY(NN_ALLOCATE(&made->labels, capacity * head->rows, "the labels of a microbatch"));
    made->weights = loaded->weights;
    if (loaded_spreads_weights(model, h, needs->weights))
        NN_TRY(NN_ALLOCATE(&made->weights, capacity * head->rows, "the weights of a microbatch"));
    if (!nn_head_is_values(head)) return NN_OK;
    int64_t outputs = capacity * nn_head_output(model, h);
    NN_TRY(NN_ALLOCATE(&made->predicted, outputs, "the output of a microbatch"));
    return NN_ALLOCATE(&made->observed, outputs, "the targets of a microbatch");
}

nn_status nn_loaded_create(const nn_model *model, const nn_loaded_needs *needs, int64_t capacity,
                           nn_loaded *loaded)
{
    NN_TRY(nn_microbatch_create(model->network, capacity, true, &loaded->microbatch));
    NN_TRY(NN_ALLOCATE(&loaded->samples, capacity, "a microbatch"));
    NN_TRY(NN_ALLOCATE(&loaded->labels, capacity * loaded_target_count(model, true), "a microbatch"));
    NN_TRY(NN_ALLOCATE(&loaded->targets, capacity * loaded_value_count(model, needs), "a microbatch"));
    int64_t observed = needs->bases ? loaded_target_count(model, false) : loaded_observed_count(model);
    if (observed > 0) NN_TRY(NN_ALLOCATE(&loaded->observed, capacity * observed, "a microbatch"));
    if (observed > 0 && needs->bases)
        NN_TRY(NN_ALLOCATE(&loaded->bases, capacity * observed, "a microbatch"));
    NN_TRY(NN_ALLOCATE(&loaded->data_scratch, capacity * needs->scratch, "the transforms of the data"));
    if (needs->weights) NN_TRY(NN_ALLOCATE(&loaded->weights, capacity, "a microbatch"));
    loaded->head_count = model->head_count;
    for (int h = 0; h < model->head_count; h++) NN_TRY(loaded_create_head(model, needs, capacity, h, loaded));
    return NN_OK;
}

void nn_loaded_destroy(nn_loaded *loaded)
{
    for (int h = 0; h < loaded->head_count; h++) {
        nn_loaded_head *head = &loaded->heads[h];
        if (head->labels != loaded->labels) nn_free(head->labels);
        if (head->targets != loaded->targets) nn_free(head->targets);
        if (head->weights != loaded->weights) nn_free(head->weights);
        nn_free(head->predicted);
        nn_free(head->observed);
    }
    nn_microbatch_destroy(loaded->microbatch);
    nn_free(loaded->samples);
    nn_free(loaded->labels);
    nn_free(loaded->targets);
    nn_free(loaded->observed);
    nn_free(loaded->bases);
    nn_free(loaded->weights);
    nn_free(loaded->data_scratch);
}

/* ---- loading ---- */

/* The targets of a head in its own units. */
static void loaded_observe(nn_loaded *loaded, const nn_model *model, const nn_dataset *data, int h)
{
    const nn_head *head = &model->heads[h];
    double *observed = loaded->heads[h].observed;
    int64_t values = loaded_target_count(model, false), count = head->columns;
    for (int64_t i = 0; observed && i < loaded->microbatch->samples; i++)
        memcpy(observed + i * count, loaded->observed + i * values + nn_dataset_target(data, h)->begin,
               (size_t)count * sizeof *observed);
}

void nn_loaded_find_dominant(nn_loaded *loaded, const nn_model *model)
{
    for (int h = 0; h < model->head_count; h++) {
        const nn_head *head = &model->heads[h];
        for (int64_t r = 0; head->target.shares && r < loaded->microbatch->samples * head->rows; r++) {
            const nn_real *shares = loaded->heads[h].targets + r * head->columns;
            int64_t dominant = 0;
            bool missing = false;
            for (int64_t c = 0; c < head->columns; c++) {
                missing |= isnan(shares[c]);
                if (shares[c] > shares[dominant]) dominant = c;
            }
            loaded->heads[h].labels[r] = missing ? -1 : dominant;
        }
    }
}

/* Distributes what was gathered to the heads. */
static void loaded_share_out(nn_loaded *loaded, const nn_model *model, const nn_dataset *data)
{
    int64_t labels = loaded_target_count(model, true), values = loaded_target_count(model, false);
    for (int h = 0; model->head_count > 1 && h < model->head_count; h++) {
        const nn_field *field = nn_dataset_target(data, h);
        int64_t count = nn_shape_count(field->shape);
        for (int64_t i = 0; i < loaded->microbatch->samples; i++)
            if (field->is_class)
                memcpy(loaded->heads[h].labels + i * count, loaded->labels + i * labels + field->begin,
                       (size_t)count * sizeof *loaded->labels);
            else
                memcpy(loaded->heads[h].targets + i * count, loaded->targets + i * values + field->begin,
                       (size_t)count * sizeof *loaded->targets);
    }
    nn_loaded_find_dominant(loaded, model);
    for (int h = 0; h < model->head_count; h++) loaded_observe(loaded, model, data, h);
    for (int h = 0; loaded->weighted && h < model->head_count; h++)
        for (int64_t r = 0; loaded_spreads_weights(model, h, loaded->weighted) &&
                            r < loaded->microbatch->samples * model->heads[h].rows;
             r++)
            loaded->heads[h].weights[r] = loaded->weights[r / model->heads[h].rows];
}

static void loaded_whole_lengths(nn_loaded *loaded, const nn_model *model)
{
    for (int64_t i = 0; i < loaded->microbatch->samples; i++)
        loaded->microbatch->lengths[0][i] = nn_model_steps(model);
}

/* Sets what depends on the place alone. */
static void loaded_settle(nn_loaded *loaded, const nn_model *model, const nn_dataset *data,
                          const nn_loaded_place *place, bool inputs)
{
    nn_microbatch *microbatch = loaded->microbatch;
    microbatch->samples = place->range.end - place->range.begin;
    microbatch->first_sample = place->range.begin;
    microbatch->batch_samples = place->batch_samples;
    microbatch->seed = place->seed;
    microbatch->step = place->step;
    microbatch->statistics = place->statistics;
    microbatch->training = place->training;
    loaded->first_position = place->batch_first + place->range.begin;
    loaded->soft = place->training && inputs && nn_dataset_mixes(data) && model->heads[0].target.is_class;
    loaded->weighted = nn_dataset_has_weights(data, place->part);
}

static void loaded_gather(nn_loaded *loaded, const nn_model *model, const nn_dataset *data,
                          const nn_loaded_place *place, nn_real *inputs)
{
    nn_microbatch *microbatch = loaded->microbatch;
    loaded_settle(loaded, model, data, place, inputs != NULL);
    bool has_lengths = nn_dataset_has_lengths(data, place->part);
    nn_gathered gathered = {.inputs = inputs,
                            .targets = loaded_target_count(model, false) > 0 ? loaded->targets : NULL,
                            .soft = loaded->soft ? loaded->targets : NULL,
                            .observed = loaded->observed,
                            .bases = loaded->bases,
                            .labels = loaded_target_count(model, true) > 0 ? loaded->labels : NULL,
                            .weights = loaded->weighted ? loaded->weights : NULL,
                            .lengths = has_lengths ? microbatch->lengths[0] : NULL,
                            .samples = loaded->samples,
                            .scratch = loaded->data_scratch};
    nn_data_span span = {place->epoch, loaded->first_position, microbatch->samples};
    nn_dataset_gather(data, place->part, span, place->training, &gathered);
    if (microbatch->lengths[0] && !has_lengths) loaded_whole_lengths(loaded, model);
    loaded_share_out(loaded, model, data);
}

void nn_loaded_fill(nn_loaded *loaded, const nn_model *model, const nn_dataset *data,
                    const nn_loaded_place *place, bool inputs)
{
    loaded_gather(loaded, model, data, place, inputs ? loaded->microbatch->outputs[0] : NULL);
}

/* ---- as bytes ---- */

typedef struct loaded_piece {
    void *bytes;
    size_t size;
} loaded_piece;

enum { LOADED_PIECES = 6 };

/* The arrays that filling writes. */
static void loaded_list_pieces(const nn_loaded *loaded, const nn_model *model, const nn_dataset *data,
                               loaded_piece pieces[LOADED_PIECES])
{
    const nn_microbatch *microbatch = loaded->microbatch;
    size_t capacity = (size_t)microbatch->capacity, value = sizeof(nn_real), integer = sizeof(int64_t);
    size_t inputs = (size_t)nn_shape_count(model->network->layers[0].output_shape);
    nn_loaded_needs needs = nn_loaded_needs_of(model, data);
    pieces[0] = (loaded_piece){microbatch->outputs[0], capacity * inputs * value};
    pieces[1] = (loaded_piece){loaded->labels, capacity * (size_t)loaded_target_count(model, true) * integer};
    pieces[2] = (loaded_piece){loaded->targets, capacity * (size_t)loaded_value_count(model, &needs) * value};
    pieces[3] = (loaded_piece){loaded->weights, loaded->weights ? capacity * value : 0};
    pieces[4] = (loaded_piece){microbatch->lengths[0], microbatch->lengths[0] ? capacity * integer : 0};
    pieces[5] = (loaded_piece){loaded->observed,
                               capacity * (size_t)loaded_observed_count(model) * sizeof *loaded->observed};
}

size_t nn_loaded_packed_size(const nn_loaded *loaded, const nn_model *model, const nn_dataset *data)
{
    loaded_piece pieces[LOADED_PIECES];
    size_t size = 0;
    loaded_list_pieces(loaded, model, data, pieces);
    for (int i = 0; i < LOADED_PIECES; i++) size += pieces[i].size;
    return size;
}

void nn_loaded_pack(const nn_loaded *loaded, const nn_model *model, const nn_dataset *data, char *bytes)
{
    loaded_piece pieces[LOADED_PIECES];
    loaded_list_pieces(loaded, model, data, pieces);
    for (int i = 0; i < LOADED_PIECES; bytes += pieces[i++].size)
        if (pieces[i].size > 0) memcpy(bytes, pieces[i].bytes, pieces[i].size);
}

void nn_loaded_unpack(nn_loaded *loaded, const nn_model *model, const nn_dataset *data,
                      const nn_loaded_place *place, const char *bytes)
{
    loaded_piece pieces[LOADED_PIECES];
    loaded_settle(loaded, model, data, place, true);
    loaded_list_pieces(loaded, model, data, pieces);
    for (int i = 0; i < LOADED_PIECES; bytes += pieces[i++].size)
        if (pieces[i].size > 0) memcpy(pieces[i].bytes, bytes, pieces[i].size);
    loaded_share_out(loaded, model, data);
}

/* ---- losses ---- */

static nn_loss_call loaded_loss_call(const nn_loaded *loaded, const nn_model *model, int h)
{
    const nn_head *head = &model->heads[h];
    const nn_loaded_head *own = &loaded->heads[h];
    bool shares = head->target.shares;
    return (nn_loss_call){.rows = loaded->microbatch->samples * head->rows,
                          .columns = head->columns,
                          .output = loaded->microbatch->outputs[head->layer],
                          .labels = head->target.is_class || shares ? own->labels : NULL,
                          .targets = head->target.is_class || shares ? NULL : own->targets,
                          .soft = loaded->soft || shares ? own->targets : NULL,
                          .weights = loaded->weighted ? own->weights : NULL,
                          .class_weights = head->class_weights};
}

void nn_loaded_denominators(nn_loaded *loaded, const nn_model *model, const nn_dataset *data,
                            const nn_loaded_place *place, double *denominators)
{
    loaded_gather(loaded, model, data, place, NULL);
    for (int h = 0; h < model->head_count; h++) {
        nn_loss_call call = loaded_loss_call(loaded, model, h);
        call.output = NULL;
        denominators[h] = model->heads[h].loss->denominator(model->heads[h].loss_options, &call);
    }
}

/* The call for metrics: values are in the target's own units. */
static nn_loss_call loaded_metric_call(const nn_loaded *loaded, const nn_model *model, int h)
{
    nn_loss_call call = loaded_loss_call(loaded, model, h);
    call.predicted = loaded->heads[h].predicted;
    call.observed = loaded->heads[h].observed;
    call.outputs = model->heads[h].outputs;
    return call;
}

/* denominator: of the batch; 0 where nothing in the batch counts, or outside training. */
static void loaded_head_results(nn_loaded *loaded, const nn_model *model, int h, double denominator,
                                const double *constant, double *results)
{
    const nn_head *head = &model->heads[h];
    nn_microbatch *microbatch = loaded->microbatch;
    nn_loss_call call = loaded_loss_call(loaded, model, h);
    call.denominator = denominator > 0 ? denominator / head->weight : 1;
    call.gradient = microbatch->training ? microbatch->gradients[head->layer] : NULL;
    results[NN_RESULT_LOSS] = head->loss->evaluate(head->loss_options, &call);
    results[NN_RESULT_DENOMINATOR] = head->loss->denominator(head->loss_options, &call);
    double *predicted = loaded->heads[h].predicted;
    if (!predicted) return;
    nn_model_undo(head, call.rows * call.columns, call.output, predicted);
    for (int64_t i = 0; constant && i < call.rows * call.columns; i++)
        predicted[i] = nn_model_undo_value(head, i, constant[i % nn_head_output(model, h)]);
}

/* denominators: NULL outside training. constant: the outputs of all heads, or NULL. */
static void loaded_results(nn_loaded *loaded, const nn_model *model, const double *denominators,
                           const double *constant, double *results)
{
    bool training = denominators != NULL;
    memset(results, 0, (size_t)nn_results_width(model, training) * sizeof *results);
    for (int h = 0; h < model->head_count; h++) {
        loaded_head_results(loaded, model, h, denominators ? denominators[h] : 0, constant,
                            results + h * NN_HEAD_RESULTS);
        if (constant) constant += nn_head_output(model, h);
    }
    double *sums = results + model->head_count * NN_HEAD_RESULTS;
    for (int m = 0; m < model->metric_count; m++) {
        const nn_model_metric *metric = &model->metrics[m];
        if (!nn_metric_is_summed(model, m, training)) continue;
        nn_loss_call call = loaded_metric_call(loaded, model, metric->head);
        metric->type->accumulate(metric->options, &call, sums);
        sums += nn_metric_width(model, m);
    }
}

void nn_loaded_results(nn_loaded *loaded, const nn_model *model, const double *denominators, double *results)
{
    loaded_results(loaded, model, denominators, NULL, results);
}

void nn_loaded_judge(nn_loaded *loaded, const nn_model *model, int thread, int64_t sample,
                     const nn_findings *findings)
{
    for (int m = 0; m < model->metric_count; m++) {
        const nn_model_metric *metric = &model->metrics[m];
        nn_loss_call call = loaded_metric_call(loaded, model, metric->head);
        int64_t width = nn_metric_width(model, m), row = sample * model->heads[metric->head].rows;
        if (findings->counts[m])
            metric->type->accumulate(metric->options, &call, findings->counts[m] + thread * width);
        if (findings->collected[m])
            metric->type->collect(metric->options, &call, findings->collected[m] + row * width);
    }
}

/* ---- forward ---- */

/* The first layer that has a non-finite output, and in it the first sample. */
static nn_nonfinite loaded_find_nonfinite(const nn_loaded *loaded, const nn_model *model)
{
    const nn_microbatch *microbatch = loaded->microbatch;
    int mixed = 0;
    for (int l = 0; l < model->network->layer_count; l++) {
        mixed += microbatch->statistics && nn_network_collects(model->network, l, NN_FORWARD);
        int64_t count = nn_shape_count(model->network->layers[l].output_shape);
        for (int64_t i = 0; i < microbatch->samples; i++)
            if (!nn_all_finite(count, microbatch->outputs[l] + i * count))
                return (nn_nonfinite){loaded->first_position + i, l, mixed};
    }
    return (nn_nonfinite){loaded->first_position, model->network->layer_count, mixed};
}

nn_nonfinite nn_loaded_forward(nn_loaded *loaded, const nn_model *model, const nn_real *weights,
                               nn_real *scratch, const double *denominators, double *results)
{
    nn_loaded_run(loaded, model, weights, NULL, scratch, 1, model->network->layer_count);
    return nn_loaded_finish(loaded, model, denominators, results);
}

void nn_loaded_run(nn_loaded *loaded, const nn_model *model, const nn_real *weights, const nn_packed *packed,
                   nn_real *scratch, int begin, int end)
{
    nn_network_group group = {.weights = weights, .microbatches = &loaded->microbatch, .count = 1};
    for (int l = begin; l < end; l++) {
        group.packed = nn_packed_at(packed, l, NN_FORWARD);
        nn_network_forward_group(model->network, l, &group, scratch);
    }
}

nn_nonfinite nn_loaded_finish(nn_loaded *loaded, const nn_model *model, const double *denominators,
                              double *results)
{
    nn_loaded_results(loaded, model, denominators, results);
    for (int h = 0; h < model->head_count; h++)
        if (!isfinite(results[h * NN_HEAD_RESULTS + NN_RESULT_LOSS]))
            return loaded_find_nonfinite(loaded, model);
    return (nn_nonfinite){.position = -1};
}

void nn_loaded_constant(nn_loaded *loaded, const nn_model *model, const double *constant, double *results)
{
    const double *of_head = constant;
    for (int h = 0; h < model->head_count; h++) {
        int64_t count = nn_head_output(model, h);
        nn_real *output = loaded->microbatch->outputs[model->heads[h].layer];
        for (int64_t i = 0; i < loaded->microbatch->samples * count; i++)
            output[i] = (nn_real)of_head[i % count];
        of_head += count;
    }
    loaded_results(loaded, model, NULL, constant, results);
}
