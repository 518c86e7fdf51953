/* What the workers compute without gradients: evaluation, and denominators. */
#include <omp.h>

#include "host/pulse.h"
#include "step/replaced.h"
#include "step/workers_parts.h"

int64_t nn_results_metric_width(const nn_model *model, int metric)
{
    const nn_model_metric *self = &model->metrics[metric];
    const nn_head *head = &model->heads[self->head];
    return nn_metric_state_width(self->type, self->options, head->columns, head->outputs);
}

bool nn_results_is_summed(const nn_model *model, int metric, bool training)
{
    const nn_model_metric *self = &model->metrics[metric];
    if (self->type->state != NN_METRIC_SUMS) return false;
    return !training || (!self->extra && nn_results_metric_width(model, metric) <= NN_METRIC_SUMS_MAX);
}

int nn_results_width(const nn_model *model, bool training)
{
    int64_t width = model->head_count * NN_HEAD_RESULTS;
    for (int m = 0; m < model->metric_count; m++)
        if (nn_results_is_summed(model, m, training)) width += nn_results_metric_width(model, m);
    return (int)width;
}

void nn_workers_note(nn_nonfinite *nonfinite, nn_nonfinite found)
{
    if (nn_workers_is_earlier(found, *nonfinite)) *nonfinite = found;
}

bool nn_workers_is_earlier(nn_nonfinite one, nn_nonfinite other)
{
    if (one.position < 0 || other.position < 0) return one.position >= 0;
    return one.mixed != other.mixed ? one.mixed < other.mixed : one.position < other.position;
}

int nn_workers_team(const nn_workers *workers)
{
    return workers->slots < workers->threads ? (int)workers->slots : workers->threads;
}

void nn_workers_evaluate(nn_workers *workers, const nn_evaluate_call *call)
{
    const nn_model *model = workers->model;
    int width = nn_results_width(model, false);
    int64_t samples = nn_dataset_count(workers->data, call->part);
    int64_t first = nn_tree_leaf_samples(samples, call->microbatches, call->share.begin).begin;
#pragma omp parallel for schedule(dynamic, 1) num_threads(nn_workers_team(workers))
    for (int64_t index = call->some.begin; index < call->some.end; index++) {
        int thread = omp_get_thread_num();
        nn_loaded *slot = &workers->loaded[thread];
        nn_loaded_place place = {.part = call->part,
                                 .epoch = NN_DATA_IN_ORDER,
                                 .range = nn_tree_leaf_samples(samples, call->microbatches, index)};
        slot->microbatch->carried = NULL;
        nn_loaded_fill(slot, model, workers->data, &place, call->constant == NULL);
        if (call->replaced)
            nn_replaced_apply(call->replaced, model->scalar, nn_shape_count(model->input.shape), slot);
        nn_dataset_release(workers->data, call->part, index - call->share.begin);
        nn_pulse();
        nn_nonfinite found = {.position = -1};
        double *sums = call->results + (index - call->some.begin) * width;
        if (call->constant)
            nn_loaded_constant(slot, model, call->constant, sums);
        else
            found = nn_loaded_forward(slot, model, call->weights, workers->scratch[thread], NULL, sums);
        if (call->observer) call->observer->see(call->observer->context, slot, thread, place.range.begin);
        if (call->findings) nn_loaded_judge(slot, model, thread, place.range.begin - first, call->findings);
#pragma omp critical(nn_workers_note)
        nn_workers_note(call->nonfinite, found);
    }
}

void nn_workers_denominators(nn_workers *workers, nn_batch batch, nn_tree_node share, double *denominators)
{
    for (int64_t index = share.begin; index < share.end; index++) {
        nn_loaded_place place = {.part = NN_TRAIN,
                                 .epoch = batch.epoch,
                                 .batch_first = batch.first,
                                 .range = nn_tree_leaf_samples(batch.samples, batch.microbatches, index)};
        nn_loaded_denominators(&workers->loaded[0], workers->model, workers->data, &place,
                               denominators + (index - share.begin) * workers->model->head_count);
    }
}
