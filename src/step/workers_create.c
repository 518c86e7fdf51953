/* Making and releasing the workers of a rank: microbatches of a wave, scratch, and partial sums. */
#include <math.h>

#include "base/memory.h"
#include "step/arithmetic.h"
#include "step/wave_sum.h"
#include "step/workers_parts.h"

static int workers_log2_up(int64_t n)
{
    int bits = 0;
    while (((int64_t)1 << bits) < n) bits++;
    return bits;
}

int64_t nn_workers_largest_part(const nn_network *network)
{
    int64_t largest = 0;
    for (int l = 0; l < network->layer_count; l++)
        for (int p = 0; p < network->layers[l].part_count; p++) {
            int64_t values = network->layers[l].part_begin[p + 1] - network->layers[l].part_begin[p];
            if (values > largest) largest = values;
        }
    return (largest + NN_PARAMETER_ALIGNMENT - 1) / NN_PARAMETER_ALIGNMENT * NN_PARAMETER_ALIGNMENT;
}

/*
 * A layer that needs the whole batch cuts the path of every microbatch in two: none can continue, forward or
 * backward, before all have arrived. So all microbatches of a share stay in memory, as one wave. Several
 * waves would save that memory, but each would have to repeat its forward pass from the first layer up for
 * every such layer, forward and backward: a network with twenty of them would take twenty times as long.
 */
static int64_t workers_slots(const nn_model *model, const nn_dataset *data, const nn_workers_request *request)
{
    if (model->network->statistics_values > 0) return request->share_max;
    double each = (double)nn_loaded_memory(model, data, request->microbatch_size);
    double fit = floor(request->memory / each);
    int64_t slots = fit < (double)request->threads ? request->threads
                    : fit > 1e9                    ? (int64_t)1e9
                                                   : (int64_t)fit;
    if (slots > request->share_max) slots = request->share_max;
    return slots < 1 ? 1 : slots;
}

static int workers_wave_depth(int64_t slots, int64_t share_max)
{
    return slots >= share_max ? 0 : workers_log2_up(share_max);
}

int64_t nn_workers_carried_values(const nn_model *model, int64_t microbatch_size)
{
    return microbatch_size * model->network->carried_values;
}

size_t nn_workers_memory(const nn_model *model, const nn_dataset *data, const nn_workers_request *request)
{
    const nn_network *network = model->network;
    int64_t most = request->share_max, slots = workers_slots(model, data, request);
    int64_t fold = workers_log2_up(slots) * nn_workers_largest_part(network);
    int64_t carried = most * nn_workers_carried_values(model, request->microbatch_size);
    return (size_t)slots * nn_loaded_memory(model, data, request->microbatch_size) +
           (size_t)request->threads * (size_t)(network->scratch_values + fold) *
               nn_scalar_size(network->scalar) +
           (size_t)nn_wave_sum_buffer_values(network, request->threads, slots) *
               nn_scalar_size(network->scalar) +
           nn_packed_memory(network) + nn_batch_statistics_memory(network, most) +
           (size_t)(2 * carried) * nn_scalar_size(network->scalar) +
           (size_t)(workers_wave_depth(slots, most) * network->value_count) * nn_scalar_size(network->scalar);
}

static nn_status workers_allocate(nn_workers *workers, int64_t share_max)
{
    const nn_network *network = workers->model->network;
    NN_TRY(NN_ALLOCATE(&workers->loaded, workers->slots, "the microbatches of a wave"));
    nn_loaded_needs needs = nn_loaded_needs_of(workers->model, workers->data);
    for (int64_t i = 0; i < workers->slots; i++) {
        NN_TRY(nn_loaded_create(workers->model, &needs, workers->microbatch_size, &workers->loaded[i]));
        workers->loaded[i].profile = workers->profile;
    }
    NN_TRY(NN_ALLOCATE(&workers->microbatches, workers->slots, "the microbatches of a wave"));
    for (int64_t i = 0; i < workers->slots; i++) workers->microbatches[i] = workers->loaded[i].microbatch;
    int64_t carried = nn_workers_carried_values(workers->model, workers->microbatch_size);
    if (carried > 0) {
        NN_TRY(NN_ALLOCATE_VALUES(network->scalar, &workers->carried, share_max * carried,
                                  "state carried from step to step"));
        NN_TRY(NN_ALLOCATE_VALUES(network->scalar, &workers->carried_before, share_max * carried,
                                  "state carried from step to step"));
    }
    NN_TRY(nn_packed_create(network, true, &workers->packed));
    NN_TRY(nn_batch_statistics_create(network, share_max, &workers->statistics));
    NN_TRY(NN_ALLOCATE(&workers->scratch, workers->threads, "scratch of threads"));
    NN_TRY(NN_ALLOCATE(&workers->fold, workers->threads, "scratch of threads"));
    workers->fold_values = nn_workers_largest_part(network);
    workers->fold_depth = workers_log2_up(workers->slots);
    workers->subtree_values = nn_wave_sum_buffer_values(network, workers->threads, workers->slots);
    NN_TRY(
        NN_ALLOCATE_VALUES(network->scalar, &workers->subtree_sums, workers->subtree_values, "partial sums"));
    NN_TRY(NN_ALLOCATE(&workers->subtrees, workers->slots, "the microbatches of a wave"));
    for (int t = 0; t < workers->threads; t++) {
        NN_TRY(NN_ALLOCATE_VALUES(network->scalar, &workers->scratch[t], network->scratch_values,
                                  "a thread's scratch"));
        NN_TRY(NN_ALLOCATE_VALUES(network->scalar, &workers->fold[t],
                                  workers->fold_depth * workers->fold_values, "a thread's partial sums"));
    }
    workers->wave_depth = workers_wave_depth(workers->slots, share_max);
    NN_TRY(NN_ALLOCATE(&workers->wave_sums, workers->wave_depth, "sums of waves"));
    for (int d = 0; d < workers->wave_depth; d++)
        NN_TRY(NN_ALLOCATE_VALUES(network->scalar, &workers->wave_sums[d], network->value_count,
                                  "the gradient of a wave"));
    return NN_OK;
}

nn_status nn_workers_create(const nn_model *model, nn_dataset *data, const nn_workers_request *request,
                            nn_workers **workers)
{
    *workers = NULL;
    NN_TRY(NN_ALLOCATE(workers, 1, "the workers of a rank"));
    nn_workers *made = *workers;
    made->model = model;
    made->scalar = model->network->scalar;
    made->add = nn_step_arithmetic_of(made->scalar)->sums.add;
    made->round = nn_step_arithmetic_of(made->scalar)->sums.round;
    made->wire_leaves = request->wire_leaves;
    made->data = data;
    made->witness.microbatch = -1;
    made->seed = request->seed;
    made->profile = request->profile;
    made->threads = request->threads;
    made->microbatch_size = request->microbatch_size;
    made->slots = workers_slots(model, data, request);
    nn_status status = workers_allocate(made, request->share_max);
    if (status != NN_OK) {
        nn_workers_destroy(made);
        *workers = NULL;
    }
    return status;
}

void nn_workers_destroy(nn_workers *workers)
{
    if (!workers) return;
    for (int64_t i = 0; workers->loaded && i < workers->slots; i++) nn_loaded_destroy(&workers->loaded[i]);
    for (int t = 0; t < workers->threads; t++) {
        if (workers->scratch) nn_free(workers->scratch[t]);
        if (workers->fold) nn_free(workers->fold[t]);
    }
    for (int d = 0; workers->wave_sums && d < workers->wave_depth; d++) nn_free(workers->wave_sums[d]);
    nn_packed_release(&workers->packed);
    nn_batch_statistics_release(&workers->statistics);
    nn_witness_release(&workers->witness);
    nn_free(workers->loaded);
    nn_free(workers->microbatches);
    nn_free(workers->subtree_sums);
    nn_free(workers->subtrees);
    nn_free(workers->carried);
    nn_free(workers->carried_before);
    nn_free(workers->scratch);
    nn_free(workers->fold);
    nn_free(workers->wave_sums);
    nn_free(workers);
}

nn_real *nn_workers_carried(nn_workers *workers, int64_t *count)
{
    *count = nn_workers_carried_values(workers->model, workers->microbatch_size);
    return workers->carried;
}

int nn_workers_threads(const nn_workers *workers)
{
    return workers->threads;
}

nn_status nn_workers_initialize(nn_workers *workers, nn_real *weights)
{
    const nn_network *network = workers->model->network;
    for (int l = 0; l < network->layer_count; l++)
        for (int p = 0; p < network->layers[l].parameter_count; p++)
            NN_TRY(nn_network_initialize(network, workers->seed, l, p, weights));
    return NN_OK;
}
