/* Watching one microbatch, and computing it again. */
#include "step/witness.h"

#include <omp.h>
#include <string.h>

#include "base/fault.h"
#include "base/hash.h"
#include "base/memory.h"
#include "step/workers_parts.h"

/* ---- memory ---- */

static int64_t witness_carried(const nn_workers *workers)
{
    int64_t count;
    (void)nn_workers_carried((nn_workers *)workers, &count);
    return count;
}

size_t nn_witness_memory(const nn_model *model, int threads, int64_t microbatch_size)
{
    const nn_network *network = model->network;
    int64_t packed = nn_shape_count(model->input.shape) + network->carried_values;
    return (size_t)(threads * network->statistics_most) * sizeof(double) +
           (size_t)(threads * nn_workers_largest_part(network) + microbatch_size * packed +
                    (1 + threads) * microbatch_size * network->carried_values) *
               nn_scalar_size(network->scalar);
}

nn_status nn_witness_create(nn_workers *workers)
{
    nn_witness *witness = &workers->witness;
    const nn_network *network = workers->model->network;
    nn_scalar scalar = workers->scalar;
    int threads = workers->threads;
    int64_t carried = witness_carried(workers), part = nn_workers_largest_part(network);
    witness->hash_count = 1;
    for (int l = 0; l < network->layer_count; l++) witness->hash_count += network->layers[l].part_count;
    witness->packed_size = nn_loaded_packed_size(&workers->loaded[0], workers->model, workers->data) +
                           (size_t)carried * nn_scalar_size(scalar);
    NN_TRY(NN_ALLOCATE(&witness->seen, witness->hash_count, "the hashes of a microbatch"));
    NN_TRY(NN_ALLOCATE(&witness->again, threads * witness->hash_count, "the hashes of a microbatch"));
    NN_TRY(NN_ALLOCATE(&witness->packed, witness->packed_size, "a microbatch to compute again"));
    if (carried > 0)
        NN_TRY(NN_ALLOCATE_VALUES(scalar, &witness->carried, (1 + threads) * carried,
                                  "a microbatch to compute again"));
    NN_TRY(NN_ALLOCATE(&witness->parts, threads, "the gradient of a microbatch"));
    NN_TRY(NN_ALLOCATE(&witness->results, threads, "the results of a microbatch"));
    NN_TRY(NN_ALLOCATE(&witness->collecting, threads, "the statistics of a microbatch"));
    for (int t = 0; t < threads; t++) {
        NN_TRY(NN_ALLOCATE_VALUES(scalar, &witness->parts[t], part, "the gradient of a microbatch"));
        NN_TRY(NN_ALLOCATE(&witness->results[t], nn_results_width(workers->model, true),
                           "the results of a microbatch"));
        NN_TRY(
            NN_ALLOCATE(&witness->collecting[t], network->statistics_most, "the statistics of a microbatch"));
    }
    witness->threads = threads;
    return NN_OK;
}

void nn_witness_release(nn_witness *witness)
{
    for (int t = 0; t < witness->threads; t++) {
        nn_free(witness->parts[t]);
        nn_free(witness->results[t]);
        nn_free(witness->collecting[t]);
    }
    nn_free(witness->seen);
    nn_free(witness->again);
    nn_free(witness->carried);
    nn_free(witness->parts);
    nn_free(witness->results);
    nn_free(witness->collecting);
    nn_free(witness->packed);
}

/* ---- watching ---- */

void nn_witness_watch(nn_workers *workers, int64_t index)
{
    workers->witness.microbatch = index;
}

int nn_witness_hash_count(const nn_workers *workers)
{
    return workers->witness.hash_count;
}

int nn_witness_layer(const nn_workers *workers, int hash)
{
    const nn_network *network = workers->model->network;
    int layer = 0;
    while (layer < network->layer_count && hash >= network->layers[layer].part_count)
        hash -= network->layers[layer++].part_count;
    return layer;
}

const uint64_t *nn_witness_seen(const nn_workers *workers)
{
    return workers->witness.seen;
}

void nn_witness_begin(nn_workers *workers, const nn_loaded *loaded)
{
    workers->witness.collected = 0;
    if (loaded->microbatch->carried)
        memcpy(workers->witness.carried, loaded->microbatch->carried,
               (size_t)witness_carried(workers) * nn_scalar_size(workers->scalar));
}

void nn_witness_collected(const double *values, int64_t count, uint64_t *hash)
{
    *hash = nn_hash(values, (size_t)count * sizeof *values, *hash);
}

void nn_witness_results(const nn_workers *workers, const double *results, uint64_t collected,
                        uint64_t *hashes)
{
    size_t size = (size_t)nn_results_width(workers->model, true) * sizeof *results;
    hashes[workers->witness.hash_count - 1] = nn_hash(results, size, collected);
}

void nn_witness_part(const nn_workers *workers, int layer, int part, const nn_real *gradient,
                     uint64_t *hashes)
{
    const nn_layer *layers = workers->model->network->layers;
    int64_t values = layers[layer].part_begin[part + 1] - layers[layer].part_begin[part];
    for (int l = 0; l < layer; l++) part += layers[l].part_count;
    hashes[part] = nn_hash(gradient, (size_t)values * nn_scalar_size(workers->scalar), 0);
}

/* ---- again ---- */

char *nn_witness_pack(nn_workers *workers, nn_batch batch, int64_t step, bool own, size_t *size)
{
    nn_witness *witness = &workers->witness;
    nn_loaded *loaded = &workers->loaded[0];
    size_t carried = (size_t)witness_carried(workers) * nn_scalar_size(workers->scalar);
    *size = witness->packed_size;
    if (!own) return witness->packed;
    nn_loaded_place place = nn_workers_place(workers, batch, step, witness->microbatch);
    nn_loaded_fill(loaded, workers->model, workers->data, &place, true);
    nn_loaded_pack(loaded, workers->model, workers->data, witness->packed);
    if (carried > 0) memcpy(witness->packed + *size - carried, witness->carried, carried);
    return witness->packed;
}

/* The batch's statistics are those of the step, which every rank has kept. */
static void witness_forward(nn_workers *workers, int thread, const nn_real *weights,
                            const double *denominators, uint64_t *hashes)
{
    const nn_network *network = workers->model->network;
    nn_loaded *loaded = &workers->loaded[thread];
    nn_real *scratch = workers->scratch[thread];
    double *values = workers->witness.collecting[thread], *results = workers->witness.results[thread];
    uint64_t collected = 0;
    for (int l = 1; l < network->layer_count; l++) {
        nn_network_collect(network, l, NN_FORWARD, weights, loaded->microbatch, scratch, values);
        if (nn_network_collects(network, l, NN_FORWARD))
            nn_witness_collected(values, network->layers[l].statistics[NN_FORWARD], &collected);
        nn_network_forward(network, l, weights, loaded->microbatch, scratch);
    }
    nn_loaded_finish(loaded, workers->model, denominators, results);
    nn_witness_results(workers, results, collected, hashes);
}

static void witness_backward(nn_workers *workers, int thread, const nn_real *weights, uint64_t *hashes)
{
    const nn_network *network = workers->model->network;
    nn_microbatch *microbatch = workers->loaded[thread].microbatch;
    nn_real *gradient = workers->witness.parts[thread];
    for (int l = network->layer_count - 1; l > 0; l--) {
        nn_network_collect(network, l, NN_BACKWARD, weights, microbatch, workers->scratch[thread],
                           workers->witness.collecting[thread]);
        nn_network_backward(network, l, weights, microbatch, workers->scratch[thread]);
        for (int p = 0; p < network->layers[l].part_count; p++) {
            nn_network_gradient(network, l, p, weights, microbatch, workers->scratch[thread], false,
                                gradient);
            nn_fault("step.gradient", gradient,
                     (size_t)(network->layers[l].part_begin[p + 1] - network->layers[l].part_begin[p]) *
                         nn_scalar_size(network->scalar));
            nn_witness_part(workers, l, p, gradient, hashes);
        }
    }
}

const uint64_t *nn_witness_repeat(nn_workers *workers, nn_batch batch, int64_t step,
                                  const double *denominators, const nn_real *weights, int *threads)
{
    nn_witness *witness = &workers->witness;
    nn_loaded_place place = nn_workers_place(workers, batch, step, witness->microbatch);
    nn_scalar scalar = workers->scalar;
    size_t carried = (size_t)witness_carried(workers);
    const char *began = witness->packed + witness->packed_size - carried * nn_scalar_size(scalar);
    *threads = nn_workers_team(workers);
#pragma omp parallel for schedule(static, 1) num_threads(*threads)
    for (int t = 0; t < *threads; t++) {
        nn_loaded *loaded = &workers->loaded[t];
        uint64_t *hashes = witness->again + (size_t)t * (size_t)witness->hash_count;
        loaded->microbatch->carried = NULL;
        if (carried > 0) {
            loaded->microbatch->carried = nn_scalar_at(scalar, witness->carried, (size_t)(1 + t) * carried);
            memcpy(loaded->microbatch->carried, began, carried * nn_scalar_size(scalar));
        }
        nn_loaded_unpack(loaded, workers->model, workers->data, &place, witness->packed);
        witness_forward(workers, t, weights, denominators, hashes);
        witness_backward(workers, t, weights, hashes);
    }
    return witness->again;
}
