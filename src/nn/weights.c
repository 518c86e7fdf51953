/* The flat vector of weights: initial values and fingerprint. */
#include "base/hash.h"
#include "nn/initializer.h"
#include "nn/network.h"

nn_status nn_network_initialize(const nn_network *network, uint64_t seed, int layer, int parameter,
                                nn_real *weights)
{
    const nn_parameter *tensor = &network->layers[layer].parameters[parameter];
    int index = parameter;
    for (int l = 0; l < layer; l++) index += network->layers[l].parameter_count;
    nn_random stream = {.seed = seed, .purpose = NN_RANDOM_INITIAL + (uint32_t)index, .step = 0};
    size_t offset = (size_t)(network->layers[layer].offset + tensor->offset);
    nn_real *values = nn_scalar_at(network->scalar, weights, offset);
    if (tensor->initializer->fill_whole) return tensor->initializer->fill_whole(tensor, stream, values);
    tensor->initializer->fill(tensor, stream, 0, tensor->count, values);
    return NN_OK;
}

/* Blocks are hashed separately and the hashes are chained, so that any rank could hash a block. */
static uint64_t weights_hash_tensor(nn_scalar scalar, const nn_real *values, int64_t count, uint64_t chain)
{
    for (int64_t begin = 0; begin < count; begin += NN_BLOCK_VALUES) {
        int64_t block = count - begin < NN_BLOCK_VALUES ? count - begin : NN_BLOCK_VALUES;
        const nn_real *first = nn_scalar_at(scalar, values, (size_t)begin);
        uint64_t link = nn_hash(first, (size_t)block * nn_scalar_size(scalar), 0);
        chain = nn_hash(&link, sizeof link, chain);
    }
    return chain;
}

uint64_t nn_network_fingerprint_layer(const nn_network *network, int l, const nn_real *weights,
                                      uint64_t chain)
{
    const nn_layer *layer = &network->layers[l];
    for (int p = 0; p < layer->parameter_count; p++) {
        size_t offset = (size_t)(layer->offset + layer->parameters[p].offset);
        chain = weights_hash_tensor(network->scalar, nn_scalar_at(network->scalar, weights, offset),
                                    layer->parameters[p].count, chain);
    }
    return chain;
}

uint64_t nn_network_fingerprint(const nn_network *network, const nn_real *weights)
{
    uint64_t chain = 0;
    for (int l = 0; l < network->layer_count; l++)
        chain = nn_network_fingerprint_layer(network, l, weights, chain);
    return chain;
}
