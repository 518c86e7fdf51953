/* Cutting the network into buckets. */
#include "step/buckets.h"

#include "base/memory.h"

/* A bucket is closed when it has this many values: with 256 KiB of floats, latency is small next to transfer
 * time. */
#define BUCKET_VALUES 65536

static int64_t buckets_block_at(const nn_network *network, int64_t offset)
{
    int64_t low = 0, high = network->block_count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (network->block_begin[middle] < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

nn_status nn_buckets_make(const nn_network *network, nn_buckets *buckets, int64_t *bucket_of_layer)
{
    NN_TRY(NN_ALLOCATE(&buckets->begin, network->layer_count + 1, "the list of buckets"));
    /* From the last layer down, each bucket is noted by its first block; then the list is reversed. */
    int64_t end = network->value_count;
    for (int l = network->layer_count - 1; l >= 0; l--) {
        const nn_layer *layer = &network->layers[l];
        bucket_of_layer[l] = -1;
        bool lowest = layer->offset == 0;
        if (layer->value_count == 0 || (!lowest && end - layer->offset < BUCKET_VALUES)) continue;
        bucket_of_layer[l] = buckets->count;
        buckets->begin[buckets->count++] = buckets_block_at(network, layer->offset);
        end = layer->offset;
    }
    for (int l = 0; l < network->layer_count; l++)
        if (bucket_of_layer[l] >= 0) bucket_of_layer[l] = buckets->count - 1 - bucket_of_layer[l];
    for (int64_t i = 0; i < buckets->count / 2; i++) {
        int64_t other = buckets->begin[i];
        buckets->begin[i] = buckets->begin[buckets->count - 1 - i];
        buckets->begin[buckets->count - 1 - i] = other;
    }
    buckets->begin[buckets->count] = network->block_count;
    return NN_OK;
}

void nn_buckets_release(nn_buckets *buckets)
{
    nn_free(buckets->begin);
    *buckets = (nn_buckets){0};
}

nn_reduction_layout nn_buckets_layout(const nn_network *network, const nn_buckets *buckets,
                                      const int64_t *leaf_counts, int leaf_count_kinds)
{
    return (nn_reduction_layout){.scalar = network->scalar,
                                 .count = network->value_count,
                                 .block_count = network->block_count,
                                 .block_begin = network->block_begin,
                                 .bucket_count = buckets->count,
                                 .bucket_begin = buckets->begin,
                                 .leaf_counts = leaf_counts,
                                 .leaf_count_kinds = leaf_count_kinds};
}
