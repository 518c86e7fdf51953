/* The forward pass of a loaded microbatch, with losses and metrics. */
#include <math.h>
#include <string.h>

#include "model/arithmetic.h"
#include "step/arithmetic.h"
#include "step/profile.h"

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
    nn_loaded_fill(loaded, model, data, place, false);
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
    call.rows -= loaded->copies * model->heads[h].rows;
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
    nn_model_arithmetic_of(model->network->scalar)
        ->undo(head, call.rows * call.columns, call.output, predicted);
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
        if (!nn_results_is_summed(model, m, training)) continue;
        nn_loss_call call = loaded_metric_call(loaded, model, metric->head);
        metric->type->accumulate(metric->options, &call, sums);
        sums += nn_results_metric_width(model, m);
    }
}

void nn_loaded_results(nn_loaded *loaded, const nn_model *model, const double *denominators, double *results)
{
    loaded_results(loaded, model, denominators, NULL, results);
}

nn_loss_call nn_loaded_sample_call(const nn_loaded *loaded, const nn_model *model, int h, int64_t i)
{
    const nn_head *head = &model->heads[h];
    size_t row = (size_t)(i * head->rows), value = row * (size_t)head->columns;
    nn_loss_call call = loaded_metric_call(loaded, model, h);
    call.rows = head->rows;
    call.denominator = 1;
    call.output = nn_scalar_at(model->scalar, call.output, value);
    if (call.labels) call.labels += row;
    if (call.targets) call.targets = nn_scalar_at(model->scalar, call.targets, value);
    if (call.soft) call.soft = nn_scalar_at(model->scalar, call.soft, value);
    if (call.weights) call.weights = nn_scalar_at(model->scalar, call.weights, row);
    if (call.predicted) call.predicted += value;
    if (call.observed) call.observed += value;
    return call;
}

double nn_loaded_sample_loss(const nn_loaded *loaded, const nn_model *model, int64_t i)
{
    double loss = 0;
    bool counts = false;
    for (int h = 0; h < model->head_count; h++) {
        const nn_head *head = &model->heads[h];
        nn_loss_call call = nn_loaded_sample_call(loaded, model, h, i);
        double denominator = head->loss->denominator(head->loss_options, &call);
        if (!(denominator > 0)) continue;
        loss += head->weight * (head->loss->evaluate(head->loss_options, &call) / denominator);
        counts = true;
    }
    return counts && isfinite(loss) ? loss : (double)NAN;
}

void nn_loaded_judge(nn_loaded *loaded, const nn_model *model, int thread, int64_t sample,
                     const nn_findings *findings)
{
    for (int m = 0; m < model->metric_count; m++) {
        const nn_model_metric *metric = &model->metrics[m];
        nn_loss_call call = loaded_metric_call(loaded, model, metric->head);
        int64_t width = nn_results_metric_width(model, m), row = sample * model->heads[metric->head].rows;
        if (findings->counts[m])
            metric->type->accumulate(metric->options, &call, findings->counts[m] + thread * width);
        if (findings->collected[m])
            metric->type->collect(
                metric->options, &call,
                nn_scalar_at(model->network->scalar, findings->collected[m], (size_t)(row * width)));
    }
}

/* ---- forward ---- */

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
    double began = nn_profile_begin(loaded->profile);
    for (int l = begin; l < end; l++) {
        if (model->network->layers[l].is_alias) continue;
        group.packed = nn_packed_at(packed, l, NN_FORWARD);
        nn_network_forward_group(model->network, l, &group, scratch);
        began = nn_profile_end(loaded->profile, began, NN_PROFILE_FORWARD, l);
    }
}

nn_nonfinite nn_loaded_finish(nn_loaded *loaded, const nn_model *model, const double *denominators,
                              double *results)
{
    nn_loaded_results(loaded, model, denominators, results);
    for (int h = 0; h < model->head_count; h++)
        if (!isfinite(results[h * NN_HEAD_RESULTS + NN_RESULT_LOSS]))
            return nn_step_arithmetic_of(model->network->scalar)->find_nonfinite(loaded, model);
    return (nn_nonfinite){.position = -1};
}

void nn_loaded_constant(nn_loaded *loaded, const nn_model *model, const double *constant, double *results)
{
    const double *of_head = constant;
    for (int h = 0; h < model->head_count; h++) {
        int64_t count = nn_head_output(model, h);
        nn_step_arithmetic_of(model->network->scalar)
            ->repeat(loaded->microbatch->samples, count, of_head,
                     loaded->microbatch->outputs[model->heads[h].layer]);
        of_head += count;
    }
    loaded_results(loaded, model, NULL, constant, results);
}
