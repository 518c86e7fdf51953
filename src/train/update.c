/* Sharded optimizer steps. */
#include "train/update.h"

#include "base/memory.h"
#include "tensor/kernels.h"

/* The tensor that a block is of. */
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
            state += block->end - block->begin;
        }
}

static nn_status update_allocate(nn_update *update, const nn_network *network)
{
    const nn_reduction_slice *slices;
    int64_t slice_count = nn_reduction_slices(update->reduction, &slices);
    for (int64_t s = 0; s < slice_count; s++) {
        update->block_count += slices[s].block_end - slices[s].block_begin;
        update->owned_values += slices[s].end - slices[s].begin;
    }
    NN_TRY(NN_ALLOCATE(&update->blocks, update->block_count, "the list of owned blocks"));
    update_list_blocks(update, network, slices, slice_count);
    update->slot_count = update->optimizer->slots(update->options, update->slot_names);
    for (int i = 0; i < update->slot_count; i++)
        NN_TRY(NN_ALLOCATE(&update->slots[i], update->owned_values, "the state of the optimizer"));
    return NN_OK;
}

nn_status nn_update_create(const nn_network *network, const nn_optimizer_type *optimizer, const void *options,
                           nn_reduction *reduction, int threads, nn_update **update)
{
    *update = NULL;
    NN_TRY(NN_ALLOCATE(update, 1, "the optimizer"));
    (*update)->optimizer = optimizer;
    (*update)->options = options;
    (*update)->reduction = reduction;
    (*update)->threads = threads;
    nn_status status = update_allocate(*update, network);
    if (status != NN_OK) {
        nn_update_destroy(*update);
        *update = NULL;
    }
    return status;
}

void nn_update_destroy(nn_update *update)
{
    if (!update) return;
    for (int i = 0; i < NN_OPTIMIZER_SLOTS; i++) nn_free(update->slots[i]);
    nn_free(update->blocks);
    nn_free(update);
}

static const nn_real *update_gradient(const nn_owned_block *block, const nn_reduction_slice *slices)
{
    return (const nn_real *)slices[block->slice].gradient + (block->begin - slices[block->slice].begin);
}

void nn_update_norms(const nn_update *update, double *squares)
{
    const nn_reduction_slice *slices;
    nn_reduction_slices(update->reduction, &slices);
#pragma omp parallel for schedule(static) num_threads(update->threads)
    for (int64_t b = 0; b < update->block_count; b++) {
        const nn_owned_block *block = &update->blocks[b];
        squares[b] = block->parameter->statistic
                         ? 0
                         : nn_sum_squares(block->end - block->begin, update_gradient(block, slices));
    }
}

/* A running statistic goes towards the mean over the batch. */
static void update_statistic(const nn_owned_block *block, const nn_real *mean, nn_real *running)
{
    nn_real kept = (nn_real)block->parameter->decay, taken = (nn_real)(1.0 - block->parameter->decay);
    for (int64_t i = 0; i < block->end - block->begin; i++) running[i] = kept * running[i] + taken * mean[i];
}

void nn_update_apply(nn_update *update, const nn_optimizer_step *step, nn_real *weights)
{
    const nn_reduction_slice *slices;
    nn_reduction_slices(update->reduction, &slices);
#pragma omp parallel for schedule(static) num_threads(update->threads)
    for (int64_t b = 0; b < update->block_count; b++) {
        const nn_owned_block *block = &update->blocks[b];
        nn_real *slots[NN_OPTIMIZER_SLOTS] = {NULL};
        if (block->layer->frozen) continue;
        if (block->parameter->statistic) {
            update_statistic(block, update_gradient(block, slices), weights + block->begin);
            continue;
        }
        for (int i = 0; i < update->slot_count; i++) slots[i] = update->slots[i] + block->state;
        update->optimizer->apply(update->options, step, block->end - block->begin,
                                 update_gradient(block, slices), slots, weights + block->begin);
    }
}
