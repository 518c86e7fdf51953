/* The sharded optimizer: who updates what. The loops over blocks are in update_values.c. */
#include "step/update.h"

#include <omp.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "step/arithmetic.h"

/* ---- making ---- */

/* Finds the tensor that a block belongs to. */
static void update_find_tensor(const nn_network *network, nn_owned_block *block)
{
    for (int l = 0; l < network->layer_count; l++)
        for (int p = 0; p < network->layers[l].parameter_count; p++) {
            const nn_parameter *parameter = &network->layers[l].parameters[p];
            if (network->layers[l].offset + parameter->offset > block->begin) return;
            block->layer = &network->layers[l];
            block->parameter = parameter;
        }
}

static bool update_is_trained(const nn_layer *layer, const nn_parameter *parameter)
{
    return !layer->frozen && !parameter->statistic;
}

/* The first block, from `from` on, that begins at `begin` or later. */
static int64_t update_find_block(const nn_network *network, int64_t from, int64_t begin)
{
    while (from < network->block_count && network->block_begin[from] < begin) from++;
    return from;
}

/* Layers and their tensors are in the order of the flat vector. */
static void update_list_tensors(nn_update *update, const nn_network *network)
{
    int64_t block = 0;
    for (int l = 0; l < network->layer_count; l++)
        for (int p = 0; p < network->layers[l].parameter_count; p++) {
            const nn_parameter *parameter = &network->layers[l].parameters[p];
            int64_t begin = network->layers[l].offset + parameter->offset;
            if (!update_is_trained(&network->layers[l], parameter)) continue;
            nn_update_tensor *tensor = &update->tensors[update->tensor_count++];
            tensor->parameter = parameter;
            tensor->block_begin = update_find_block(network, block, begin);
            tensor->block_end = block =
                update_find_block(network, tensor->block_begin, begin + parameter->count);
        }
}

/* The tensor that the optimizer measures for a block; -1: none. */
static int update_find_measured(const nn_update *update, const nn_owned_block *block)
{
    for (int t = 0; t < update->tensor_count; t++)
        if (update->tensors[t].parameter == block->parameter) return t;
    return -1;
}

/* The index of the block's kind; adds the kind where the block is the first of it. */
static int update_find_kind(nn_update *update, const nn_owned_block *block)
{
    if (block > update->blocks && block[-1].parameter == block->parameter) return block[-1].kind;
    if (!update_is_trained(block->layer, block->parameter)) return -1;
    nn_update_kind kind = {.rate_factor = block->layer->rate_factor,
                           .is_matrix = block->parameter->shape.dimensions >= 2,
                           .tensor = update_find_measured(update, block)};
    for (int k = 0; k < update->kind_count; k++) {
        const nn_update_kind *known = &update->kinds[k];
        if (known->rate_factor == kind.rate_factor && known->is_matrix == kind.is_matrix &&
            known->tensor == kind.tensor)
            return k;
    }
    update->kinds[update->kind_count] = kind;
    return update->kind_count++;
}

static void update_list_blocks(nn_update *update, const nn_network *network, const nn_reduction_slice *slices,
                               int64_t slice_count)
{
    int64_t next = 0, state = 0;
    for (int64_t s = 0; s < slice_count; s++)
        for (int64_t b = slices[s].block_begin; b < slices[s].block_end; b++) {
            nn_owned_block *block = &update->blocks[next++];
            *block = (nn_owned_block){.block = b,
                                      .begin = network->block_begin[b],
                                      .end = network->block_begin[b + 1],
                                      .slice = s,
                                      .state = state};
            update_find_tensor(network, block);
            block->kind = update_find_kind(update, block);
            state += block->end - block->begin;
        }
}

static nn_status update_list(nn_update *update, const nn_network *network)
{
    const nn_reduction_slice *slices;
    int64_t slice_count = nn_reduction_slices(update->reduction, &slices);
    for (int64_t s = 0; s < slice_count; s++) {
        update->block_count += slices[s].block_end - slices[s].block_begin;
        update->owned_values += slices[s].end - slices[s].begin;
    }
    int64_t tensors = 0;
    for (int l = 0; l < network->layer_count; l++) tensors += network->layers[l].parameter_count;
    NN_TRY(NN_ALLOCATE(&update->kinds, tensors, "the list of tensors"));
    NN_TRY(NN_ALLOCATE(&update->tensors, tensors, "the list of tensors"));
    NN_TRY(NN_ALLOCATE(&update->blocks, update->block_count, "the list of owned blocks"));
    if (update->options.optimizer->sums > 0) update_list_tensors(update, network);
    update_list_blocks(update, network, slices, slice_count);
    update->measures = 1 + update->options.optimizer->sums;
    return NN_OK;
}

static nn_status update_allocate_states(nn_update *update)
{
    const char *names[NN_OPTIMIZER_SLOTS];
    update->slot_count = update->options.optimizer->slots(update->options.options, names);
    for (int i = 0; i < update->slot_count; i++)
        snprintf(update->state_groups[i], sizeof update->state_groups[i], "optimizer/%s", names[i]);
    update->state_count = update->slot_count;
    if (update->options.average > 0)
        snprintf(update->state_groups[update->state_count++], sizeof update->state_groups[0],
                 NN_MODEL_AVERAGE);
    for (int i = 0; i < update->state_count; i++)
        NN_TRY(NN_ALLOCATE_VALUES(update->scalar, &update->states[i], update->owned_values,
                                  "the state of the optimizer"));
    update->average = update->options.average > 0 ? update->states[update->slot_count] : NULL;
    return NN_OK;
}

/* Tasks of the reduction on the rank's threads. */
static void update_run(void *context, int64_t count, nn_reduction_task task, void *argument)
{
    const nn_update *update = context;
#pragma omp parallel for schedule(static) num_threads(update->options.threads) if (count > 1)
    for (int64_t i = 0; i < count; i++) task(argument, i, omp_get_thread_num());
}

static void update_summed(void *context, int64_t owned)
{
    const nn_update *update = context;
    if (update->measured) nn_step_arithmetic_of(update->scalar)->measure(update, owned);
}

nn_status nn_update_create(const nn_network *network, const nn_update_options *options,
                           nn_reduction *reduction, nn_update **update)
{
    *update = NULL;
    NN_TRY(NN_ALLOCATE(update, 1, "the optimizer"));
    (*update)->scalar = network->scalar;
    (*update)->options = *options;
    (*update)->reduction = reduction;
    nn_status status = update_list(*update, network);
    if (status == NN_OK) status = update_allocate_states(*update);
    nn_reduction_attach(reduction, (nn_reduction_hooks){*update, update_run, update_summed});
    if (status != NN_OK) {
        nn_update_destroy(*update);
        *update = NULL;
    }
    return status;
}

void nn_update_destroy(nn_update *update)
{
    if (!update) return;
    for (int i = 0; i < NN_UPDATE_STATES; i++) nn_free(update->states[i]);
    nn_free(update->blocks);
    nn_free(update->kinds);
    nn_free(update->tensors);
    nn_free(update);
}

void nn_update_begin(nn_update *update, const nn_real *weights)
{
    for (int64_t b = 0; update->average && b < update->block_count; b++) {
        const nn_owned_block *block = &update->blocks[b];
        memcpy(nn_scalar_at(update->scalar, update->average, (size_t)block->state),
               nn_scalar_at(update->scalar, weights, (size_t)block->begin),
               (size_t)(block->end - block->begin) * nn_scalar_size(update->scalar));
    }
}

/* ---- a step ---- */

/* The average forgets quickly at first, then slowly, so that it is useful in short runs too: step t keeps
 * (1 + t) / (10 + t) of it, and at most `average`. */
static double update_kept(double average, int64_t step)
{
    double kept = (1.0 + (double)step) / (10.0 + (double)step);
    return kept < average ? kept : average;
}

void nn_update_prepare(nn_update *update, const nn_optimizer_step *step, const double *of_tensors)
{
    const nn_optimizer_type *optimizer = update->options.optimizer;
    update->kept = update_kept(update->options.average, step->step);
    for (int k = 0; k < update->kind_count; k++) {
        nn_update_kind *kind = &update->kinds[k];
        kind->step = *step;
        kind->step.learning_rate *= kind->rate_factor;
        kind->step.is_matrix = kind->is_matrix;
        if (kind->tensor >= 0)
            memcpy(kind->step.sums, of_tensors + kind->tensor * optimizer->sums,
                   (size_t)optimizer->sums * sizeof *of_tensors);
        optimizer->prepare(update->options.options, &kind->step);
    }
}

void nn_update_measure(nn_update *update, int64_t step, const nn_real *weights, double *measures)
{
    update->step = step;
    update->weights = weights;
    update->measured = measures;
}

void nn_update_apply(nn_update *update, nn_real *weights)
{
    nn_step_arithmetic_of(update->scalar)->apply(update, weights);
}
