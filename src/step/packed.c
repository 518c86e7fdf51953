#include "step/packed.h"

#include "base/memory.h"

size_t nn_packed_memory(const nn_network *network)
{
    int64_t values = 0;
    for (int l = 1; l < network->layer_count; l++)
        for (int pass = 0; pass < NN_PASSES; pass++)
            values += nn_network_packed_values(network, l, (nn_pass)pass);
    return (size_t)values * nn_scalar_size(network->scalar);
}

nn_status nn_packed_create(const nn_network *network, bool backward, nn_packed *packed)
{
    int64_t end = 0;
    *packed = (nn_packed){.scalar = network->scalar, .layer_count = network->layer_count};
    NN_TRY(NN_ALLOCATE(&packed->offsets, packed->layer_count * NN_PASSES, "the packed weights"));
    for (int64_t i = 0; i < packed->layer_count * NN_PASSES; i++) {
        nn_pass pass = (nn_pass)(i % NN_PASSES);
        bool wanted = i >= NN_PASSES && (pass == NN_FORWARD || backward);
        int64_t values = wanted ? nn_network_packed_values(network, (int)(i / NN_PASSES), pass) : 0;
        packed->offsets[i] = values > 0 ? end : -1;
        end += values;
    }
    return end > 0 ? NN_ALLOCATE_VALUES(packed->scalar, &packed->values, end, "the packed weights") : NN_OK;
}

void nn_packed_release(nn_packed *packed)
{
    nn_free(packed->values);
    nn_free(packed->offsets);
    *packed = (nn_packed){0};
}

void nn_packed_fill(const nn_network *network, int threads, const nn_real *weights, int end,
                    nn_packed *packed)
{
    int64_t first = (int64_t)packed->filled * NN_PASSES;
    if (end <= packed->filled) return;
    packed->filled = end;
    if (!packed->values) return;
    if (first < NN_PASSES) first = NN_PASSES;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (int64_t i = first; i < (int64_t)end * NN_PASSES; i++)
        if (packed->offsets[i] >= 0)
            nn_network_pack(network, (int)(i / NN_PASSES), (nn_pass)(i % NN_PASSES), weights,
                            nn_scalar_at(packed->scalar, packed->values, (size_t)packed->offsets[i]));
}

const nn_real *nn_packed_at(const nn_packed *packed, int layer, nn_pass pass)
{
    if (!packed || !packed->values) return NULL;
    int64_t offset = packed->offsets[layer * NN_PASSES + (int)pass];
    return offset < 0 ? NULL : nn_scalar_at(packed->scalar, packed->values, (size_t)offset);
}
